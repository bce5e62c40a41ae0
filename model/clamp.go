package model

import (
	"fmt"
	"math"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// Clamp fixes a node, or some of its units, to values while the rest settles.
// The zero Clamp leaves the node free.
//
// What is free of a node whose energy is CrossEntropy or Bernoulli is
// missing data: the energy is summed over the units that are fixed, and the free
// ones end at what the settled network predicts. They have no gradient, for such an
// energy has no minimum by them but the prediction or an end of their range.
type Clamp struct {
	// Values are (B, d_l); nil where the whole node is free. What they hold for a
	// free unit is not used.
	Values *tensor.Dense
	// Fixed says which units: 1 where the unit is fixed, 0 where it is free, of
	// shape (B, d_l), or (1, d_l) for all examples alike. nil fixes them all.
	Fixed *tensor.Dense
	// Start is where free units begin to settle, (B, d_l), in place of
	// [Inference.Start]; nil for none.
	Start *tensor.Dense
}

// Hide returns a clamp that shows a network values (B, d) of float32 or float64 but
// for the units of which hidden is true, such as to [Network.Complete].
func Hide(values *tensor.Dense, hidden func(example, unit int) bool) Clamp {
	if hidden == nil || dense.Check(values, dense.Float(values), -1, -1) != nil {
		return Clamp{Values: values} // which is refused where it is used
	}
	shape := values.Shape()
	d := shape[1]
	fixed := tensor.New(tensor.Of(values.Dtype()), tensor.WithShape(shape...))
	for i := range shape.TotalSize() {
		if !hidden(i/d, i%d) {
			dense.Set(fixed, i, 1)
		}
	}
	return Clamp{Values: values, Fixed: fixed}
}

// whole reports whether all units are fixed.
func (c Clamp) whole() bool { return c.Values != nil && c.Fixed == nil }

// Clamps fix nodes, by their names; one that is not named is free.
type Clamps map[string]Clamp

// Clamp returns the clamps that fix the inputs' node to inputs (B, d) and the
// targets' node to targets (B, k); either may be nil.
func (n *Network) Clamp(inputs, targets *tensor.Dense) Clamps {
	c := Clamps{}
	for l, values := range map[int]*tensor.Dense{n.input: inputs, n.target: targets} {
		if values != nil {
			c[n.wiring.Nodes[l].Name] = Clamp{Values: values}
		}
	}
	return c
}

// held returns which nodes are fixed as a whole, and which have a mask: those fixed in
// part, and those of which what is free is missing data.
func (n *Network) held(c []Clamp) (clamped, masked []bool) {
	clamped, masked = make([]bool, len(c)), make([]bool, len(c))
	for l, v := range c {
		clamped[l], masked[l] = v.whole(), v.Fixed != nil
	}
	n.maskMissing(clamped, masked)
	return clamped, masked
}

// maskMissing adds the nodes of which what is free is missing data to those with a mask.
func (n *Network) maskMissing(clamped, masked []bool) {
	for i, l := range n.wiring.Of {
		masked[l] = masked[l] || !clamped[l] && !n.wiring.Predictions[i].Energy.Settles()
	}
}

// check returns the clamps by node, and the number of examples, or what is wrong with
// them.
func (n *Network) check(of Clamps) (c []Clamp, rows int, err error) {
	c = make([]Clamp, len(n.sizes))
	for name, v := range of {
		l, ok := n.numbers[name]
		if !ok {
			return nil, 0, fmt.Errorf("model: clamps: must be of nodes %s, got %q", strings.Join(n.Nodes(), ", "), name)
		}
		c[l] = v
	}
	rows = -1
	dt, first := n.cfg.Dtype.Tensor(), 0
	name := func(l int) string { return n.wiring.Nodes[l].Name }
	for l, v := range c {
		switch {
		case v.Values != nil:
			if err := dense.Check(v.Values, dt, rows, n.sizes[l]); err != nil {
				if rows > 0 {
					err = fmt.Errorf("%w: that of %s has %d examples", err, name(first), rows)
				}
				return nil, 0, fmt.Errorf("model: clamp of %s: values: %w", name(l), err)
			}
			for i := notFinite(v.Values, 0); i >= 0; i = notFinite(v.Values, i+1) {
				if !v.missing(i) {
					return nil, 0, fmt.Errorf("model: clamp of %s: must hold finite numbers, got %v at [%d, %d]", name(l), dense.At(v.Values, i), i/n.sizes[l], i%n.sizes[l])
				}
			}
			if rows < 0 {
				rows, first = v.Values.Shape()[0], l
			}
		case v.Fixed != nil:
			return nil, 0, fmt.Errorf("model: clamp of %s: must have values beside a mask, got none", name(l))
		}
	}
	if rows < 0 {
		return nil, 0, fmt.Errorf("model: clamps: must fix at least one node, got none")
	}
	for l, node := range n.wiring.Nodes {
		if node.Past != "" && !c[l].whole() { // nothing has been
			c[l] = Clamp{Values: tensor.New(tensor.Of(dt), tensor.WithShape(rows, n.sizes[l]))}
		}
	}
	for l, v := range c {
		if v.Fixed != nil && dense.Check(v.Fixed, dense.Float(v.Fixed), 1, n.sizes[l]) != nil {
			if err := dense.Check(v.Fixed, dense.Float(v.Fixed), rows, n.sizes[l]); err != nil {
				return nil, 0, fmt.Errorf("model: clamp of %s: fixed: %w, or for all examples (1, %d)", name(l), err, n.sizes[l])
			}
		}
		if v.Start != nil {
			if err := dense.Check(v.Start, dt, rows, n.sizes[l]); err != nil {
				return nil, 0, fmt.Errorf("model: clamp of %s: start: %w: that of %s has %d examples", name(l), err, name(first), rows)
			}
			if i := notFinite(v.Start, 0); i >= 0 {
				return nil, 0, fmt.Errorf("model: clamp of %s: start: must hold finite numbers, got %v at [%d, %d]", name(l), dense.At(v.Start, i), i/n.sizes[l], i%n.sizes[l])
			}
		}
	}
	for i, l := range n.wiring.Of {
		k := n.terms[i].energy
		if n.wiring.Predictions[i].Energy.Settles() || c[l].Values == nil {
			continue
		}
		high, what := math.MaxFloat32, ">= 0"
		if k == Bernoulli {
			high, what = 1, "from 0 to 1"
		}
		for at := outside(c[l].Values, high, 0); at >= 0; at = outside(c[l].Values, high, at+1) {
			if d := n.sizes[l]; !c[l].missing(at) {
				return nil, 0, fmt.Errorf("model: clamp of %s: values[%d, %d]: must be %s at a %v node, got %v", name(l), at/d, at%d, what, k, dense.At(c[l].Values, at))
			}
		}
	}
	return c, rows, nil
}

// missing reports whether element i of the values is of a free unit.
func (c Clamp) missing(i int) bool {
	return c.Fixed != nil && dense.At(c.Fixed, i%c.Fixed.Shape().TotalSize()) == 0
}

// mass returns the largest sum of an example's fixed units, 0 where none is.
func (c Clamp) mass() float64 {
	if c.Values == nil {
		return 0
	}
	highest, d := 0.0, c.Values.Shape()[1]
	for lo := 0; lo < c.Values.Shape().TotalSize(); lo += d {
		sum := 0.0
		for i := lo; i < lo+d; i++ {
			if !c.missing(i) {
				sum += dense.At(c.Values, i)
			}
		}
		highest = max(highest, sum)
	}
	return highest
}

// freeUnits sets m, of the shape of c's values, to 1 where a unit is free and 0
// where it is fixed.
func (c Clamp) freeUnits(m *tensor.Dense) error {
	fixed := c.Fixed.Shape().TotalSize()
	for i := range m.Shape().TotalSize() {
		x := dense.At(c.Fixed, i%fixed)
		if x != 0 && x != 1 {
			return fmt.Errorf("fixed: must hold 0 and 1, got %v", x)
		}
		dense.Set(m, i, 1-x)
	}
	return nil
}
