package graph

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// checkNodes reports what is wrong with nodes, each by itself, and returns their numbers
// by name.
func (s Spec) checkNodes(faults *faults) (number map[string]int) {
	number = map[string]int{}
	if len(s.Nodes) == 0 {
		faults.of(-1, -1)("nodes: must name at least one, got none")
	}
	for i, n := range s.Nodes {
		bad := faults.of(i, -1)
		_, twice := number[n.Name]
		switch {
		case n.Name == "":
			bad("nodes[%d]: name: must not be empty", i)
		case twice:
			bad("nodes[%d]: name: must be of one node, got %q twice", i, n.Name)
		default:
			number[n.Name] = i
		}
		if len(n.Shape) == 0 || len(n.Shape) > 3 || slices.Min(n.Shape) <= 0 {
			bad("node %s: shape: must be one to three numbers > 0, got %v", n.Name, []int(n.Shape))
		}
		if !(n.Prior >= 0) || math.IsInf(n.Prior, 0) {
			bad("node %s: prior: must be a number >= 0, got %v", n.Name, n.Prior)
		}
		if n.Clamped && n.Masked {
			bad("node %s: masked: is for a free node", n.Name)
		}
	}
	return number
}

// checkBatch reports what is wrong with the form of the steps, the batch and the dtype.
func (s Spec) checkBatch(faults *faults) {
	bad := faults.of(-1, -1)
	if s.Steps < NoSteps || s.Steps > ErrorSteps {
		bad("steps: must be a known form, got %d", s.Steps)
	}
	if s.Batch <= 0 {
		bad("batch: must be > 0, got %d", s.Batch)
	}
	if s.Dtype != tensor.Float32 && s.Dtype != tensor.Float64 {
		bad("dtype: must be float32 or float64, got %s", dtypeName(s.Dtype))
	}
}

// dtypeName returns the name of a dtype, of which the zero value cannot print itself.
func dtypeName(dt tensor.Dtype) string {
	if dt.Type == nil {
		return "none"
	}
	return dt.String()
}

// checkNames reports where predictions name no nodes.
func (s Spec) checkNames(number map[string]int, faults *faults) {
	if len(s.Predictions) == 0 {
		faults.of(-1, -1)("predictions: must be at least one, got none")
	}
	names := func() string { return strings.Join(slices.Sorted(maps.Keys(number)), ", ") }
	for i, p := range s.Predictions {
		bad := faults.of(-1, i)
		if _, ok := number[p.Of]; !ok {
			bad("predictions[%d]: of: must be one of the nodes %s, got %q", i, names(), p.Of)
		}
		for _, e := range p.Edges {
			for _, name := range e.From {
				if _, ok := number[name]; !ok {
					bad("prediction of %s: from: must be of the nodes %s, got %q", p.Of, names(), name)
				}
			}
			if len(e.From) == 0 {
				bad("prediction of %s: from: must name a node, got none", p.Of)
			}
		}
	}
}

// checkOwn reports what is wrong with own terms, and looks their nodes up.
func (w *Wiring) checkOwn(number map[string]int, faults *faults) {
	bad := faults.of(-1, -1)
	for i, own := range w.Own {
		if _, err := ParseTerm(own.Term); err != nil {
			bad("own[%d]: term: %v", i, err)
		}
		var nodes []int
		for _, name := range own.Nodes {
			l, ok := number[name]
			if !ok {
				bad("own[%d]: nodes: must be nodes, got %q", i, name)
			}
			nodes = append(nodes, l)
		}
		if len(nodes) == 0 {
			bad("own[%d]: nodes: must name one, got none", i)
		}
		w.OwnOf = append(w.OwnOf, nodes)
	}
}

// checkUse reports nodes that no prediction is of or from and that have no prior.
func (w *Wiring) checkUse(faults *faults) {
	for l, n := range w.Nodes {
		used := n.Prior != 0 || n.Past != ""
		for i := range w.Of {
			used = used || w.ways(i, l) > 0
		}
		if !used {
			faults.of(l, -1)("node %s: must predict another, or be predicted", n.Name)
		}
	}
}

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
		p.Weight = 0 // in the energy, and in all that bounds its curvature
	}
	if p.Precise && p.Energy != Gaussian {
		bad("prediction of %s: precise: is for a Gaussian energy, got %v", p.Of, p.Energy)
	}
	if p.Gram && !(w.GramForm(i) && node.Clamped && !w.Nodes[w.From[i][0][0]].Clamped && !p.Precise) {
		bad("prediction of %s: gram: is for a clamped Gaussian node without precision, of one free source and a dense map", p.Of)
	}
}

// checkClamps returns what is wrong with what is clamped, for an energy that is to be
// built.
func (w *Wiring) checkClamps() error {
	var errs []error
	for i, p := range w.Predictions {
		node := w.Nodes[w.Of[i]]
		if !p.Energy.Settles() && !node.Clamped && !node.Masked {
			errs = append(errs, fmt.Errorf("graph: node %s: masked: must be set where a node of %v energy is free: a mask of what is missing", node.Name, p.Energy))
		}
	}
	return errors.Join(errs...)
}
