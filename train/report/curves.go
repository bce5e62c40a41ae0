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
	if slices.ContainsFunc(runs, func(r Run) bool {
		return slices.ContainsFunc(r.History.Epochs, func(e train.Epoch) bool { return e.Validation != nil })
	}) {
		panels = append(panels, score)
	}
	return panels
}

// curves draws a value of each run's epochs, on a logarithmic axis where that is allowed:
// see [Lines].
func curves(title, name string, logarithmic bool, runs []Run, value func(train.Epoch) float64) *Panel {
	var all []Line
	var diverged Line
	for _, run := range runs {
		var line Line
		if len(runs) > 1 {
			line.Name = run.Name
		}
		for _, e := range run.History.Epochs {
			x, y := float64(e.Epoch), value(e)
			line.X, line.Y = append(line.X, x), append(line.Y, y)
			if e.Diverged > 0 {
				diverged.X, diverged.Y = append(diverged.X, x), append(diverged.Y, y)
			}
		}
		all = append(all, line)
	}
	p := newLines(title, "epoch", name, logarithmic, all)
	at := diverged.points()
	if p.Y.Tick.Marker == (logTicks{}) {
		at = logs(at)
	}
	if len(at) > 0 {
		crosses := &plotter.Scatter{XYs: thin(at), GlyphStyle: draw.GlyphStyle{Color: ink, Radius: vg.Points(4), Shape: cross{}}}
		p.Add(crosses)
		p.explain("diverged", crosses)
	}
	return p
}

// Parts draws how the energy of each node went on by epoch, how near rest latents came
// how straight a step went to the targets and how near backpropagation the updates were where that was estimated, and, where they took more than one step, the residual of each
// that is free.
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
	var relaxed, aligned Line
	for _, e := range h.Epochs {
		if e.Reached != nil {
			relaxed.X, relaxed.Y = append(relaxed.X, float64(e.Epoch)), append(relaxed.Y, *e.Reached)
		}
		if e.TargetAlignment != nil {
			aligned.X, aligned.Y = append(aligned.X, float64(e.Epoch)), append(aligned.Y, *e.TargetAlignment)
		}
	}
	if len(relaxed.X) > 0 {
		p := newLines("Relaxed share", "epoch", "of the energy's fall to rest", false, []Line{relaxed})
		p.Y.Min, p.Y.Max = 0, 1
		panels = append(panels, p)
	}
	if len(aligned.X) > 0 {
		panels = append(panels, newLines("Target alignment", "epoch", "cosine to the way to the targets", false, []Line{aligned}))
	}
	if slices.ContainsFunc(h.Epochs, func(e train.Epoch) bool { return e.NodeCosine != nil }) {
		panels = append(panels, newLines("Cosine to backpropagation", "epoch", "of each node's update", false, lines(func(e train.Epoch) []float64 { return e.NodeCosine })))
	}
	if slices.ContainsFunc(h.Epochs, func(e train.Epoch) bool { return e.Steps > 1 }) {
		panels = append(panels, Lines("Residual of each node", "epoch", "share of the gradient", lines(func(e train.Epoch) []float64 { return e.NodeResidual })...))
	}
	return panels
}
