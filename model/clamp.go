package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// Clamps holds for each node 0..L the (B, d_l) values it is fixed to, nil where
// the node is free.
type Clamps []*tensor.Dense

// Clamp returns the clamps that fix the input end to inputs (B, d) and the
// target end to targets (B, k); either may be nil.
func (n *Network) Clamp(inputs, targets *tensor.Dense) Clamps {
	c := make(Clamps, n.Depth()+1)
	c[n.InputNode()] = inputs
	c[n.TargetNode()] = targets
	return c
}

// nodes returns which nodes are clamped.
func (c Clamps) nodes() []bool {
	clamped := make([]bool, len(c))
	for l, v := range c {
		clamped[l] = v != nil
	}
	return clamped
}

// check returns the number of examples, or what is wrong with the clamps.
func (n *Network) check(c Clamps) (rows int, err error) {
	if len(c) != n.Depth()+1 {
		return 0, fmt.Errorf("model: clamps: must have one entry for each of the %d nodes, got %d", n.Depth()+1, len(c))
	}
	first := -1
	for l, v := range c {
		if v == nil {
			continue
		}
		s := v.Shape()
		if s.Dims() != 2 || s[1] != n.sizes[l] || s[0] == 0 {
			return 0, fmt.Errorf("model: clamps[%d]: must have shape (B, %d), got %v", l, n.sizes[l], s)
		}
		if v.Dtype() != n.cfg.Dtype.Tensor() {
			return 0, fmt.Errorf("model: clamps[%d]: must be %v as the network, got %v", l, n.cfg.Dtype, v.Dtype())
		}
		if first >= 0 && s[0] != rows {
			return 0, fmt.Errorf("model: clamps[%d]: has %d examples where clamps[%d] has %d", l, s[0], first, rows)
		}
		rows, first = s[0], l
	}
	if first < 0 {
		return 0, fmt.Errorf("model: clamps: at least one node must be clamped")
	}
	return rows, nil
}
