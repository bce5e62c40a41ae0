package model

import (
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Bytes returns about how much memory a network of c takes at least: for its
// parameters, and to settle batch examples as inf says. It has latents, predictions,
// errors and gradients, and for some methods the curvature of each node that is neither
// input nor target, its factor and its inverse. It is 0 where c is wrong.
func (c Config) Bytes(inf Inference, batch int) (parameters, settling float64) {
	n, err := plan(c)
	if err != nil {
		return 0, 0
	}
	size := 4.0
	if c.Dtype == Float64 {
		size = 8
	}
	for _, s := range n.slots() {
		parameters += float64(tensor.Shape(s.shape).TotalSize())
	}
	form := inf.Method.moves().Form
	for l, units := range n.sizes {
		d := float64(units)
		settling += 4 * float64(batch) * d
		if l != n.input && l != n.target && (form == graph.BlockSteps || form == graph.ChainSteps) {
			settling += 3 * d * d
		}
	}
	return size * parameters, size * settling
}
