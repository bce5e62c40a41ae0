package model

import (
	"context"
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// Remembers reports whether the network has edges with a delay, so that what it makes of a
// step depends on those before.
func (c Config) Remembers() bool {
	if c.Network != "" && len(c.Layers) == 0 {
		c.Layers = []int{1, 1} // whatever the sizes
	}
	full, _ := c.Expanded()
	return slices.ContainsFunc(full.Predictions, func(p Prediction) bool {
		return slices.ContainsFunc(p.From, func(e Edge) bool { return e.Delay > 0 })
	})
}

// Advance returns the clamps by which the step of a sequence behind that of r remembers
// it: for each edge with a delay what its sources have settled to, as a copy, which no
// longer moves (Millidge, Tang, Osanlouy, Harper and Bogacz 2024). Where a step is not given
// them, all that was before it is 0.
func (n *Network) Advance(r *Result) Clamps {
	c := Clamps{}
	for _, node := range n.wiring.Nodes {
		if node.Past == "" {
			continue
		}
		of := n.numbers[node.Past]
		for l, before := range n.wiring.Nodes {
			if before.Past == node.Past && before.Delay == node.Delay-1 {
				of = l
			}
		}
		c[node.Name] = Clamp{Values: clone(r.Latents[of])}
	}
	return c
}

// Tracking follows a batch of sequences step by step: it predicts the targets of a step from
// all that was before, and has the latents take in what these then are, as a filter does.
type Tracking struct {
	network *Network
	inf     Inference
	past    Clamps
}

// Track begins sequences. inf says how latents settle where a step is taken in.
func (n *Network) Track(inf Inference) *Tracking { return &Tracking{network: n, inf: inf} }

// Predict returns the targets (B, k) of the step whose inputs (B, d) are given.
func (t *Tracking) Predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	return t.network.PredictGiven(ctx, t.clamps(inputs, nil), t.inf)
}

// Observe takes a step in, of which targets are what was seen, nil where nothing was, and
// goes on to the next. Where the inference is zero, under a rule by which nothing settles,
// nothing is taken in.
func (t *Tracking) Observe(ctx context.Context, inputs, targets *tensor.Dense) (*Result, error) {
	if t.inf.Steps == 0 {
		targets = nil
	}
	r, err := t.network.Infer(ctx, t.clamps(inputs, targets), t.inf)
	if err == nil {
		t.past = t.network.Advance(r)
	}
	return r, err
}

func (t *Tracking) clamps(inputs, targets *tensor.Dense) Clamps {
	c := t.network.Clamp(inputs, targets)
	maps.Copy(c, t.past)
	return c
}
