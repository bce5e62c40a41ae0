package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// ErrNotFeedforward is what [Network.Backprop] and [Network.Fix] return of a network that
// is no function from inputs to targets: see [Network.Feedforward].
var ErrNotFeedforward = errors.New("the network is not feedforward")

// Backprop returns what backpropagation does with a batch, in the form of a settled one:
// the activities of a pass from the inputs (B, d) that c fixes with targets (B, k), and as Deltas minus the derivative of
// the loss by each prediction's sum. [Network.Hebbian] makes minus the loss's gradient by
// the parameters of them. The loss, r.Energy, is the energy of the targets' node, (B, k),
// with every other node on its prediction; a node between that c fixes is one more target.
// The error is [ErrNotFeedforward] where there is no such function.
//
// Nothing is built for it. On their predictions all errors but the targets' are 0, and
// the energy's gradient by the error of a node is the loss's by that node
// (graph.ErrorSteps; Goemaere and others 2025).
func (n *Network) Backprop(ctx context.Context, c Clamps) (*Result, error) {
	s, err := n.passing(c)
	if err != nil {
		return nil, fmt.Errorf("model: backprop: %w", err)
	}
	s.machine.Each(func(shard *graph.Shard) {
		if ctx.Err() != nil {
			return
		}
		s.start(shard, TopDown)
		shard.Backprop()
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("model: backprop: %w", context.Cause(ctx))
	}
	r, err := n.passed(s, s.machine.Pulled, nil)
	if err != nil {
		return nil, fmt.Errorf("model: backprop: %w", err)
	}
	return r, nil
}

// Backpropagates returns why [Network.Backprop] and [Network.Fix] are not for the network,
// nil where they are: the error is then [ErrNotFeedforward].
func (c Config) Backpropagates() error {
	n, err := plan(c)
	if err != nil {
		return err
	}
	return n.backpropagates()
}

func (n *Network) backpropagates() error {
	if !n.Feedforward() {
		return fmt.Errorf("%w: its targets must follow from its inputs, by one prediction of each node, without feedback or prior", ErrNotFeedforward)
	}
	for i, t := range n.terms {
		if t.energy.Learns() && n.wiring.Of[i] != n.target { // it would learn that there is no noise
			return fmt.Errorf("%w: precision of %s: must not be learned where errors are 0, got %v", ErrNotFeedforward, n.wiring.Predictions[i].Of, t.energy)
		}
	}
	return nil
}

// passing returns a settler that has a batch for a pass from the inputs, and errors to
// move.
func (n *Network) passing(of Clamps) (*settler, error) {
	if err := n.backpropagates(); err != nil {
		return nil, err
	}
	c, rows, err := n.check(of)
	if err != nil {
		return nil, err
	}
	if !c[n.input].whole() || !c[n.target].whole() {
		return nil, errors.New("inputs and targets: must be given both, got none of one")
	}
	s, err := n.settler(c, rows, Inference{Method: ErrorCoordinates, Plain: true}, false)
	if err != nil {
		return nil, err
	}
	clear(s.starts) // it is the pass that says
	s.only(n.divide(rows))
	return s, nil
}

// passed returns the batch of s, which is on its predictions, with what delta has in place
// of δ: of the targets, and of data that are missing, it has none, and δ stands. More is as
// of together.
func (n *Network) passed(s *settler, delta func(prediction int) *tensor.Dense, more func(shard int, each func(*float64))) (*Result, error) {
	m := s.machine
	d := n.divide(m.Rows())
	err := s.together(d, more)
	r := &Result{Status: Converged, NodeEnergy: make([]float64, len(n.sizes))}
	for l, constant := range n.constants() {
		r.NodeEnergy[l] = float64(m.Rows()) * constant
		for _, e := range m.RowEnergies(l) {
			r.NodeEnergy[l] += e
		}
	}
	r.view(n, s, d)
	for i := range n.terms {
		if d := delta(i); d != nil {
			r.Deltas[i] = d
		}
	}
	if r.Energy = sum(r.NodeEnergy); err != nil {
		r.Energy = math.NaN() // nothing is to be learned of it
	}
	if !r.Finite() {
		r.Status = Diverged
	}
	return r, err
}
