package model

import "example.com/pcn/graph"

// Bytes returns about how much memory a network of c takes at least: for its
// parameters, and to settle batch examples as inf says. It has latents, predictions,
// errors and gradients, and for some methods the curvature of each hidden node, its
// factor and its inverse.
func (c Config) Bytes(inf Inference, batch int) (parameters, settling float64) {
	size := 4.0
	if c.Dtype == Float64 {
		size = 8
	}
	for i, units := range c.Layers {
		d := float64(units)
		settling += 4 * float64(batch) * d
		if i == 0 {
			continue
		}
		parameters += (float64(c.Layers[i-1]) + 1) * d // and about as many biases
		if form := inf.Method.form(); i < len(c.Layers)-1 && (form == graph.BlockSteps || form == graph.ChainSteps) {
			settling += 3 * d * d
		}
	}
	return size * parameters, size * settling
}
