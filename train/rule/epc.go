package rule

import (
	"context"
	"fmt"

	"example.com/pcn/model"
)

// EPC is predictive coding in error coordinates: with every latent its prediction and an
// error, v = μ(v) + ε, the errors descend, by the derivative through all that is predicted
// from them,
//
//	ε ← ε − γ (ε + (∂μ/∂v)ᵀ ∂E/∂μ)
//
// so that what the targets say reaches every node in a step. The weights then move, as
// under [PC], by the local errors at the latents where that ends, and not by the derivative
// of the energy through them (Goemaere, Oliviers, Bogacz and Demeester 2025).
//
// The equilibrium is PC's. One step from rest leaves ε = −γ times backpropagation's error,
// and so to first order in γ its weight gradient, times γ but for the targets' prediction.
//
// Where the inference has another method, that of error-coordinates is taken with its own
// rate and steps.
type EPC struct{ PC }

// String implements [Rule].
func (EPC) String() string { return "epc" }

// Prepare implements [Rule].
func (EPC) Prepare(n *model.Network, inf model.Inference) (model.Inference, error) {
	if inf.Method != model.ErrorCoordinates {
		inf.Method, inf.Rate, inf.Steps = model.ErrorCoordinates, 0, 0
	}
	if err := n.Config().Allows(inf.Method); err != nil {
		return inf, fmt.Errorf("needs error coordinates: %w", err)
	}
	return inf.WithDefaults()
}

// Learn implements [Rule].
func (r EPC) Learn(ctx context.Context, l *Lesson) (*model.Result, error) { return r.PC.Learn(ctx, l) }
