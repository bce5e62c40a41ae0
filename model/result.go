package model

import (
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/plural"
)

// Result is a settled batch. Its tensors are views of the network's buffers:
// they hold until the next Settle, Predict or Generate. After a mere pass
// downwards there are latents only.
type Result struct {
	Status Status // how settling ended
	// Node is where the energy rose most, when Status is Diverged.
	Node int
	// Steps is the largest number of steps that a shard took, and MeanSteps the
	// mean over the examples.
	Steps     int
	MeanSteps float64
	// Nodes are the names of the network's nodes, in the order of whatever goes by node.
	Nodes Names
	// Residual is the norm of the gradient by the free latents before the last
	// step, as a share of the largest norm while settling: 1 where nothing has
	// settled, 0 at rest. NodeResidual is each node's part, 0 where it is clamped.
	Residual     float64
	NodeResidual []float64
	// EndResidual is likewise each node's part of the gradient at the latents as
	// they ended, as a share of the same largest norm: where Inference.Trace or
	// Inference.Estimate asks for it, and never with StaleErrors. After a single step
	// it says what Residual cannot. It is above 1 where the last step, for all that it
	// lowered the energy, has raised the gradient.
	EndResidual []float64
	// Rate is the smallest inference rate used, after the guard.
	Rate float64
	// Gram reports whether the energy of a clamped node was taken in Gram form: see
	// Inference.Plain.
	Gram bool
	// Renewed reports whether something of what the method divides by was made anew for the
	// batch: see Inference.Lag.
	Renewed bool
	// Energy is the total energy over the batch at the latents, and NodeEnergy the part
	// of each node, of its predictions and its prior, weight decay and the logarithms of
	// learned precisions included. With StaleErrors they are those before the last
	// step.
	Energy     float64
	NodeEnergy []float64
	// Began is the total energy where settling began.
	Began float64
	// ToLose is, where Inference.Estimate asks for it and the energy is finite, an
	// estimate of the energy over the batch that the latents have still to lose on
	// their way to rest; 0 where it is not asked for.
	ToLose float64
	// ExampleEnergy is each example's part of Energy, (B).
	ExampleEnergy []float64
	// Trace holds, where Inference.Trace asks for it, the energy before each
	// step: Trace[t][i] is node i's part.
	Trace [][]float64
	// ResidualTrace holds likewise NodeResidual as of each step:
	// ResidualTrace[t][l] is node l's.
	ResidualTrace [][]float64
	// Latents are v_l for each node, (B, d_l).
	Latents []*tensor.Dense
	// Errors are ε by prediction, (B, d).
	Errors []*tensor.Dense
	// Deltas are δ by prediction, (B, d): see Hebbian.
	Deltas []*tensor.Dense
	// Features are ψ by prediction and edge, (B, k): of a chain φ of the node above.
	Features  [][]*tensor.Dense
	predicted []*tensor.Dense // by prediction; nil where it is v − ε
	of        *Network        // that settled; nil where the result was not made by one
	open      []int           // nodes that are not fixed as a whole
	divided   *division       // where tensors have the examples of one rank alone
}

// Names are those of a network's nodes.
type Names []string

// Of returns the name of node l, or what there is to say of one that has none.
func (n Names) Of(l int) string {
	if l < 0 || l >= len(n) {
		return fmt.Sprintf("node %d", l)
	}
	return n[l]
}

// Finite reports whether the energy is a number: after a divergence it may not
// be, and nothing can be learned from it.
func (r *Result) Finite() bool { return r != nil && finite(r.Energy) }

// Latent returns v of a node by its name, (B, d), as Latents has it.
func (r *Result) Latent(node string) (*tensor.Dense, error) {
	if r.of == nil || len(r.Latents) == 0 {
		return nil, fmt.Errorf("model: latent of %s: must be of a settled batch, got none", node)
	}
	l, err := r.of.Node(node)
	if err != nil {
		return nil, err
	}
	return r.Latents[l], nil
}

// String says in a line how settling ended: the energy and each node's part of
// it, and what is left of the gradient where more than one step was taken.
func (r *Result) String() string {
	if r == nil {
		return "no result"
	}
	if r.Steps == 0 {
		return fmt.Sprintf("%v without a step", r.Status)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%v after %s", r.Status, plural.Of(r.Steps, "step"))
	if r.Status == Diverged {
		fmt.Fprintf(&s, " at %s", r.Nodes.Of(r.Node))
	}
	fmt.Fprintf(&s, " of rate %.3g: energy %.4g", r.Rate, r.Energy)
	sign := " ="
	for l, e := range r.NodeEnergy {
		if r.of == nil || r.of.hasEnergy(l) {
			fmt.Fprintf(&s, "%s %.3g", sign, e)
			sign = " +"
		}
	}
	if r.Steps > 1 { // the residual is 1 before the only step
		fmt.Fprintf(&s, ", residual %.2g", r.Residual)
	}
	return s.String()
}

// Energies returns the total energy before each step and, at the end, that at
// the settled latents: of a Result with a Trace. With StaleErrors the last two
// are the same.
func (r *Result) Energies() []float64 {
	if len(r.Trace) == 0 {
		return nil
	}
	var totals []float64
	for _, parts := range r.Trace {
		totals = append(totals, sum(parts))
	}
	return append(totals, r.Energy)
}
