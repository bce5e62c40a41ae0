package rule

import (
	"context"

	"example.com/pcn/model"
)

// ZIL is zero-divergence inference learning: from a pass from the inputs, the step t moves
// the latents of the level that lies t predictions above the targets, and no others, by
// rate 1,
//
//	v_t ← v_t − ∂E/∂v_t = μ_t + Jᵀ ε
//
// and the weights of a level learn by its error when this has just come, before the latents
// that predict it move. It is backpropagation, in as many local steps as there are levels
// (Song, Lukasiewicz, Xu and Bogacz 2020; Salvatori and others 2022).
//
// In a chain, what predicts a level still is where the pass has left it while its error is
// used. Where an edge skips levels it need not be, and the papers have it wait at each level
// between, in a vertex that repeats it; here predictions are fixed (see [FPA]), which is the
// same. As no error depends on the weights that have learned already, they move together
// when all have come.
type ZIL struct{}

// String implements [Rule].
func (ZIL) String() string { return "z-il" }

// Prepare implements [Rule].
func (ZIL) Prepare(c model.Config, _ model.Inference) (model.Inference, error) {
	return model.Inference{}, c.Backpropagates()
}

// Learn implements [Rule].
func (ZIL) Learn(ctx context.Context, l *Lesson) (*model.Result, error) {
	fixed, err := l.Network.Fix(l.Clamps)
	if err != nil {
		return nil, err
	}
	if err := fixed.StepLevels(ctx, 1); err != nil {
		return nil, err
	}
	return l.Learn(fixed.Result())
}
