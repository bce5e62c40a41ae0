package report

import (
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Line is a named series of points (X[i], Y[i]).
type Line struct {
	Name string
	X, Y []float64
}

// Fit draws a regression of one number on another: the examples as points, and
// lines over them. The first line, the truth, is dashed. Points that are not
// finite, or too large to draw, are left out.
func Fit(examples Line, lines ...Line) *Panel {
	p := newPanel("Fit", "input", "target")
	points := &plotter.Scatter{XYs: examples.points(), GlyphStyle: draw.GlyphStyle{Color: faint, Radius: vg.Points(2), Shape: draw.CircleGlyph{}}}
	if len(points.XYs) > 0 {
		p.Add(points)
	}
	p.explain(examples.Name, points)
	for i, line := range lines {
		l := &plotter.Line{XYs: line.points()}
		if len(l.XYs) == 0 {
			continue
		}
		l.LineStyle = draw.LineStyle{Color: ink, Width: vg.Points(1.5), Dashes: []vg.Length{vg.Points(5), vg.Points(3)}}
		if i > 0 {
			l.LineStyle = lineStyle(i - 1)
		}
		p.Add(l)
		p.explain(line.Name, l)
	}
	p.widen()
	return p
}

// Predicted draws predictions of numbers against what these are, as points, which lie on a
// dashed line where they are right.
func Predicted(actual, predicted []float64) *Panel {
	p := newPanel("Predicted against actual", "actual", "predicted")
	points := &plotter.Scatter{XYs: Line{X: actual, Y: predicted}.points(), GlyphStyle: draw.GlyphStyle{Color: palette[0], Radius: vg.Points(2), Shape: draw.CircleGlyph{}}}
	if len(points.XYs) > 0 {
		p.Add(points)
		low, high := min(p.X.Min, p.Y.Min), max(p.X.Max, p.Y.Max)
		same := &plotter.Line{XYs: plotter.XYs{{X: low, Y: low}, {X: high, Y: high}}, LineStyle: draw.LineStyle{Color: ink, Width: vg.Points(1.5), Dashes: []vg.Length{vg.Points(5), vg.Points(3)}}}
		p.Add(same)
		p.explain("right", same)
	}
	p.explain("examples", points)
	p.widen()
	return p
}

// points returns the points of l that can be drawn.
func (l Line) points() plotter.XYs {
	var xys plotter.XYs
	for i, x := range l.X[:min(len(l.X), len(l.Y))] {
		if y := l.Y[i]; drawable(x) && drawable(y) {
			xys = append(xys, plotter.XY{X: x, Y: y})
		}
	}
	return xys
}
