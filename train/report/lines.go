package report

import (
	"bytes"
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// maxExplained is the number of entries for which a legend has room; beyond it
// the first and the last line are explained.
const maxExplained = 7

// Lines draws named lines over whole numbers x, such as steps, on a logarithmic
// axis where logarithmic says so; there, and everywhere, what cannot be drawn is
// left out.
func Lines(title, x, y string, logarithmic bool, lines ...Line) *Panel {
	p := newPanel(title, x, y)
	p.X.Tick.Marker = wholeTicks{}
	if logarithmic {
		p.Y.Tick.Marker = logTicks{}
	}
	for i, line := range lines {
		if logarithmic {
			line = Line{line.Name, line.X, logs(line.Y)}
		}
		l := &plotter.Line{XYs: line.points(), LineStyle: lineStyle(i)}
		if len(l.XYs) == 0 {
			continue
		}
		p.Add(l)
		if len(l.XYs) == 1 { // a line of one point shows nothing
			p.Add(&plotter.Scatter{XYs: l.XYs, GlyphStyle: draw.GlyphStyle{Color: l.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}})
		}
		if len(lines) <= maxExplained || i == 0 || i == len(lines)-1 {
			p.explain(line.Name, l)
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

// logs returns the logarithms to base ten; they are not finite where x is not
// positive.
func logs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Log10(v)
	}
	return out
}

// SVG draws the panel on white as an SVG file.
func (p *Panel) SVG() ([]byte, error) {
	c := vgsvg.New(panelWidth, panelHeight)
	p.BackgroundColor = color.White
	p.draw(draw.Crop(draw.New(c), vg.Points(10), vg.Points(-14), vg.Points(8), vg.Points(-8)))
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}
