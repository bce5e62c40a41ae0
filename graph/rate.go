package graph

import G "gorgonia.org/gorgonia"

// rate is how often a node's value changes.
type rate uint8

const (
	rateWeights rate = iota // depends on weights only: once a weight change
	rateBatch               // depends on a clamped node: once a batch
	rateStep                // depends on a free latent: at each step
)

// rates gives each node of the graph its rate: an input's by its role, another
// node's the fastest of its inputs'. With oneRate all that is computed is computed
// at each step: see Handicap.
func rates(e *Energy, oneRate bool) map[*G.Node]rate {
	r := map[*G.Node]rate{}
	for l, v := range e.Latents {
		r[v] = rateStep
		if e.Spec.Clamped[l] {
			r[v] = rateBatch
		}
	}
	for _, m := range e.Masks {
		if m != nil {
			r[m] = rateBatch
		}
	}
	var of func(n *G.Node) rate
	of = func(n *G.Node) rate {
		if known, ok := r[n]; ok {
			return known
		}
		fastest := rateWeights
		for _, c := range children(n) {
			fastest = max(fastest, of(c))
		}
		if oneRate && fastest == rateBatch {
			fastest = rateStep
		}
		r[n] = fastest
		return fastest
	}
	for _, n := range e.Graph.AllNodes() {
		of(n)
	}
	return r
}

// children returns the inputs of n in the order of its operation's arguments.
func children(n *G.Node) G.Nodes {
	var in G.Nodes
	for it := n.Graph().From(n.ID()); it.Next(); {
		in = append(in, it.Node().(*G.Node))
	}
	return in
}
