package model

import "gorgonia.org/tensor"

// As returns a copy of n whose weights and latents are of type d: in float64 what
// the weights of a float32 network mean, without the rounding of float32.
func (n *Network) As(d Dtype) (*Network, error) {
	cfg := n.Config()
	cfg.Dtype = d
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	to := c.Parameters()
	for i, from := range n.Parameters() {
		convert(to[i], from)
	}
	for key, text := range n.metadata {
		if err := c.SetMetadata(key, text); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// convert sets dst to src, of the same shape and any type.
func convert(dst, src *tensor.Dense) {
	for i := range dst.Shape().TotalSize() {
		setElement(dst, i, element(src, i))
	}
}
