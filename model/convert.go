package model

import (
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// As returns a copy of n whose weights and latents are of type d: in float64 what
// the weights of a float32 network mean, without the rounding of float32. All that n
// is comes along, and as of type d as n's own it settles to the same bits; what is
// done to the one from then on is not done to the other.
func (n *Network) As(d Dtype) (*Network, error) {
	c := *n
	c.cfg = n.Config()
	c.cfg.Dtype = d
	if err := c.cfg.Validate(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for _, list := range []*[]*tensor.Dense{&c.weights, &c.biases, &c.precisions, &c.logs} {
		*list = slices.Clone(*list)
		for i, t := range *list {
			if t != nil {
				(*list)[i] = converted(t, d)
			}
		}
	}
	c.diagonal, c.metadata = slices.Clone(n.diagonal), maps.Clone(n.metadata)
	c.norms, c.workshop = n.norms.clone(), newWorkshop()
	return &c, nil
}

// converted returns a copy of t of type d.
func converted(t *tensor.Dense, d Dtype) *tensor.Dense {
	c := tensor.New(tensor.Of(d.Tensor()), tensor.WithShape(t.Shape()...))
	for i := range t.Shape().TotalSize() {
		setElement(c, i, element(t, i))
	}
	return c
}
