package model

import (
	"math/rand/v2"

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
