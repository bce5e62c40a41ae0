package model

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// MaxLogPrecision bounds |log Π| of a learned precision, so that Π is from 0.0009
// to 1097: a node whose errors vanish has no largest likelihood.
const MaxLogPrecision = 7

// configurePrecision gives prediction i the precision that the configuration says.
func (n *Network) configurePrecision(i int, precision float64) {
	t, d, dt := &n.terms[i], n.sizes[n.wiring.Of[i]], n.cfg.Dtype.Tensor()
	t.precision, t.log, t.unitwise = nil, nil, false
	if t.energy.Learns() {
		t.log = filled(dt, func() float64 { return math.Log(precision) }, d)
	}
	if precision != 1 || t.log != nil {
		t.precision = filled(dt, func() float64 { return precision }, d)
	}
}

// Precision returns Π of the first prediction of node l, (d), as a copy: 1 where none is
// given.
func (n *Network) Precision(l int) []float64 {
	if i := n.wiring.First[l]; i >= 0 && n.terms[i].precision != nil {
		return dense.Floats(n.terms[i].precision)
	}
	return slices.Repeat([]float64{1}, n.sizes[l])
}

// SetPrecision gives each unit of node l a precision of its own, (d): a diagonal Π of its
// first prediction. Where the precision is learned it is learned from there. It is kept
// in model files. The error says where node l has no precision, or what is wrong with p.
func (n *Network) SetPrecision(l int, p []float64) error {
	if l < 0 || l >= len(n.sizes) || n.wiring.First[l] < 0 {
		return fmt.Errorf("model: precision of node %d: must be of a node that is predicted", l)
	}
	return n.setPrecision(n.wiring.First[l], p)
}

// setPrecision is SetPrecision of a prediction.
func (n *Network) setPrecision(i int, p []float64) error {
	t, d, name := &n.terms[i], n.sizes[n.wiring.Of[i]], n.wiring.Predictions[i].Of
	if n.wiring.Predictions[i].Energy != graph.Gaussian {
		return fmt.Errorf("model: precision of %s: a %v energy has none", name, t.energy)
	}
	if len(p) != d {
		return fmt.Errorf("model: precision of %s: must be one for each of the %d units, got %d", name, d, len(p))
	}
	for j, x := range p {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("model: precision of %s: [%d]: must be a number > 0, got %v", name, j, x)
		}
		if t.log != nil && math.Abs(math.Log(x)) > MaxLogPrecision {
			return fmt.Errorf("model: precision of %s: [%d]: must be within e^±%d where it is learned, got %v", name, j, MaxLogPrecision, x)
		}
	}
	if t.precision == nil {
		t.precision = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(d))
	}
	for j, x := range p {
		if dense.Set(t.precision, j, x); t.log != nil {
			dense.Set(t.log, j, math.Log(x))
		}
	}
	t.unitwise = true
	n.Changed()
	return nil
}

// refreshPrecisions bounds log Π and sets Π, where they are learned.
func (n *Network) refreshPrecisions() {
	for _, t := range n.terms {
		if t.log == nil {
			continue
		}
		for j := range t.log.Shape()[0] {
			x := min(max(dense.At(t.log, j), -MaxLogPrecision), MaxLogPrecision)
			dense.Set(t.log, j, x)
			dense.Set(t.precision, j, math.Exp(x))
		}
	}
}

// maxPrecision returns the largest element of Π of prediction i.
func (n *Network) maxPrecision(i int) float64 {
	p := n.terms[i].precision
	if p == nil {
		return 1
	}
	highest := 0.0
	for j := range p.Shape()[0] {
		highest = max(highest, dense.At(p, j))
	}
	return highest
}

// constants returns, by node, the parts of an example's energy that no latent moves:
// −½ w Σ log Π of a learned precision and ½ λ ‖W‖² of the weights by which the node is
// predicted. The slice is used again.
func (n *Network) constants() []float64 {
	if n.fixed == nil {
		n.fixed = make([]float64, len(n.sizes))
	}
	c := n.fixed
	clear(c)
	for i, t := range n.terms {
		if t.log != nil {
			for j := range t.log.Shape()[0] {
				c[n.wiring.Of[i]] -= n.wiring.Predictions[i].Weight * dense.At(t.log, j) / 2
			}
		}
	}
	if n.cfg.WeightDecay != 0 {
		seen := map[*tensor.Dense]bool{}
		for i, t := range n.terms {
			for _, theta := range t.edges {
				for _, w := range theta {
					if !seen[w] && n.decays(w) {
						seen[w] = true
						c[n.wiring.Of[i]] += n.cfg.WeightDecay * halfSquares(w)
					}
				}
			}
		}
	}
	return c
}

// decays reports whether weight decay is of a parameter.
func (n *Network) decays(w *tensor.Dense) bool {
	return slices.ContainsFunc(n.parameters, func(p Parameter) bool { return p.Value == w && p.Decays })
}
