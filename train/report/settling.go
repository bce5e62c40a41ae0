package report

import (
	"context"
	"math"
	"slices"

	"example.com/pcn/model"
)

// Settling draws how the nodes of a settled batch came to rest, from a result with
// a trace: the energy of each node, and its part of the gradient, before each step
// and, but for stale errors, after the last, on logarithmic axes. What is 0 or not finite is left out, and what a node has by
// rounding before an error has reached it.
func Settling(r *model.Result) []*Panel {
	if r == nil {
		r = &model.Result{}
	}
	energies, residuals := r.Trace, r.ResidualTrace
	if r.EndResidual != nil {
		energies, residuals = append(slices.Clip(energies), r.NodeEnergy), append(slices.Clip(residuals), r.EndResidual)
	}
	return []*Panel{
		settling("Energy by node", "energy of the batch", r.Nodes, energies),
		settling("Gradient by node", "share of the largest at first", r.Nodes, residuals),
	}
}

// shownSteps is how many steps of settling are shown, however many are taken.
const shownSteps = 20

// Settle draws how the nodes of a batch with clamps c come to rest as inf says, but in some
// twenty steps: see [Settling].
func Settle(ctx context.Context, n *model.Network, c model.Clamps, inf model.Inference) ([]*Panel, error) {
	inf.Trace, inf.Steps, inf.Tolerance = true, shownSteps+1, 0
	r, err := n.Settle(ctx, c, inf)
	if err != nil {
		return nil, err
	}
	r.EndResidual = nil // Gauss-Seidel's gradients are each node's at its turn, but for those at the end
	return Settling(r), nil
}

// unreached is the share of the largest value below which a node's first ones are
// taken for rounding.
const unreached = 1e-6

func settling(title, name string, nodes model.Names, trace [][]float64) *Panel {
	if len(trace) == 0 {
		return Lines(title, "steps taken", name)
	}
	least := 0.0 // that a curve begins with
	for _, values := range trace {
		for _, x := range values {
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				least = max(least, unreached*x)
			}
		}
	}
	lines := make([]Line, len(trace[0]))
	for node := range lines {
		line := &lines[node]
		line.Name = nodes.Of(node)
		for t, values := range trace {
			if y := values[node]; len(line.Y) > 0 || y >= least {
				line.X, line.Y = append(line.X, float64(t)), append(line.Y, y)
			}
		}
	}
	p := Lines(title, "steps taken", name, lines...)
	p.X.Min, p.X.Max = 0, max(1, float64(len(trace)-1))
	return p
}
