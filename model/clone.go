package model

import (
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// Clone returns a network with the same parameters, the tensors themselves, and latents,
// machines and metadata of its own. Several goroutines may settle, predict and generate at once,
// each with a clone. None may change parameters or precisions meanwhile; after a
// change, which all clones see, each has to be told by [Network.Changed].
func (n *Network) Clone() *Network {
	c := *n
	c.sharing = nil // calls of several goroutines have no order
	c.norms, c.older, c.workshop, c.metadata = n.norms.clone(n), n.older.clone(), newWorkshop(), maps.Clone(n.metadata)
	return &c
}

// As returns a copy of n whose weights and latents are of type d: in float64 what
// the weights of a float32 network mean, without the rounding of float32. All that n
// is comes along, and as of type d as n's own it settles to the same bits; what is
// done to the one from then on is not done to the other.
func (n *Network) As(d Dtype) (*Network, error) {
	cfg := n.Config()
	cfg.Dtype = d
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	c := n.Clone()
	c.cfg = cfg
	wiring := *n.wiring
	wiring.Dtype = d.Tensor()
	c.wiring = &wiring
	done := map[*tensor.Dense]*tensor.Dense{nil: nil} // what is shared stays shared
	converted := func(t *tensor.Dense) *tensor.Dense {
		if _, ok := done[t]; !ok {
			done[t] = dense.Copy(tensor.New(tensor.Of(d.Tensor()), tensor.WithShape(t.Shape()...)), t)
		}
		return done[t]
	}
	c.terms = slices.Clone(n.terms)
	for i := range c.terms {
		t := &c.terms[i]
		t.bias, t.precision, t.log = converted(t.bias), converted(t.precision), converted(t.log)
		t.edges = slices.Clone(t.edges)
		for j, theta := range t.edges {
			t.edges[j] = nil
			for _, x := range theta {
				t.edges[j] = append(t.edges[j], converted(x))
			}
		}
	}
	for _, k := range c.older.kept {
		if k != nil {
			k.value = converted(k.value)
		}
	}
	c.list()
	c.norms = n.norms.clone(c)
	return c, nil
}
