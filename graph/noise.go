package graph

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
)

// noisy returns the gradient g of node l with noise beside it, which has the covariance H
// where ξ, of Energy.Noise, has 1:
//
//	g + ξ Lᵀ,  L Lᵀ = H
//
// The step then has noise of covariance H⁻¹; and of a node that is fixed in part, of which the
// step takes the free units alone, of that of their part of H, as theirs of ξ Lᵀ have it.
func (e *Energy) noisy(l int, h curvature, b *op.Builder) (*G.Node, error) {
	name := e.Spec.Nodes[l].Name
	if len(h.gates) > 0 {
		return nil, fmt.Errorf("graph: node %s: its curvature differs from example to example, and no root of it is made for noise: a method without blocks must be taken", name)
	}
	e.Noise[l] = e.input("ξ "+name, e.Spec.Batch, e.Spec.Nodes[l].Size())
	n, of := e.Noise[l], "ξLᵀ "+name
	switch {
	case len(h.grams) > 0:
		n = b.Apply(of, op.Product(), n, b.Apply("L "+name, op.Root(), b.Apply("H "+name, h.Itself(), slices.Concat(h.grams, h.diagonal)...)))
	case len(h.diagonal) > 0:
		n = b.Apply(of, op.Weigh(), n, b.Apply("L "+name, op.Roots(), b.Apply("H "+name, op.Weighted(h.Diagonal, h.Constant), h.diagonal...)))
	default:
		n = b.Apply(of, op.Scale(math.Sqrt(cmp.Or(h.Constant, 1))), n)
	}
	return b.Apply("g+ξLᵀ "+name, op.Sum(2), e.Gradients[l], n), nil
}

// Noise returns ξ of node l of the shard's rows, (Hi−Lo, d), to be drawn from N(0, 1), times
// any scale, before each Turn; it begins at 0. Nil where the Spec asks for no noise, or there
// is no step.
func (s *Shard) Noise(l int) *tensor.Dense { return s.noise[l] }
