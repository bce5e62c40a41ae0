package report

import (
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"example.com/pcn/train"
)

// Run is a training run and the name it has in a legend.
type Run struct {
	Name    string
	History *train.History
}

// Curves draws the energy of each run by epoch and, where there was a validation
// set, the score on it: the accuracy for classes, otherwise the mean squared
// error. Epochs in which settling diverged are crossed. What is not finite, or
// too large to draw, is left out.
func Curves(classes bool, runs ...Run) []*Panel {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.History == nil })
	energy := curves("Energy in training", "energy per example", true, runs, func(e train.Epoch) float64 { return e.Energy })
	name, scored := "mean squared error", func(e train.Epoch) float64 { return e.Validation.MSE }
	if classes {
		name, scored = "accuracy (%)", func(e train.Epoch) float64 { return 100 * e.Validation.Accuracy }
	}
	score := curves("Validation", name, !classes, runs, func(e train.Epoch) float64 {
		if e.Validation == nil {
			return math.NaN()
		}
		return scored(e)
	})
	panels := []*Panel{energy}
	if score.X.Min <= score.X.Max { // something was drawn
		panels = append(panels, score)
	}
	return panels
}

// curves draws a value of each run's epochs, on a logarithmic axis where the
// values are positive and far apart and that is allowed.
func curves(title, name string, logarithmic bool, runs []Run, value func(train.Epoch) float64) *Panel {
	p := newPanel(title, "epoch", name)
	p.X.Tick.Marker = wholeTicks{}
	if logarithmic && farApart(runs, value) {
		p.Y.Tick.Marker = logTicks{}
		linear := value
		value = func(e train.Epoch) float64 { return math.Log10(linear(e)) }
	}
	var crosses *plotter.Scatter
	for i, run := range runs {
		var all, bad plotter.XYs
		for _, e := range run.History.Epochs {
			y := value(e)
			if !drawable(y) {
				continue
			}
			all = append(all, plotter.XY{X: float64(e.Epoch), Y: y})
			if e.Diverged > 0 {
				bad = append(bad, all[len(all)-1])
			}
		}
		all, bad = thin(all), thin(bad)
		line := &plotter.Line{XYs: all, LineStyle: lineStyle(i)}
		if len(all) > 0 {
			p.Add(line)
		}
		if len(all) > 0 && len(all) <= 20 {
			p.Add(&plotter.Scatter{XYs: all, GlyphStyle: draw.GlyphStyle{Color: line.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}})
		}
		if len(bad) > 0 {
			crosses = &plotter.Scatter{XYs: bad, GlyphStyle: draw.GlyphStyle{Color: ink, Radius: vg.Points(4), Shape: cross{}}}
			p.Add(crosses)
		}
		if len(runs) > 1 {
			p.explain(run.Name, line)
		}
	}
	if crosses != nil {
		p.explain("diverged", crosses)
	}
	p.widen()
	return p
}

// farApart reports whether all values that can be drawn are positive, and the largest is
// more than ten times the least.
func farApart(runs []Run, value func(train.Epoch) float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, run := range runs {
		for _, e := range run.History.Epochs {
			if y := value(e); drawable(y) {
				low, high = min(low, y), max(high, y)
			}
		}
	}
	return low > 0 && high > 10*low
}

// Parts draws how the energy of each node went on by epoch and, where latents took
// more than one step, the residual of each that is free.
func Parts(h *train.History) []*Panel {
	if h == nil {
		h = &train.History{}
	}
	lines := func(values func(train.Epoch) []float64) []Line {
		var all []Line
		for _, e := range h.Epochs {
			for i, y := range values(e) {
				if len(all) <= i {
					all = append(all, Line{Name: e.Nodes.Of(i)})
				}
				all[i].X, all[i].Y = append(all[i].X, float64(e.Epoch)), append(all[i].Y, y)
			}
		}
		for i, line := range all {
			if !slices.ContainsFunc(line.Y, func(y float64) bool { return y != 0 }) {
				all[i] = Line{} // keeps the colours of the others
			}
		}
		return all
	}
	panels := []*Panel{Lines("Energy of each node", "epoch", "energy per example", lines(func(e train.Epoch) []float64 { return e.NodeEnergy })...)}
	if slices.ContainsFunc(h.Epochs, func(e train.Epoch) bool { return e.Steps > 1 }) {
		panels = append(panels, Lines("Residual of each node", "epoch", "share of the gradient", lines(func(e train.Epoch) []float64 { return e.NodeResidual })...))
	}
	return panels
}
