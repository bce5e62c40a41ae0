package rule

import (
	"context"
	"fmt"

	"example.com/pcn/model"
)

// FPA is the fixed prediction assumption: predictions μ and Jacobians J stay as a pass from
// the inputs has them, while errors move,
//
//	ε_l ← ε_l − η (ε_l − Σ Jᵀ ε)
//
// n times, with the sum over what is predicted from node l. The weights then move by these
// errors and the activations of the pass (Millidge, Tschantz and Buckley 2022; Rosenbaum
// 2022).
//
// With η = 1 and n of at least the number of hidden levels it is backpropagation; with
// another η from 0 to 2 it comes to be.
type FPA struct {
	Rate  float64 // η, default 0.1
	Steps int     // n, default 20
}

// String implements [Rule].
func (f *FPA) String() string { return fmt.Sprintf("fpa rate=%v steps=%d", f.Rate, f.Steps) }

// Set implements [Settable].
func (f *FPA) Set(key, value string) error {
	switch key {
	case "rate":
		return named(key, number(value, 0, 2, &f.Rate))
	case "steps":
		return named(key, whole(value, 1, &f.Steps))
	}
	return unknown(key, "rate", "steps")
}

// Prepare implements [Rule].
func (*FPA) Prepare(c model.Config, _ model.Inference) (model.Inference, error) {
	return model.Inference{}, c.Backpropagates()
}

// Learn implements [Rule].
func (f *FPA) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	fixed, err := l.Network.Fix(l.Clamps)
	if err != nil {
		return nil, err
	}
	for range f.Steps {
		if err := fixed.Step(ctx, f.Rate); err != nil {
			return nil, err
		}
	}
	return l.Learn(fixed.Result())
}
