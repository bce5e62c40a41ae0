package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"example.com/pcn/model"
)

// Settling draws how the nodes of a settled batch came to rest, from a result with
// a trace: the energy of each node, and its part of the gradient, before each step,
// on logarithmic axes. What is 0 or not finite is left out, and what a node has by
// rounding before an error has reached it.
func Settling(r *model.Result) []*Panel {
	return []*Panel{
		settling("Energy by node", "energy of the batch", r.Trace),
		settling("Gradient by node", "share of the largest gradient", r.ResidualTrace),
	}
}

// unreached is the share of the largest value below which a node's first ones are
// taken for rounding.
const unreached = 1e-6

func settling(title, name string, trace [][]float64) *Panel {
	p := newPanel(title, "steps taken", name)
	p.X.Tick.Marker, p.Y.Tick.Marker = wholeTicks{}, logTicks{}
	if len(trace) == 0 {
		return p
	}
	least := 0.0 // that a curve begins with
	for _, values := range trace {
		for _, x := range values {
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				least = max(least, unreached*x)
			}
		}
	}
	for node := range trace[0] {
		var points plotter.XYs
		for t, values := range trace {
			if len(points) == 0 && values[node] < least {
				continue
			}
			if y := math.Log10(values[node]); !math.IsInf(y, 0) && !math.IsNaN(y) {
				points = append(points, plotter.XY{X: float64(t), Y: y})
			}
		}
		if len(points) == 0 {
			continue
		}
		line := &plotter.Line{XYs: points, LineStyle: lineStyle(node)}
		p.Add(line)
		if len(points) <= 20 {
			p.Add(&plotter.Scatter{XYs: points, GlyphStyle: draw.GlyphStyle{Color: line.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}})
		}
		p.explain(fmt.Sprintf("node %d", node), line)
	}
	p.widen()
	return p
}
