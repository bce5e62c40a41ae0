package report

import (
	"math"

	"gonum.org/v1/plot/plotter"
)

// Lines draws lines over each other, named by title and axes. A line without X
// counts its points from 0. The y axis is logarithmic where all is positive and
// far apart; points that are not finite are left out.
func Lines(title, x, y string, lines ...Line) *Panel {
	p := newPanel(title, x, y)
	low, high := math.Inf(1), math.Inf(-1)
	points := make([]plotter.XYs, len(lines))
	for i, line := range lines {
		if line.X == nil {
			line.X = make([]float64, len(line.Y))
			for j := range line.X {
				line.X[j] = float64(j)
			}
		}
		points[i] = line.points()
		for _, at := range points[i] {
			low, high = min(low, at.Y), max(high, at.Y)
		}
	}
	if low > 0 && high > 10*low {
		p.Y.Tick.Marker = logTicks{}
		for _, xys := range points {
			for j := range xys {
				xys[j].Y = math.Log10(xys[j].Y)
			}
		}
	}
	for i, line := range lines {
		if len(points[i]) == 0 {
			continue
		}
		l := &plotter.Line{XYs: points[i], LineStyle: lineStyle(i)}
		p.Add(l)
		if line.Name != "" {
			p.explain(line.Name, l)
		}
	}
	p.widen()
	return p
}
