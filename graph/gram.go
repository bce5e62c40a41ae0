package graph

import (
	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// GramForm reports whether the energy of prediction i, clamps and precision apart, can be
// written in Gram form.
func (w *Wiring) GramForm(i int) bool {
	p := &w.Predictions[i]
	return len(p.Edges) == 1 && p.Weight == 1 && p.Bias &&
		p.Energy == Gaussian && p.After == feature.Feature(feature.Identity) && p.Edges[0].Map == linear.Map(linear.Dense{}) && p.Edges[0].Scale == 1 && len(w.From[i][0]) == 1
}

// GramPays reports whether the Gram form of an energy, of a clamped node of n units under
// a free one of k, takes fewer operations than the plain one over a batch of rows examples
// that settles for so many steps, the weights changing after each batch.
func GramPays(n, k, rows, steps int) bool {
	d, f, b, t := float64(n), float64(k), float64(rows), float64(steps)
	plain := t * 2 * b * d * f        // a prediction and a pullback a step
	gram := t*b*f*f + d*f*f + 2*b*d*f // a product with G; G, A, and the errors at the end
	return gram < plain
}

// gram returns the energy of prediction i in Gram form: see op.Gram.
func (e *Energy) gram(i int, b *op.Builder) *G.Node {
	t := &e.Terms[i]
	of, x, f, weight := e.wiring.Predictions[i].Of, e.Latents[e.wiring.Of[i]], t.Edges[0].Feature, t.Edges[0].Parameters[0]
	centred := b.Apply(of+"−bias", op.Center(), x, t.Bias)
	along := b.Apply("A "+of, op.Pullback(), centred, weight)
	c := b.Apply("c "+of, op.Gaussian(1, false), centred)
	h := b.Apply("h "+of, op.GramGradient(), f, b.Apply("G "+of, op.Gram(1), weight), along)
	return b.Apply("E "+of+" (Gram)", op.GramEnergy(), f, h, along, c)
}
