package report

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Point is a score at a place, with an error to both sides.
type Point struct {
	X, Y, Error float64
	Best        bool // is marked
}

// Points draws scores. X is a number, on a logarithmic axis where the numbers are
// positive and far apart; or, with names, about an
// index into these.
func Points(title, x, y string, names []string, points []Point) *Panel {
	p := newPanel(title, x, y)
	points = slices.DeleteFunc(slices.Clone(points), func(pt Point) bool { return !drawable(pt.Y) })
	if len(names) == 0 && spread(points) {
		p.X.Tick.Marker = logTicks{}
		for i := range points {
			points[i].X = math.Log10(points[i].X)
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { // the best is drawn last, on top
		switch {
		case a.Best == b.Best:
			return 0
		case b.Best:
			return -1
		}
		return 1
	})
	for _, pt := range points {
		colour := 0
		if pt.Best {
			colour = 1
		}
		dot := p.dot(pt, colour, draw.CircleGlyph{})
		if pt.Best {
			p.explain("best on the validation part", dot)
		}
	}
	p.frame(names, len(points))
	return p
}

// Beside draws our scores and others of the same names, about an index into which X is. Other
// says what the others are, such as published.
func Beside(title, x, y string, names []string, ours, others []Point, other string) *Panel {
	p := newPanel(title, x, y)
	drawn := 0
	for i, points := range [][]Point{others, ours} {
		for j, pt := range points {
			if !drawable(pt.Y) {
				continue
			}
			drawn++
			shape, name := draw.GlyphDrawer(draw.CircleGlyph{}), "here"
			if i == 0 {
				shape, name = draw.PyramidGlyph{}, other
			}
			if dot := p.dot(pt, 1-i, shape); j == 0 {
				p.explain(name, dot)
			}
		}
	}
	p.frame(names, drawn)
	return p
}

// dot draws a point with its error.
func (p *Panel) dot(pt Point, colour int, shape draw.GlyphDrawer) *plotter.Scatter {
	at := errorPoint{plotter.XYs{{X: pt.X, Y: pt.Y}}, plotter.YErrors{{Low: pt.Error, High: pt.Error}}}
	if bar, err := plotter.NewYErrorBars(at); err == nil && pt.Error > 0 && drawable(pt.Error) {
		bar.Color, bar.Width, bar.CapWidth = palette[colour], vg.Points(1.2), vg.Points(6)
		p.Add(bar)
	}
	dot := &plotter.Scatter{XYs: at.XYs, GlyphStyle: draw.GlyphStyle{Color: palette[colour], Radius: vg.Points(3), Shape: shape}}
	p.Add(dot)
	return dot
}

// frame gives the axes their ranges, about names where there are such, when so many points
// are drawn.
func (p *Panel) frame(names []string, points int) {
	if len(names) > 0 {
		p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
		p.name(names)
	} else if room := 0.05 * (p.X.Max - p.X.Min); room > 0 {
		p.X.Min, p.X.Max = p.X.Min-room, p.X.Max+room
	}
	if points == 0 {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	}
	p.widen()
}

// Of a panel's width the axis has about this share, and names on a slant take this much.
const (
	axisShare = 0.75
	mostSlant = 4 * vg.Centimeter
)

// name marks the x axis with names, on a slant where they are too long to stand side by
// side.
func (p *Panel) name(names []string) {
	style := &p.X.Tick.Label
	for _, name := range names {
		if style.Width(name) > axisShare*panelWidth/vg.Length(len(names)) {
			style.Rotation, style.XAlign, style.YAlign = math.Pi/6, text.XRight, text.YTop
		}
	}
	marks := slices.Clone(names)
	for i, name := range marks {
		marks[i] = fitted(*style, name, mostSlant.Points())
	}
	p.X.Tick.Marker = named(marks)
}

// errorPoint is a point with its error, as plotter takes it.
type errorPoint struct {
	plotter.XYs
	plotter.YErrors
}

// spread reports whether the places of points are better seen on a logarithmic
// axis.
func spread(points []Point) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p.X), max(high, p.X)
	}
	return low > 0 && high >= 8*low
}

// named marks places with names.
type named []string

// Ticks returns a mark for each name.
func (n named) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for i, name := range n {
		if at := float64(i); low <= at && at <= high {
			ticks = append(ticks, plot.Tick{Value: at, Label: name})
		}
	}
	return ticks
}
