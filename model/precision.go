package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// MaxLogPrecision bounds |log Π| of a learned precision, so that Π is from 0.0009
// to 1097: a node whose errors vanish has no largest likelihood.
const MaxLogPrecision = 7

// configurePrecision gives node i the precision that the configuration says. Other
// forms of the energy may follow.
func (n *Network) configurePrecision(i int) {
	precision := 1.0
	if p := bottomUp(n.cfg.Direction, n.cfg.Precisions); len(p) != 0 {
		precision = p[i]
	}
	dt := n.cfg.Dtype.Tensor()
	n.precisions[i], n.logs[i], n.diagonal[i] = nil, nil, false
	if n.energies[i] == GaussianLearned {
		n.logs[i] = filled(dt, func() float64 { return math.Log(precision) }, n.sizes[i])
	}
	if precision != 1 || n.logs[i] != nil {
		n.precisions[i] = filled(dt, func() float64 { return precision }, n.sizes[i])
	}
}

// Precision returns Π of node i, (d_i), as a copy: 1 where none is given.
func (n *Network) Precision(i int) []float64 {
	if i < n.Depth() && n.precisions[i] != nil {
		return elements(n.precisions[i])
	}
	p := make([]float64, n.sizes[i])
	for j := range p {
		p[j] = 1
	}
	return p
}

// SetPrecision gives each unit of node i a precision of its own, (d_i): a diagonal
// Π. Where the precision is learned it is learned from there. It is kept in model
// files. The error says where node i has no precision, or what is wrong with p.
func (n *Network) SetPrecision(i int, p []float64) error {
	if i < 0 || i >= n.Depth() {
		return fmt.Errorf("model: precision of node %d: nodes 0 to %d have one", i, n.Depth()-1)
	}
	if !n.energies[i].Form().Settles() {
		return fmt.Errorf("model: precision of node %d: a %v energy has none", i, n.energies[i])
	}
	if len(p) != n.sizes[i] {
		return fmt.Errorf("model: precision of node %d: must be one for each of the %d units, got %d", i, n.sizes[i], len(p))
	}
	for j, x := range p {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("model: precision of node %d: [%d]: must be a number > 0, got %v", i, j, x)
		}
		if n.logs[i] != nil && math.Abs(math.Log(x)) > MaxLogPrecision {
			return fmt.Errorf("model: precision of node %d: [%d]: must be within e^±%d where it is learned, got %v", i, j, MaxLogPrecision, x)
		}
	}
	if n.precisions[i] == nil { // another form of the energy
		n.precisions[i] = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(n.sizes[i]))
		n.workshop = newWorkshop()
	}
	for j, x := range p {
		if setElement(n.precisions[i], j, x); n.logs[i] != nil {
			setElement(n.logs[i], j, math.Log(x))
		}
	}
	n.diagonal[i] = true
	n.Changed()
	return nil
}

// refreshPrecisions bounds log Π and sets Π, where they are learned.
func (n *Network) refreshPrecisions() {
	for i, log := range n.logs {
		if log == nil {
			continue
		}
		for j := range n.sizes[i] {
			x := min(max(element(log, j), -MaxLogPrecision), MaxLogPrecision)
			setElement(log, j, x)
			setElement(n.precisions[i], j, math.Exp(x))
		}
	}
}

// maxPrecision returns the largest element of Π of node i.
func (n *Network) maxPrecision(i int) float64 {
	if n.precisions[i] == nil {
		return 1
	}
	highest := 0.0
	for j := range n.sizes[i] {
		highest = max(highest, element(n.precisions[i], j))
	}
	return highest
}

// constants returns, by layer, the parts of an example's energy that no latent
// moves: −½ Σ log Π of a learned precision and ½ λ ‖W‖². The slice is used again.
func (n *Network) constants() []float64 {
	if n.fixed == nil {
		n.fixed = make([]float64, n.Depth())
	}
	c := n.fixed
	clear(c)
	for i, log := range n.logs {
		if log != nil {
			for j := range n.sizes[i] {
				c[i] -= element(log, j) / 2
			}
		}
		if n.cfg.WeightDecay != 0 {
			c[i] += n.cfg.WeightDecay * halfSquares(n.weights[i])
		}
	}
	return c
}

// DecayEnergy returns ½ λ ‖W‖² over all weights: what weight decay adds to the
// energy of each example.
func (n *Network) DecayEnergy() float64 {
	total := 0.0
	for _, w := range n.weights {
		total += n.cfg.WeightDecay * halfSquares(w)
	}
	return total
}
