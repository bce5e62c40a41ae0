package graph

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// parameters are those that edges have in common, of the first edge that has them.
type parameters struct {
	edge string
	of   []linear.Parameter
}

// checkPrediction reports what is wrong with prediction i, and fills in its defaults.
func (w *Wiring) checkPrediction(i int, shared map[string]parameters, bad func(format string, a ...any)) {
	p := &w.Predictions[i]
	node := w.Nodes[w.Of[i]]
	if len(p.Edges) == 0 {
		bad("prediction of %s: edges: must be at least one, got none", p.Of)
	}
	p.Energy = cmp.Or(p.Energy, Gaussian)
	p.After = feature.Default(p.After)
	w.Features, w.Sums, w.Biases = append(w.Features, make([]tensor.Shape, len(p.Edges))), append(w.Sums, nil), append(w.Biases, 0)
	if p.Weight = cmp.Or(p.Weight, 1); !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
		bad("prediction of %s: weight: must be a number > 0, got %v", p.Of, p.Weight)
	}
	for j := range p.Edges {
		e := &p.Edges[j]
		where := fmt.Sprintf("prediction of %s from %s", p.Of, strings.Join(e.From, ", "))
		e.Feature, e.Map = feature.Default(e.Feature), linear.Default(e.Map)
		if e.Scale = cmp.Or(e.Scale, 1); math.IsNaN(e.Scale) || math.IsInf(e.Scale, 0) {
			bad("%s: scale: must be a number, got %v", where, e.Scale)
		}
		if slices.Contains(w.From[i][j], w.Of[i]) && !e.Feedback {
			bad("%s: must not predict itself but by feedback", where)
		}
		psi, err := e.Feature.Shape(w.sources(i, j)...)
		if err != nil {
			bad("%s: feature: %v", where, err)
			continue
		}
		out, err := e.Map.Out(psi, node.Shape)
		if err != nil {
			bad("%s: map: %v", where, err)
			continue
		}
		w.Features[i][j] = psi
		if w.Sums[i] == nil {
			w.Sums[i], w.Biases[i] = out, e.Map.Biases(out)
		} else if !out.Eq(w.Sums[i]) {
			bad("%s: map: must have a product of shape %v, as another edge's, got %v", where, w.Sums[i], out)
		}
		w.Biases[i] = min(w.Biases[i], e.Map.Biases(out))
		of := e.Map.Parameters(psi, out)
		if e.Share == "" {
			continue
		}
		first, known := shared[e.Share]
		if !known {
			shared[e.Share] = parameters{where, of}
		} else if shapes(of) != shapes(first.of) {
			bad("%s: share: must have the parameters %q of the %s, %s, got %s", where, e.Share, first.edge, shapes(first.of), shapes(of))
		}
	}
	if sum := w.Sums[i]; sum != nil {
		if after, err := p.After.Shape(sum); err != nil {
			bad("prediction of %s: after: %v", p.Of, err)
		} else if !after.Eq(node.Shape) {
			bad("prediction of %s: after: must make the node's shape, %v, of %v, got %v", p.Of, node.Shape, sum, after)
		}
	}
	if p.Guess {
		if p.Energy != Gaussian || p.After != feature.Feature(feature.Identity) || p.Precise || p.Weight != 1 {
			bad("prediction of %s: guess: must be Gaussian, with nothing after it, weight 1 and no precision", p.Of)
		}
		p.Weight = 0
	}
	if p.Precise && p.Energy != Gaussian {
		bad("prediction of %s: precise: is for a Gaussian energy, got %v", p.Of, p.Energy)
	}
	if p.Gram && !(w.GramForm(i) && node.Clamped && !w.Nodes[w.From[i][0][0]].Clamped && !p.Precise) {
		bad("prediction of %s: gram: is for a clamped Gaussian node without precision, of one free source and a dense map", p.Of)
	}
}
