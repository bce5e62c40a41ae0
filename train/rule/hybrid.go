package rule

import (
	"context"
	"errors"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// Hybrid is hybrid predictive coding: a network that has guesses of its latents from the
// inputs (see [model.Prediction]) begins to settle at a pass by these,
//
//	a_l = q_l(a_{l−1})
//
// and once it has settled to z, all predictions learn as in [PC], and each guess by the local
// loss ½‖z_l − q_l(a_{l−1})‖², with what it was given in the pass, not what that settled to
// (Tschantz, Millidge, Seth and Buckley 2023). The energy has no part of the guesses, so that
// where latents rest is as without them; how many steps there are to it is not, and with none
// the network is the feed-forward one of the guesses.
type Hybrid struct{}

// String implements [Rule].
func (Hybrid) String() string { return "hybrid" }

// Prepare implements [Rule].
func (Hybrid) Prepare(c model.Config, inf model.Inference) (model.Inference, error) {
	full, err := c.Expanded()
	if err != nil {
		return inf, err
	}
	switch {
	case !slices.ContainsFunc(full.Predictions, func(p model.Prediction) bool { return p.Guess }):
		return inf, errors.New("the network must have predictions that are guesses, such as network hybrid has")
	case inf.Start != model.TopDown:
		return inf, errors.New("inference.start: must be top-down, where guesses say where latents begin, got " + inf.Start.String())
	}
	return inf.WithDefaults()
}

// Learn implements [Rule].
func (Hybrid) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	s, err := l.Begin(l.Clamps)
	if err != nil {
		return nil, err
	}
	pass := s.Result()
	r, err := l.Settle(ctx)
	if err != nil || !r.Finite() {
		return r, err
	}
	learned := *r
	learned.Deltas, learned.Features = slices.Clone(r.Deltas), slices.Clone(r.Features)
	for i, p := range l.Network.Spec().Predictions {
		if p.Guess {
			learned.Deltas[i], learned.Features[i] = amiss(l.Network, i, p, pass, r), pass.Features[i]
		}
	}
	if err := l.Hebbian(&learned, l.Update(0)); err != nil {
		return r, err
	}
	return r, l.Move(l.Update(0))
}

// amiss returns z − q(a) of guess i: by how much it was in error in a pass, and by how much
// its node has moved since.
func amiss(n *model.Network, i int, p graph.Prediction, pass, settled *model.Result) *tensor.Dense {
	l, _ := n.Node(p.Of) // of the network's own
	delta := pass.Errors[i].Clone().(*tensor.Dense)
	dense.AddScaled(delta, 1, settled.Latents[l])
	dense.AddScaled(delta, -1, pass.Latents[l])
	return delta
}
