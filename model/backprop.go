package model

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Backprop returns what backpropagation does with a batch, in the form of a settled one:
// the activities of a pass downwards, and as Deltas minus the derivative of the loss by
// each prediction. [Network.Hebbian] makes minus the loss's gradient by the parameters of
// them. The loss, r.Energy, is the energy at the bottom with every node above on its
// prediction. It is an error where a node between the ends has a prior, or c leaves an
// end free or fixes another node: the loss is then no function of predictions alone.
//
// Nothing is built for it. On their predictions all errors but those at the bottom are 0,
// and the energy's gradient by the error of a node is the loss's by that node
// (graph.ErrorSteps; Goemaere and others 2025).
func (n *Network) Backprop(ctx context.Context, c Clamps) (*Result, error) {
	if n.cfg.ActivityPrior != 0 {
		return nil, fmt.Errorf("model: backprop: activity_prior: must be 0, got %v", n.cfg.ActivityPrior)
	}
	if _, err := n.check(c); err != nil {
		return nil, err
	}
	for l, v := range c {
		if end := l == 0 || l == n.Depth(); v.whole() != end {
			return nil, fmt.Errorf("model: backprop: clamps[%d]: must fix both ends, and nothing between them", l)
		}
	}
	s, err := n.settler(c, Inference{Method: ErrorCoordinates, Plain: true}, false)
	if err != nil {
		return nil, err
	}
	s.machine.Each(func(shard *graph.Shard) {
		if ctx.Err() != nil {
			return
		}
		s.start(shard, TopDown)
		shard.Errors()
		shard.Gradients()
		shard.Steps()
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("model: backprop: %w", context.Cause(ctx))
	}
	m := s.machine
	r := &Result{of: n, Status: Converged, LayerEnergy: make([]float64, n.Depth())}
	for i, constant := range n.constants() {
		for _, e := range m.RowEnergies(i) {
			r.LayerEnergy[i] += e + constant
		}
		r.Errors, r.Activations = append(r.Errors, m.Error(i)), append(r.Activations, m.Feature(i, 0))
		r.Deltas = append(r.Deltas, m.Delta(i))
		if i > 0 {
			r.Deltas[i] = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(m.Rows(), n.sizes[i]))
			addScaled(r.Deltas[i], -1, m.Step(i))
		}
	}
	for l := range n.sizes {
		r.Latents = append(r.Latents, m.Latent(l))
	}
	if r.Energy = sum(r.LayerEnergy); !r.Finite() {
		r.Status = Diverged
	}
	return r, nil
}
