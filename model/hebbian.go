package model

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// Update is a direction for each parameter, in which the energy falls.
type Update struct {
	directions []*tensor.Dense
	pieces     [][]*tensor.Dense // views of them, by piece: see learning
}

// NewUpdate returns an update of n's shapes, zero.
func (n *Network) NewUpdate() *Update {
	u := &Update{}
	for _, p := range n.parameters {
		u.directions = append(u.directions, tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(p.Value.Shape()...)))
	}
	return u
}

// Directions returns what parameters have, live, in the order of [Network.Parameters]:
// of a chain ΔW and Δb of each layer, and then what learned precisions have.
func (u *Update) Directions() []*tensor.Dense { return u.directions }

// Hebbian sets dst to the learning phase's local update: for each parameter of an edge
// the error at the map's output times the feature that it is given, a mean over the
// batch,
//
//	Δθ = a δ ⊗ ψ / B,  Δb = mean δ
//
// with δ = w Π ε pulled back through what comes after the map, and ⊗ the map's own
// (package linear): of a dense layer ΔW = δᵀ φ(v) / B. Nothing else enters: no gradient,
// and no other prediction but those that share the parameter. Weight decay adds −λ W, and
// a precision that is learned has the direction, as local,
//
//	Δ log Π = ½ w (1 − Π mean ε²)
//
// Sums over the batch are taken in an order that its size alone decides: of groups of
// examples, and of these by halves.
//
// With fresh errors it is −∂E/∂θ / B, and so on. It is an error when r is not
// finite, or r or dst is not of this network.
func (n *Network) Hebbian(r *Result, dst *Update) error {
	if err := n.belong(r, dst); err != nil {
		return fmt.Errorf("model: hebbian: %w", err)
	}
	if n.learning == nil {
		n.learning = newLearning(n)
	}
	if err := n.learning.run(n, r, dst); err != nil {
		return fmt.Errorf("model: hebbian: %w", err)
	}
	return nil
}

// belong returns why the result or the update is none of n's.
func (n *Network) belong(r *Result, u *Update) error {
	switch {
	case n.wiring == nil:
		return errors.New("network: must be of New, got the zero one")
	case r == nil:
		return errors.New("result: must be of a settled batch, got none")
	case u == nil:
		return errors.New("update: must be of NewUpdate, got none")
	case !r.Finite():
		return fmt.Errorf("result: must have a finite energy, got %v at %s: the network has not settled", r.Energy, r.Nodes.Of(r.Node))
	case r.of != nil && r.of != n:
		return fmt.Errorf("result: must be of this network, %v, got that of another, %v", n, r.of)
	}
	dt := n.cfg.Dtype.Tensor()
	for name, list := range map[string]int{"errors": len(r.Errors), "deltas": len(r.Deltas), "features": len(r.Features)} {
		if list != len(n.terms) {
			return fmt.Errorf("result: %s: must be one for each of the %d predictions, got %d", name, len(n.terms), list)
		}
	}
	if len(u.directions) != len(n.parameters) {
		return fmt.Errorf("update: must be one for each of the %d parameters, got %d", len(n.parameters), len(u.directions))
	}
	rows := -1
	for i, l := range n.wiring.Of {
		if err := dense.Check(r.Errors[i], dt, rows, n.sizes[l]); err != nil {
			return fmt.Errorf("result: errors[%d]: %w", i, err)
		}
		rows = r.Errors[0].Shape()[0]
		if err := dense.Check(r.Deltas[i], dt, rows, n.wiring.Sums[i].TotalSize()); err != nil {
			return fmt.Errorf("result: deltas[%d]: %w", i, err)
		}
		if len(r.Features[i]) != len(n.terms[i].edges) {
			return fmt.Errorf("result: features[%d]: must be one for each of the %d edges, got %d", i, len(n.terms[i].edges), len(r.Features[i]))
		}
		for j, psi := range r.Features[i] {
			if err := dense.Check(psi, dt, rows, n.wiring.Features[i][j].TotalSize()); err != nil {
				return fmt.Errorf("result: features[%d][%d]: %w", i, j, err)
			}
		}
	}
	for i, p := range n.parameters {
		if err := dense.Check(u.directions[i], dt, p.Value.Shape()...); err != nil {
			return fmt.Errorf("update: %s: %w", p.Name, err)
		}
	}
	return nil
}
