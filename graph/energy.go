package graph

import (
	"fmt"
	"strings"
	"sync"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// Energy is the energy of a network as an expression graph, and its nodes by what they
// are in the network.
type Energy struct {
	Spec  Spec         // as given, with defaults, predictions by their node and edges by their source
	Graph *G.ExprGraph // of all that follows

	Latents   G.Nodes // v by node, (B, d)
	Masks     G.Nodes // by node, (B, d): 1 where the unit is free, 0 where it is fixed; nil where the node has none
	Terms     []Term  // by prediction
	Energies  G.Nodes // by node, scalar: its predictions' terms and its prior; nil where it has none
	Total     *G.Node // E, scalar
	Gradients G.Nodes // ∂E/∂v by node, (B, d), 0 for fixed units; nil where the node is clamped or does not descend its energy
	Steps     G.Nodes // by node, (B, d), of the form that the Spec asks for; nil where there is no gradient or it asks for none
	Noise     G.Nodes // by node, (B, d): see Shard.Noise; nil where there is no step or the Spec asks for none

	// Followers are, by node, those of which the free units are to be put on their prediction
	// behind each turn of the others: see Spec.Follow.
	Followers []bool

	// Older are, by parameter and precision of which steps divide by the curvature, the
	// inputs that it is made of in their place: it may be that of parameters as they once
	// were. One without a value has the parameter's.
	Older map[*G.Node]*G.Node

	wiring     *Wiring
	inputs     map[string]bool // names of inputs
	plain      G.Nodes         // Energies without the Gram form
	frozen     G.Nodes         // parameters, biases and precisions
	pulled     G.Nodes         // by prediction: see Machine.Pulled
	deviations G.Nodes         // by node, with ErrorSteps: v − μ of its first prediction; nil where there is no step or no prediction
	fixed      fixed
}

// Term is a prediction and its part of the energy.
type Term struct {
	Edges      []Summand // in the order of Prediction.Edges
	Bias       *G.Node   // b, (d) or (channels); nil for none
	Precision  *G.Node   // Π, (d); nil where it is 1
	Sum        *G.Node   // Σ a M(θ) ψ + b, (B, m): m is d, unless g changes the shape
	Prediction *G.Node   // μ = g(Sum), (B, d), or what a node energy makes of it
	Error      *G.Node   // ε, (B, d)
	// Delta is δ = −∂E/∂Sum, (B, m): w Π ε, pulled back through g. The Hebbian update of
	// an edge is a δ ⊗ ψ / B, and of the bias the mean of δ.
	Delta  *G.Node
	Energy *G.Node // scalar; in Gram form where the Spec says so
}

// Summand is an edge of a prediction.
type Summand struct {
	Feature    *G.Node // ψ, (B, k)
	Parameters G.Nodes // θ, as the map has them
	Product    *G.Node // M(θ) ψ, (B, m)
}

// building keeps graphs from being built at once: Gorgonia's Grad shares constants
// between them.
var building sync.Mutex

// Build writes down the energy of the network that s describes and its
// gradient by the free latents. Parameters, biases, precisions and latents are
// input nodes without values: bind them with [gorgonia.Let].
func Build(s Spec) (*Energy, error) {
	w, err := s.Wire()
	if err != nil {
		return nil, err
	}
	if err := w.checkClamps(); err != nil {
		return nil, err
	}
	building.Lock()
	defer building.Unlock()
	e := newEnergy(w)
	b := &op.Builder{}
	of := make([]parts, len(w.Nodes))
	shared := map[string]G.Nodes{}
	for i, p := range w.Predictions {
		plain, err := e.predict(i, shared, b)
		if err != nil {
			return nil, err
		}
		if !p.Guess {
			of[w.Of[i]].add(e.Terms[i].Energy, plain)
		}
	}
	for i, own := range w.Own {
		term := e.ownTerm(own, w.OwnOf[i], b)
		of[w.OwnOf[i][0]].add(term, term)
	}
	for l, n := range w.Nodes {
		if n.Prior > 0 {
			prior := b.Apply("prior "+n.Name, op.Gaussian(n.Prior, false), e.Latents[l])
			of[l].add(prior, prior)
		}
		e.Energies[l], e.plain[l] = total("E "+n.Name, of[l].energies, b), total("E "+n.Name, of[l].plain, b)
	}
	e.Total = total("E", some(e.Energies), b)
	if b.Err != nil {
		return nil, b.Err
	}
	if err := e.differentiate(b); err != nil {
		return nil, err
	}
	return e, b.Err
}

// newEnergy returns an energy with latents and masks, of which nothing is made yet.
func newEnergy(w *Wiring) *Energy {
	byNode := func() G.Nodes { return make(G.Nodes, len(w.Nodes)) }
	e := &Energy{
		Spec: w.Spec, Graph: G.NewGraph(), Followers: make([]bool, len(w.Nodes)), Older: map[*G.Node]*G.Node{}, wiring: w, inputs: map[string]bool{},
		Masks: byNode(), Gradients: byNode(), Steps: byNode(), Noise: byNode(), Energies: byNode(), plain: byNode(), deviations: byNode(),
		Terms: make([]Term, len(w.Predictions)), pulled: make(G.Nodes, len(w.Predictions)),
		fixed: fixed{errors: byNode(), steps: byNode(), deltas: make(G.Nodes, len(w.Predictions))},
	}
	for l, n := range w.Nodes {
		e.Latents = append(e.Latents, e.input(n.Name, w.Batch, n.Size()))
		if n.Masked {
			e.Masks[l] = e.input("mask "+n.Name, w.Batch, n.Size())
		}
	}
	return e
}

// parts are what a node's energy is the sum of, and the same without the Gram form.
type parts struct{ energies, plain G.Nodes }

func (p *parts) add(energy, plain *G.Node) {
	p.energies, p.plain = append(p.energies, energy), append(p.plain, plain)
}

// input adds an input of that shape to the graph. Gorgonia takes inputs of one name for
// one and the same: another one of that name, as of a second edge between two nodes, has
// a dash.
func (e *Energy) input(name string, shape ...int) *G.Node {
	for e.inputs[name] {
		name += "'"
	}
	e.inputs[name] = true
	if len(shape) == 1 {
		return G.NewVector(e.Graph, e.Spec.Dtype, G.WithShape(shape...), G.WithName(name))
	}
	return G.NewMatrix(e.Graph, e.Spec.Dtype, G.WithShape(shape...), G.WithName(name))
}

// total returns the sum of energies, which may be a single one, or none: nil.
func total(name string, energies G.Nodes, b *op.Builder) *G.Node {
	switch len(energies) {
	case 0:
		return nil
	case 1:
		return energies[0]
	}
	return b.Apply(name, op.Total(len(energies)), energies...)
}

// some returns those of nodes that are not nil.
func some(nodes G.Nodes) (of G.Nodes) {
	for _, n := range nodes {
		if n != nil {
			of = append(of, n)
		}
	}
	return of
}

// predict writes down prediction i and its energy, which it also returns without the
// Gram form.
func (e *Energy) predict(i int, shared map[string]G.Nodes, b *op.Builder) (plain *G.Node, err error) {
	w, t := e.wiring, &e.Terms[i]
	p := &w.Predictions[i]
	l := w.Of[i]
	of := p.Of
	if before := w.Before(i); before > 0 { // another prediction of the node
		of = fmt.Sprintf("%s (%d)", of, before+1)
	}
	var sum G.Nodes
	for j, edge := range p.Edges {
		var sources G.Nodes
		for _, from := range w.From[i][j] {
			sources = append(sources, e.Latents[from])
		}
		arrow := fmt.Sprintf("%s←%s", of, strings.Join(edge.From, ", "))
		part := Summand{Feature: edge.Feature.(buildsFeature).Build(b, w.sources(i, j), sources...)}
		if b.Err != nil {
			return nil, b.Err
		}
		if part.Parameters, err = e.parameters(edge, arrow, w.Features[i][j], w.Sums[i], shared); err != nil {
			return nil, fmt.Errorf("graph: prediction of %s from %s: %w", p.Of, strings.Join(edge.From, ", "), err)
		}
		x := edge.Map.(buildsMap).Build(b, arrow, part.Feature, part.Parameters, w.Features[i][j], w.Sums[i])
		part.Product = x
		if edge.Scale != 1 {
			x = b.Apply(fmt.Sprintf("%v %s", edge.Scale, arrow), op.Scale(edge.Scale), x)
		}
		t.Edges, sum = append(t.Edges, part), append(sum, x)
	}
	switch {
	case len(sum) == 1:
		t.Sum = sum[0]
	case len(sum) > 1:
		t.Sum = b.Apply("Σ "+of, op.Sum(len(sum)), sum...)
	}
	if p.Bias {
		t.Bias = e.input("bias "+of, w.Biases[i])
		e.frozen = append(e.frozen, t.Bias)
		t.Sum = b.Apply("μ "+of, op.Shift(), t.Sum, t.Bias)
	}
	if p.Precise {
		t.Precision = e.input("Π "+of, w.Nodes[l].Size())
		e.frozen = append(e.frozen, t.Precision)
	}
	mu := p.After.(buildsFeature).Build(b, []tensor.Shape{w.Sums[i]}, t.Sum)
	weight := p.Weight
	if p.Guess { // which has none in the network's energy, but is taught by one of its own
		weight = 1
	}
	p.Energy.write(of, t, e.Latents[l], mu, e.Masks[l], weight, b)
	if b.Err != nil {
		return nil, b.Err
	}
	t.Delta = b.Derive(mu, p.Energy.weighed(of, t, weight, b), G.Nodes{t.Sum})[0]
	plain = t.Energy
	if p.Gram {
		t.Energy = e.gram(i, b)
	}
	return plain, b.Err
}

// buildsFeature and buildsMap are what features and maps have beside their public
// methods, buildsBlock what maps have of which linear.HasBlock is true, and multiplies what
// features have of all products of a unit of each of two sources: how far apart in them each
// source's units stand.
type (
	buildsFeature interface {
		Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node
	}
	buildsMap interface {
		Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node
	}
	buildsBlock interface {
		Block(b *op.Builder, name string, precision *G.Node, theta G.Nodes) linear.Block
	}
	multiplies interface {
		Strides(in ...tensor.Shape) [2]int
	}
)

// parameters returns θ of an edge, made anew unless another edge shares them.
func (e *Energy) parameters(edge Edge, arrow string, psi, out tensor.Shape, shared map[string]G.Nodes) (G.Nodes, error) {
	if edge.Share != "" {
		if theta, known := shared[edge.Share]; known {
			return theta, nil
		}
		arrow = edge.Share
	}
	var theta G.Nodes
	for _, p := range edge.Map.Parameters(psi, out) {
		x := e.input(p.Name+" "+arrow, p.Shape...)
		if p.Value != nil {
			if p.Value.Dtype() != e.Spec.Dtype {
				return nil, fmt.Errorf("%v: %s: must be of %v, got %v", edge.Map, p.Name, e.Spec.Dtype, p.Value.Dtype())
			}
			if err := G.Let(x, p.Value); err != nil {
				return nil, err
			}
		}
		theta = append(theta, x)
	}
	e.frozen = append(e.frozen, theta...)
	if edge.Share != "" {
		shared[edge.Share] = theta
	}
	return theta, nil
}

// differentiate adds the gradients by the free latents, and the steps.
func (e *Energy) differentiate(b *op.Builder) error {
	var free G.Nodes
	var at []int
	for l, v := range e.Latents {
		if e.wiring.descends(l) {
			free, at = append(free, v), append(at, l)
		}
	}
	if len(free) == 0 {
		return nil
	}
	gradients, err := G.Grad(e.Total, free...)
	if err != nil {
		return fmt.Errorf("graph: gradient by the free latents: %w", err)
	}
	for i, l := range at {
		e.Gradients[l] = e.mask(l, gradients[i], b)
	}
	return e.addSteps(at, b)
}

// mask returns x, of node l's shape, with 0 for the units that are fixed.
func (e *Energy) mask(l int, x *G.Node, b *op.Builder) *G.Node {
	if e.Masks[l] == nil || x == nil {
		return x
	}
	return b.Apply("free part of "+e.Spec.Nodes[l].Name, op.Mask(), x, e.Masks[l])
}
