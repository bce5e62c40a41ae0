package report

import (
	"bytes"
	"errors"
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// maxExplained is the number of entries for which a legend has room; beyond it
// the first and the last line that are drawn are explained.
const maxExplained = 7

// Lines draws lines over each other, named by title and axes. A line without X
// counts its points from 0; ticks of the x axis are at whole numbers, such as
// steps, where all points are. The y axis is logarithmic where nothing is negative
// and what is positive is far apart. What cannot be drawn is left out: points that
// are not finite, and on a logarithmic axis those at 0.
func Lines(title, x, y string, lines ...Line) *Panel { return newLines(title, x, y, true, lines) }

// fewPoints is the number of points of the longest line up to which all are marked.
const fewPoints = 20

// newLines is Lines, on a logarithmic axis only where that is allowed.
func newLines(title, x, y string, logarithmic bool, lines []Line) *Panel {
	p := newPanel(title, x, y)
	whole := true
	points := make([]plotter.XYs, len(lines))
	low, high, negative := math.Inf(1), 0.0, false
	for i, line := range lines {
		if line.X == nil {
			line.X = make([]float64, len(line.Y))
			for j := range line.X {
				line.X[j] = float64(j)
			}
		}
		points[i] = line.points()
		for _, at := range points[i] {
			whole = whole && at.X == math.Trunc(at.X)
			if negative = negative || at.Y < 0; at.Y > 0 {
				low, high = min(low, at.Y), max(high, at.Y)
			}
		}
	}
	if whole {
		p.X.Tick.Marker = wholeTicks{}
	}
	if logarithmic && !negative && high > 10*low {
		p.Y.Tick.Marker = logTicks{}
		for i := range points {
			points[i] = logs(points[i])
		}
	}
	var shown []int // lines
	longest := 0
	for i := range lines {
		if longest = max(longest, len(points[i])); len(points[i]) > 0 {
			shown = append(shown, i)
		}
	}
	for at, i := range shown {
		l := &plotter.Line{XYs: thin(points[i]), LineStyle: lineStyle(i)}
		p.Add(l)
		if longest <= fewPoints {
			p.Add(&plotter.Scatter{XYs: l.XYs, GlyphStyle: draw.GlyphStyle{Color: l.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}})
		}
		if name := lines[i].Name; name != "" && (len(shown) <= maxExplained || at == 0 || at == len(shown)-1) {
			p.explain(name, l)
		}
	}
	if p.X.Min > p.X.Max { // nothing was drawn
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	}
	p.widen()
	return p
}

// lineStyle returns the style of line i: the colours in turn, then dashed.
func lineStyle(i int) draw.LineStyle {
	style := draw.LineStyle{Color: palette[i%len(palette)], Width: vg.Points(2)}
	if round := i / len(palette); round > 0 {
		style.Dashes = []vg.Length{vg.Points(6), vg.Points(2 * float64(round))}
	}
	return style
}

// logs returns points with the logarithm to base ten of y, where it is positive.
func logs(points plotter.XYs) (out plotter.XYs) {
	for _, at := range points {
		if at.Y > 0 {
			out = append(out, plotter.XY{X: at.X, Y: math.Log10(at.Y)})
		}
	}
	return out
}

// SVG draws the panel on white as an SVG file.
func (p *Panel) SVG() ([]byte, error) {
	c := vgsvg.New(panelWidth, panelHeight)
	if p == nil || p.Plot == nil {
		return nil, errors.New("report: panel: must have a plot, got none")
	}
	all := draw.New(c)
	all.FillPolygon(color.White, []vg.Point{{}, {X: panelWidth}, {X: panelWidth, Y: panelHeight}, {Y: panelHeight}}) // margins and all, on a dark page too
	p.draw(draw.Crop(all, vg.Points(10), vg.Points(-14), vg.Points(8), vg.Points(-8)))
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}
