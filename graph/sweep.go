package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/internal/vec"
)

// sweep is the work of going through the free nodes one after the other, each
// moving before the next looks: for each turn what its step needs and what has
// moved since it was last computed. What a node's neighbours left untouched is
// not computed again.
type sweep[T vec.Float] struct {
	begin []kernel[T]   // what Shard.Errors computes, less what predicting all latents has
	first [][]kernel[T] // by turn, of the first sweep after that
	again [][]kernel[T] // by turn, of each later sweep
}

// sweep follows which values are out of date while the latents are predicted, from
// the top down, and through two sweeps, in which the nodes of order take a turn each.
func (c *lowerer[T]) sweep(e *Energy, order []int) (s sweep[T], err error) {
	fresh := map[*G.Node]bool{}
	users := map[*G.Node]G.Nodes{} // what is computed from a node
	var compute func(n *G.Node, into *[]kernel[T]) error
	compute = func(n *G.Node, into *[]kernel[T]) error {
		if n == nil || fresh[n] {
			return nil
		}
		l, err := c.lower(n)
		if err != nil {
			return err
		}
		for _, d := range l.deps {
			if err := compute(d, into); err != nil {
				return err
			}
			users[d] = append(users[d], n)
		}
		fresh[n] = true
		if l.kernel != nil && c.rates[n] == rateStep {
			*into = append(*into, l.kernel)
		}
		return nil
	}
	var stale func(n *G.Node)
	stale = func(n *G.Node) {
		for _, user := range users[n] {
			if fresh[user] {
				delete(fresh, user)
				stale(user)
			}
		}
	}

	var predicted []kernel[T]
	for l := len(e.Predictions) - 1; l >= 0; l-- {
		if !e.Spec.Clamped[l] {
			if err := compute(e.Predictions[l], &predicted); err != nil {
				return s, err
			}
			stale(e.Latents[l])
		}
	}
	for _, n := range slices.Concat(e.Errors, e.Activations, e.Plain) {
		if err := compute(n, &s.begin); err != nil {
			return s, err
		}
	}
	for _, lists := range []*[][]kernel[T]{&s.first, &s.again} {
		for _, l := range order {
			var turn []kernel[T]
			if err := compute(e.Steps[l], &turn); err != nil {
				return s, err
			}
			*lists = append(*lists, turn)
			stale(e.Latents[l])
		}
	}
	return s, nil
}
