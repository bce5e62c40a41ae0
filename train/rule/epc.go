package rule

import (
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
// Steps and rate are those of the inference, whose method has to be error-coordinates.
type EPC struct{ PC }

// String implements [Rule].
func (EPC) String() string { return "epc" }

// Method implements [Wanting].
func (EPC) Method() model.Method { return model.ErrorCoordinates }

// Prepare implements [Rule].
func (r EPC) Prepare(c model.Config, inf model.Inference) (model.Inference, error) {
	if inf.Method != r.Method() {
		return inf, fmt.Errorf("inference.method: must be %v, got %v", r.Method(), inf.Method)
	}
	if err := c.Allows(inf.Method); err != nil {
		return inf, err
	}
	return inf.WithDefaults()
}
