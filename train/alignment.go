package train

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TargetAlignment returns how straight a step of the weights takes what n predicts of a batch
// to its targets: the mean over the examples of the cosine between target − old prediction
// and new − old one (Song, Millidge, Salvatori, Lukasiewicz, Xu and Bogacz 2024, of
// prospective configuration). The step is of a copy of n, at that rate along the Hebbian
// update of r, which is of the batch. It is 0 where nothing moves.
func TargetAlignment(ctx context.Context, n *model.Network, r *model.Result, batch Batch, inf model.Inference, rate float64) (float64, error) {
	if err := batch.fits(n); err != nil {
		return 0, err
	}
	update := n.NewUpdate()
	if err := n.Hebbian(r, update); err != nil {
		return 0, fmt.Errorf("train: target alignment: %w", err)
	}
	n = n.Clone() // whose machines hold no result
	c := n.Clamp(batch.Inputs, batch.Targets)
	before, err := n.PredictGiven(ctx, c, inf)
	if err != nil {
		return 0, err
	}
	for i, p := range n.Parameters() {
		dense.AddScaled(p, rate, update.Directions()[i])
	}
	n.Changed()
	after, err := n.PredictGiven(ctx, c, inf)
	if err != nil {
		return 0, err
	}
	return aligned(before, after, batch.Targets), nil
}

// aligned returns the mean cosine between target − before and after − before.
func aligned(before, after, targets *tensor.Dense) float64 {
	k := targets.Shape()[1]
	sum, n := 0.0, 0
	for i := range targets.Shape()[0] {
		dot, wanted, moved := 0.0, 0.0, 0.0
		for j := i * k; j < (i+1)*k; j++ {
			w, m := dense.At(targets, j)-dense.At(before, j), dense.At(after, j)-dense.At(before, j)
			dot, wanted, moved = dot+w*m, wanted+w*w, moved+m*m
		}
		if of := math.Sqrt(wanted) * math.Sqrt(moved); of > 0 && !math.IsInf(of, 0) {
			sum, n = sum+dot/of, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
