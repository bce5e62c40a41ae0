package rule

import (
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// Hebbian is [model.Network.Hebbian] with the weights of the lesson: the mean over the batch
// becomes the weighted one,
//
//	Δθ = Σ k_b δ_b ⊗ ψ_b / Σ k_b
//
// which is that of a batch that has example b k_b times. The latents of an example settle by
// its own energy alone, whose minimum a weight does not move.
func (l *Lesson) Hebbian(r *model.Result, into *model.Update) error {
	if l.Weights == nil {
		return l.Network.Hebbian(r, into)
	}
	sum := 0.0
	for _, k := range l.Weights {
		sum += k
	}
	shares, roots := make([]float64, len(l.Weights)), make([]float64, len(l.Weights))
	for i, k := range l.Weights {
		shares[i] = k * float64(len(l.Weights)) / sum
		roots[i] = math.Sqrt(shares[i]) // for errors, of which the update has squares
	}
	weighed := *r
	weighed.Deltas, weighed.Errors = make([]*tensor.Dense, len(r.Deltas)), make([]*tensor.Dense, len(r.Errors))
	for i := range r.Deltas {
		weighed.Deltas[i], weighed.Errors[i] = r.Deltas[i].Clone().(*tensor.Dense), r.Errors[i].Clone().(*tensor.Dense)
		dense.ScaleRows(weighed.Deltas[i], shares)
		dense.ScaleRows(weighed.Errors[i], roots)
	}
	return l.Network.Hebbian(&weighed, into)
}
