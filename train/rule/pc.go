package rule

import (
	"context"

	"example.com/pcn/model"
)

// PC is predictive coding: latents settle with both ends fixed,
//
//	v ← v − γ ∂E/∂v
//
// T times or until they rest, by any method of [model.Inference], and then each weight
// moves once by the error that it leaves and the activation that it is given,
//
//	Δθ = −∂E/∂θ / B = a δ ⊗ ψ / B
//
// It is from Whittington and Bogacz (2017), and expectation maximisation with a point for
// an expectation. Its direction comes to be backpropagation's as errors become small.
type PC struct{}

// String implements [Rule].
func (PC) String() string { return "pc" }

// Prepare implements [Rule].
func (PC) Prepare(_ model.Config, inf model.Inference) (model.Inference, error) {
	return inf.WithDefaults()
}

// Learn implements [Rule].
func (PC) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	r, err := l.Settle(ctx)
	if err != nil {
		return nil, err
	}
	return l.Learn(r)
}
