package model

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// What a method divides by, such as H⁻¹, only speeds settling up: any that is not too small
// leads downhill. So while a network learns it is not made anew after each change of the
// weights, but when these have moved by a share, Inference.Lag, from what it was last made
// of; and at once where the guard has found a rise (see settle). Its inputs are kept here,
// and not itself: so whichever machine makes it, whenever, comes to the same bits.

// older are parameters as curvature was last made of them, by number (see parts); nil
// where none was. A network and its Settlings have them in common.
type older struct{ kept []*kept }

// kept is a parameter, or a precision, as it once was.
type kept struct {
	value   *tensor.Dense // a copy, which nobody changes
	norm2   float64       // of it, squared
	version int           // of the network that it is of
	looked  int           // the version of which moved2 is
	moved2  float64       // by how much the parameter had moved from it by then, squared
}

// part is a parameter, or a precision, that the curvature in a settler's machine is made of.
type part struct {
	number                  int
	node                    *G.Node // of the energy
	prediction, edge, index int     // edge is −1 for the precision
	version                 int     // of what the machine has made of it; −1 for nothing
}

// everyPart returns all that curvature can be made of, θ of all edges and the precisions,
// in the order of their numbers.
func (n *Network) everyPart() (parts []part) {
	add := func(i, j, k int) {
		parts = append(parts, part{number: len(parts), prediction: i, edge: j, index: k, version: -1})
	}
	for i, t := range n.terms {
		for j, theta := range t.edges {
			for k := range theta {
				add(i, j, k)
			}
		}
		add(i, -1, 0)
	}
	return parts
}

// parts returns those of which the curvature of an energy is made, shared ones once.
func (n *Network) parts(e *graph.Energy) (parts []part) {
	seen := map[*G.Node]bool{}
	for _, p := range n.everyPart() {
		t := &e.Terms[p.prediction]
		x := t.Precision
		if p.edge >= 0 {
			x = t.Edges[p.edge].Parameters[p.index]
		}
		if p.node = e.Older[x]; p.node != nil && !seen[p.node] {
			seen[p.node] = true
			parts = append(parts, p)
		}
	}
	return parts
}

// of returns the parameter as n has it.
func (p *part) of(n *Network) *tensor.Dense {
	if p.edge < 0 {
		return n.terms[p.prediction].precision
	}
	return n.terms[p.prediction].edges[p.edge][p.index]
}

// at returns a part as it is to stand in the curvature where it may lag by so much: a copy
// that is no older.
func (o *older) at(n *Network, p *part, lag float64) *kept {
	for len(o.kept) <= p.number {
		o.kept = append(o.kept, nil)
	}
	k, x := o.kept[p.number], p.of(n)
	if k == nil || k.version != n.version && !(k.moved(n.version, x) <= lag*lag*k.norm2) {
		return o.renew(n, p)
	}
	return k
}

// renew keeps a part as it is now.
func (o *older) renew(n *Network, p *part) *kept {
	o.kept[p.number] = keep(p.of(n), n.version)
	return o.kept[p.number]
}

// keep returns x as it is now, of that version.
func keep(x *tensor.Dense, version int) *kept {
	return &kept{value: clone(x), norm2: dense.Dot(x, x), version: version, looked: -1}
}

// moved returns the squared distance of x, of that version, from what is kept.
func (k *kept) moved(version int, x *tensor.Dense) float64 {
	if k.looked != version {
		k.looked, k.moved2 = version, dense.Dot(x, x)-2*dense.Dot(x, k.value)+k.norm2
	}
	return k.moved2
}

// clone returns a copy for another network.
func (o *older) clone() *older {
	c := &older{kept: slices.Clone(o.kept)}
	for i, k := range c.kept {
		if k != nil {
			of := *k
			c.kept[i] = &of
		}
	}
	return c
}

// bindOlder gives the machine what its curvature is to be made of, exactly the parameters
// where lag is 0, and returns what of it has not changed.
func (s *settler) bindOlder(n *Network, lag float64) (still []*G.Node, err error) {
	for i := range s.parts {
		p := &s.parts[i]
		x, version := p.of(n), n.version
		if lag > 0 {
			k := n.older.at(n, p, lag)
			x, version = k.value, k.version
		}
		if p.version == version {
			still = append(still, p.node)
		}
		if p.version = version; p.node.Value() == G.Value(x) {
			continue
		}
		if err := G.Let(p.node, x); err != nil {
			return nil, fmt.Errorf("model: %s: %w", p.node.Name(), err)
		}
	}
	return still, nil
}

// lags reports whether the machine's curvature is of other parameters than n has.
func (s *settler) lags(n *Network) bool {
	for i := range s.parts {
		if s.parts[i].version != n.version {
			return true
		}
	}
	return false
}

// renew has the curvature made anew the next time that it is asked for.
func (s *settler) renew(n *Network) {
	for i := range s.parts {
		n.older.renew(n, &s.parts[i])
	}
}

// stateOlder names what is kept in a network's state.
const stateOlder = "curvature_of"

func olderState(number int) string { return fmt.Sprintf("%s.%d", stateOlder, number) }

// state adds what is kept to s.
func (o *older) state(s *State) {
	for i, k := range o.kept {
		if k != nil {
			s.SetTensor(olderState(i), k.value)
		}
	}
}

// setOlder has n keep copies of what s has, as of a version that its parameters never have.
func (n *Network) setOlder(s State) error {
	var all []*kept
	n.version++
	for _, p := range n.everyPart() {
		t, x := s.Tensors[olderState(p.number)], p.of(n)
		if t == nil || x == nil {
			all = append(all, nil)
			continue
		}
		if err := dense.Check(t, x.Dtype(), x.Shape()...); err != nil {
			return fmt.Errorf("%s: %w", olderState(p.number), err)
		}
		all = append(all, keep(t, n.version))
	}
	n.older.kept = all
	return nil
}
