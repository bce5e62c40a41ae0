package model

import (
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"
)

// noise returns the (rows, d_l) numbers from N(0, 1) at which node l begins with
// [Normal]. An example's depend on the network's seed and its place in the batch
// only.
func (n *Network) noise(l, rows int) *tensor.Dense {
	if n.starts == nil {
		n.starts = make([]*tensor.Dense, len(n.sizes))
	}
	if d := n.starts[l]; d == nil || d.Shape()[0] < rows {
		rng := rand.New(rand.NewPCG(n.cfg.Seed, uint64(streamStart+l)))
		n.starts[l] = filled(n.cfg.Dtype.Tensor(), rng.NormFloat64, rows, n.sizes[l])
	}
	return n.starts[l]
}

// pass returns the order in which nodes are predicted where settling begins, and by which
// prediction each: from what is clamped, by the first prediction whose sources are all there
// by then. A node that is predicted from both sides so begins from the side that is known.
// Guesses come before others. What cannot be reached begins by its first prediction.
func (n *Network) pass(clamped []bool) (order, by []int) {
	w := n.wiring
	by = slices.Clone(w.First)
	there := slices.Clone(clamped)
	known := func(i int) bool {
		for _, from := range w.From[i] {
			for _, source := range from {
				if !there[source] {
					return false
				}
			}
		}
		return true
	}
	for _, guesses := range []bool{true, false} { // alone, and then with the others
		for reached := -1; reached < len(order); {
			reached = len(order)
			for _, l := range w.Order {
				for i, of := range w.Of {
					if of == l && (w.Predictions[i].Guess || !guesses) && !there[l] && known(i) {
						by[l], there[l], order = i, true, append(order, l)
					}
				}
			}
		}
	}
	if slices.Equal(by, w.First) {
		return w.Order, by
	}
	for _, l := range w.Order {
		if !slices.Contains(order, l) {
			order = append(order, l)
		}
	}
	return order, by
}
