package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Builder adds operations to a graph, until one fails: what it makes after that is nil,
// and Err says why.
type Builder struct{ Err error }

// Apply adds an operation under a name.
func (b *Builder) Apply(name string, o *Op, in ...*G.Node) *G.Node {
	if b.Err != nil {
		return nil
	}
	n, err := G.ApplyOpWithName(o, name, in...)
	if err != nil {
		b.Err = fmt.Errorf("graph: %s: %w", name, err)
	}
	return n
}

// Derive returns the derivative of out times grad by each of the nodes at, nil where it
// does not depend on one: by the operations' own derivatives, as Gorgonia's Grad has
// them, but from a gradient that is given.
func (b *Builder) Derive(out, grad *G.Node, at G.Nodes) G.Nodes {
	sums := make(G.Nodes, len(at))
	var back func(n, grad *G.Node)
	back = func(n, grad *G.Node) {
		for i, v := range at {
			if n == v && sums[i] == nil {
				sums[i] = grad
				return
			} else if n == v {
				sums[i] = b.Apply(fmt.Sprintf("%s + %s", sums[i].Name(), grad.Name()), Sum(2), sums[i], grad)
				return
			}
		}
		o, ok := n.Op().(*Op)
		if !ok || o.Wrt == "" || b.Err != nil {
			return
		}
		in := Children(n)
		grads, err := o.Derivative(in, n, grad)
		if err != nil {
			b.Err = err
			return
		}
		for i, g := range grads {
			if g != nil {
				back(in[i], g)
			}
		}
	}
	if out != nil && grad != nil {
		back(out, grad)
	}
	return sums
}
