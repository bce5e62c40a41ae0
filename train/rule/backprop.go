package rule

import (
	"context"

	"example.com/pcn/model"
)

// Backprop is backpropagation (Rumelhart, Hinton and Williams 1986), the baseline: the weights
// move by
//
//	Δθ = −∂L/∂θ / B
//
// with L the energy at the targets where all else is on its prediction, ½ ‖target − μ‖²
// or whichever form it has, and weight decay. A pass from the inputs is an ordinary network,
// a multilayer perceptron where it is a chain, and this is how such a one learns: see
// [model.Network.Backprop]. The latents do not settle.
type Backprop struct{}

// String implements [Rule].
func (Backprop) String() string { return "backprop" }

// Prepare implements [Rule].
func (Backprop) Prepare(c model.Config, _ model.Inference) (model.Inference, error) {
	return model.Inference{}, c.Backpropagates()
}

// Learn implements [Rule].
func (Backprop) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	r, err := l.Network.Backprop(ctx, l.Clamps)
	if err != nil {
		return nil, err
	}
	return l.Learn(r)
}
