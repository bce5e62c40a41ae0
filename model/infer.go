package model

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Predict returns the targets (B, k) that the network infers for inputs (B, d).
// Where the inputs are at the top, a pass downwards gives them at once; where
// they are at the bottom, the rest settles as inf says and the top is read. Targets
// at a bottom of cross-entropy or Bernoulli are probabilities. The
// tensor in r.Latents is a view; the one returned is the caller's own. Errors are as of
// [Network.Settle].
func (n *Network) Predict(ctx context.Context, inputs *tensor.Dense, inf Inference) (targets *tensor.Dense, r *Result, err error) {
	return n.infer(ctx, n.Clamp(inputs, nil), n.TargetNode(), inf)
}

// PredictGiven returns the targets that the network infers from all else that c fixes, which
// may be more than inputs, such as what a step of a sequence remembers.
func (n *Network) PredictGiven(ctx context.Context, c Clamps, inf Inference) (targets *tensor.Dense, err error) {
	free := maps.Clone(c)
	target := n.wiring.Nodes[n.target].Name
	maps.DeleteFunc(free, func(name string, v Clamp) bool { return name == target || v.Values == nil }) // starts are for what settles
	targets, _, err = n.infer(ctx, free, n.target, inf)
	return targets, err
}

// Generate returns inputs (B, d) that fit targets (B, k), such as an image for
// a one-hot label: Predict the other way round.
func (n *Network) Generate(ctx context.Context, targets *tensor.Dense, inf Inference) (inputs *tensor.Dense, r *Result, err error) {
	return n.infer(ctx, n.Clamp(nil, targets), n.InputNode(), inf)
}

// Classify returns for each input the class with the largest predicted target.
func (n *Network) Classify(ctx context.Context, inputs *tensor.Dense, inf Inference) ([]int, *Result, error) {
	targets, r, err := n.Predict(ctx, inputs, inf)
	if err != nil {
		return nil, r, err
	}
	return Argmax(targets), r, nil
}

// infer returns a copy of what node at comes to with clamps c.
func (n *Network) infer(ctx context.Context, c Clamps, at int, inf Inference) (*tensor.Dense, *Result, error) {
	r, err := n.Infer(ctx, c, inf)
	if err != nil {
		return nil, nil, err
	}
	return clone(r.Latents[at]), r, nil
}

// Infer lets what c leaves free come to rest: in a pass from the nodes that are fixed
// where every error is then 0, and the energy at its minimum, and else as inf says. Errors
// are as of [Network.Settle].
func (n *Network) Infer(ctx context.Context, of Clamps, inf Inference) (*Result, error) {
	c, rows, err := n.check(of)
	if err != nil {
		return nil, err
	}
	partly := slices.ContainsFunc(c, func(v Clamp) bool { return v.Values != nil && !v.whole() })
	if partly || n.falls(func(l int) bool { return c[l].whole() }) != nil {
		r, err := n.settleAs(ctx, of, inf, true)
		if err == nil {
			err = n.Whole(r)
		}
		return r, err
	}
	s, err := n.settler(c, rows, Inference{Plain: true}, false)
	if err != nil {
		return nil, err
	}
	s.machine.Each(func(shard *graph.Shard) {
		if ctx.Err() == nil {
			s.start(shard, TopDown)
		}
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("model: predicting: %w", context.Cause(ctx))
	}
	r := &Result{of: n, Nodes: n.Nodes(), Status: Converged, NodeEnergy: make([]float64, len(n.sizes))}
	for l := range n.sizes {
		r.Latents = append(r.Latents, s.machine.Latent(l))
		if r.Status == Converged && notFinite(r.Latents[l], 0) >= 0 {
			r.Status, r.Node = Diverged, l
		}
	}
	return r, nil
}

// Argmax returns the column of the largest element of each row of a (B, k)
// tensor, the first of several; a vector is one row, and none has no rows.
func Argmax(rows *tensor.Dense) []int {
	var best []int
	for _, row := range Rows(rows) {
		at := 0
		for j, x := range row {
			if x > row[at] {
				at = j
			}
		}
		best = append(best, at)
	}
	return best
}

// OneHot returns a (len(classes), k) tensor with 1 in the column of each class.
func (n *Network) OneHot(classes []int) (*tensor.Dense, error) {
	k := n.sizes[n.TargetNode()]
	d := tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(len(classes), k))
	for i, c := range classes {
		if c < 0 || c >= k {
			return nil, fmt.Errorf("model: classes[%d]: must be 0 to %d, got %d", i, k-1, c)
		}
		dense.Set(d, i*k+c, 1)
	}
	return d, nil
}
