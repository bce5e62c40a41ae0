package model

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Energy returns the network's energy with the nodes clamped that c fixes, as an
// expression graph of its own: to look at, to draw, or to run on any of Gorgonia's
// machines. Parameters are bound; latents and masks are not.
func (n *Network) Energy(c Clamps) (*graph.Energy, error) {
	clamps, rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	var f form
	f.clamped, f.masked = n.held(clamps)
	return n.build(f, rows)
}

// Allows returns why a method of settling is not for the network, nil where it is. Data and
// labels are fixed, but for the nodes that are named free.
func (c Config) Allows(m Method, free ...string) error { return c.allows(form{method: m}, free) }

func (c Config) allows(f form, free []string) error {
	n, err := plan(c)
	if err != nil {
		return err
	}
	f.clamped, f.masked = make([]bool, len(n.sizes)), make([]bool, len(n.sizes))
	for _, l := range []int{n.input, n.target} {
		f.clamped[l] = !slices.Contains(free, n.wiring.Nodes[l].Name)
	}
	for l := range n.sizes {
		f.clamped[l] = f.clamped[l] || n.wiring.Nodes[l].Past != ""
	}
	n.maskMissing(f.clamped, f.masked)
	_, err = n.build(f, 1)
	return err
}

// Allowed returns m where it is for the network, and else error-coordinates, which is for
// all. See [Config.Allows].
func (c Config) Allowed(m Method, free ...string) Method {
	if !c.Chain() && c.Allows(m, free...) != nil { // a chain allows all
		return ErrorCoordinates
	}
	return m
}

// build makes the energy for batches of rows examples and binds the parameters.
func (n *Network) build(f form, rows int) (*graph.Energy, error) {
	s := n.wiring.Spec
	moves := f.method.moves()
	s.Batch, s.Steps, s.Follow, s.Noise = rows, moves.Form, moves.Turns != nil, f.noisy
	s.Nodes, s.Predictions = slices.Clone(s.Nodes), slices.Clone(s.Predictions)
	for l := range s.Nodes {
		s.Nodes[l].Clamped, s.Nodes[l].Masked = f.clamped[l], f.masked[l]
	}
	for i := range s.Predictions {
		s.Predictions[i].Precise, s.Predictions[i].Gram = n.terms[i].precision != nil, f.gram != nil && f.gram[i]
	}
	e, err := graph.Build(s)
	if err != nil {
		return nil, err
	}
	return e, n.bind(e)
}

// bind gives a graph the parameters and precisions that the network has.
func (n *Network) bind(e *graph.Energy) (err error) {
	let := func(node *G.Node, value *tensor.Dense) {
		if node != nil && value != nil && node.Value() != G.Value(value) && err == nil {
			if err = G.Let(node, value); err != nil {
				err = fmt.Errorf("model: %s: %w", node.Name(), err)
			}
		}
	}
	for i, t := range e.Terms {
		for j, edge := range t.Edges {
			for k, x := range n.terms[i].edges[j] {
				let(edge.Parameters[k], x)
			}
		}
		let(t.Bias, n.terms[i].bias)
		let(t.Precision, n.terms[i].precision)
	}
	return err
}
