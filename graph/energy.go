package graph

import (
	"errors"
	"fmt"
	"math"
	"sync"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Spec says which energy to build. Node l runs from 0, the bottom, to L, the
// top; layer i = 0..L-1 predicts node i from node i+1.
type Spec struct {
	Sizes       []int        // d_0..d_L, bottom to top
	Activations []Activation // φ of node i+1, for each layer i
	Clamped     []bool       // for each node: it is data, not a free latent
	Masked      []bool       // for each free node: some of its units are fixed, by a mask; nil for none
	Energies    []NodeEnergy // for each layer: the form of node i's energy; nil for Gaussian throughout
	Precise     []bool       // for each layer: node i's energy has a precision; nil for none
	Prior       float64      // α of the activity prior ½ α ‖v_l‖² of each node between bottom and top, 0 for none
	Gram        []bool       // for each layer: write node i's energy in Gram form; nil for none
	Steps       StepForm     // the steps that free nodes are given beside their gradients
	Batch       int          // examples, the rows of each latent
	Dtype       tensor.Dtype // tensor.Float32 or tensor.Float64
}

func (s *Spec) validate() error {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf("graph: "+format, a...)) }
	if len(s.Sizes) < 2 {
		bad("sizes: must name at least 2 nodes, got %d", len(s.Sizes))
	}
	for l, d := range s.Sizes {
		if d <= 0 {
			bad("sizes[%d]: must be > 0, got %d", l, d)
		}
	}
	if layers := max(len(s.Sizes)-1, 0); len(s.Activations) != layers {
		bad("activations: must be one for each of the %d layers, got %d", layers, len(s.Activations))
	} else if s.Precise != nil && len(s.Precise) != layers {
		bad("precise: must be one for each of the %d layers, got %d", layers, len(s.Precise))
	}
	if s.Gram != nil && len(s.Gram) != max(len(s.Sizes)-1, 0) {
		bad("gram: must be one for each of the %d layers, got %d", max(len(s.Sizes)-1, 0), len(s.Gram))
	} else if s.Gram != nil && len(s.Clamped) == len(s.Sizes) {
		for i, g := range s.Gram {
			if g && (!s.Clamped[i] || s.Clamped[i+1] || s.Precise != nil && s.Precise[i] || s.energy(i) != Gaussian) {
				bad("gram[%d]: is for a clamped Gaussian node without precision, below a free one", i)
			}
		}
	}
	for i, a := range s.Activations {
		if a == nil {
			bad("activations[%d]: must not be nil", i)
		}
	}
	if len(s.Clamped) != len(s.Sizes) {
		bad("clamped: must be one for each of the %d nodes, got %d", len(s.Sizes), len(s.Clamped))
	}
	if s.Masked != nil && len(s.Masked) != len(s.Sizes) {
		bad("masked: must be one for each of the %d nodes, got %d", len(s.Sizes), len(s.Masked))
	} else if s.Masked != nil && len(s.Clamped) == len(s.Sizes) {
		for l, m := range s.Masked {
			if m && s.Clamped[l] {
				bad("masked[%d]: is for a free node", l)
			}
		}
	}
	if s.Steps < NoSteps || s.Steps > ErrorSteps {
		bad("steps: unknown form %d", s.Steps)
	}
	if s.Energies != nil && len(s.Energies) != max(len(s.Sizes)-1, 0) {
		bad("energies: must be one for each of the %d layers, got %d", max(len(s.Sizes)-1, 0), len(s.Energies))
	}
	for i, k := range s.Energies {
		switch {
		case k < 0 || int(k) >= len(nodeEnergies):
			bad("energies[%d]: must be one of %v, got %d", i, nodeEnergies, int(k))
		case k == Gaussian:
		case i != 0:
			bad("energies[%d]: %v is for the bottom node", i, k)
		case len(s.Precise) > 0 && s.Precise[0]:
			bad("precise[0]: a %v energy has no precision", k)
		case len(s.Clamped) == len(s.Sizes) && !s.Clamped[0] && (s.Masked == nil || !s.Masked[0]):
			bad("masked[0]: a %v node that is free wants a mask of what is missing", k)
		}
	}
	if !(s.Prior >= 0) || math.IsInf(s.Prior, 0) {
		bad("prior: must be a number >= 0, got %v", s.Prior)
	}
	if s.Batch <= 0 {
		bad("batch: must be > 0, got %d", s.Batch)
	}
	if s.Dtype != tensor.Float32 && s.Dtype != tensor.Float64 {
		bad("dtype: must be float32 or float64, got %v", s.Dtype)
	}
	return errors.Join(errs...)
}

// energy returns the form of node i's energy.
func (s *Spec) energy(i int) NodeEnergy {
	if i < len(s.Energies) {
		return s.Energies[i]
	}
	return Gaussian
}

// descends reports whether node l has a gradient: it is free, and its energy is
// one that a free latent descends.
func (s *Spec) descends(l int) bool { return !s.Clamped[l] && s.energy(l).Settles() }

// Energy is the energy of a network as an expression graph, and its nodes by
// name. Slices by layer have L entries, slices by node L+1.
type Energy struct {
	Spec  Spec
	Graph *G.ExprGraph

	Latents     G.Nodes // v_l by node, (B, d_l)
	Weights     G.Nodes // W by layer, (d_i, d_{i+1})
	Biases      G.Nodes // b by layer, (d_i)
	Precisions  G.Nodes // Π by layer, (d_i); nil where it is 1
	Activations G.Nodes // φ(v_{i+1}) by layer, (B, d_{i+1})
	Predictions G.Nodes // μ_i by layer, (B, d_i), or what a node energy makes of it
	Errors      G.Nodes // ε_i by layer, (B, d_i)
	Terms       G.Nodes // energy of node i by layer, scalar, its prior included, in Gram form where the Spec says so
	Plain       G.Nodes // the same by layer, from the errors
	Total       *G.Node // E, scalar
	Masks       G.Nodes // by node, (B, d_l): 1 where the unit is free, 0 where it is fixed; nil where the node has none
	Gradients   G.Nodes // ∂E/∂v_l by node, (B, d_l), 0 for fixed units; nil where the node is clamped or does not descend its energy
	Steps       G.Nodes // by node, (B, d_l), of the form that the Spec asks for; nil where there is no gradient or it asks for none
}

// building keeps graphs from being built at once: Gorgonia's Grad shares constants
// between them.
var building sync.Mutex

// Build writes down the energy of the network that s describes and its
// gradient by the free latents. Weights, biases, precisions and latents are
// input nodes without values: bind them with [gorgonia.Let].
func Build(s Spec) (*Energy, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	building.Lock()
	defer building.Unlock()
	g := G.NewGraph()
	layers := len(s.Sizes) - 1
	e := &Energy{Spec: s, Graph: g,
		Precisions: make(G.Nodes, layers),
		Masks:      make(G.Nodes, layers+1),
		Gradients:  make(G.Nodes, layers+1),
	}
	for l, d := range s.Sizes {
		e.Latents = append(e.Latents, G.NewMatrix(g, s.Dtype, G.WithShape(s.Batch, d), G.WithName(fmt.Sprintf("v%d", l))))
		if s.Masked != nil && s.Masked[l] {
			e.Masks[l] = G.NewMatrix(g, s.Dtype, G.WithShape(s.Batch, d), G.WithName(fmt.Sprintf("M%d", l)))
		}
	}

	b := &builder{}
	for i := range layers {
		w := G.NewMatrix(g, s.Dtype, G.WithShape(s.Sizes[i], s.Sizes[i+1]), G.WithName(fmt.Sprintf("W%d", i+1)))
		bias := G.NewVector(g, s.Dtype, G.WithShape(s.Sizes[i]), G.WithName(fmt.Sprintf("b%d", i+1)))
		f := e.Latents[i+1]
		if s.Activations[i] != Identity {
			f = b.apply(fmt.Sprintf("φ(v%d)", i+1), newActivate(s.Activations[i]), f)
		}
		if s.Precise != nil && s.Precise[i] {
			e.Precisions[i] = G.NewVector(g, s.Dtype, G.WithShape(s.Sizes[i]), G.WithName(fmt.Sprintf("Π%d", i)))
		}
		mu := b.apply(fmt.Sprintf("μ%d", i), newAffine(), f, w, bias)
		node := s.energy(i).write(fmt.Sprint(i), e.Latents[i], mu, e.Precisions[i], e.Masks[i], b)
		with := func(energy *G.Node) *G.Node { return energy }
		if i > 0 && s.Prior > 0 {
			p := b.apply(fmt.Sprintf("prior%d", i), newPrior(s.Prior), e.Latents[i])
			with = func(energy *G.Node) *G.Node {
				return b.apply(fmt.Sprintf("E%d + prior", i), newTotal(2), energy, p)
			}
		}
		plain := with(node.energy)
		term := plain
		if s.Gram != nil && s.Gram[i] {
			gram := b.apply(fmt.Sprintf("G%d", i+1), newGram(1), w)
			x := b.apply(fmt.Sprintf("v%d−b%d", i, i+1), newCenter(), e.Latents[i], bias)
			corr := b.apply(fmt.Sprintf("A%d", i), newPullback(), x, w)
			c := b.apply(fmt.Sprintf("c%d", i), newGaussian(false), x)
			h := b.apply(fmt.Sprintf("h%d", i+1), newGramGradient(), f, gram, corr)
			term = with(b.apply(fmt.Sprintf("E%d (Gram)", i), newGramEnergy(), f, h, corr, c))
		}

		e.Weights = append(e.Weights, w)
		e.Biases = append(e.Biases, bias)
		e.Activations = append(e.Activations, f)
		e.Predictions = append(e.Predictions, node.prediction)
		e.Errors = append(e.Errors, node.err)
		e.Terms = append(e.Terms, term)
		e.Plain = append(e.Plain, plain)
	}
	e.Total = b.apply("E", newTotal(layers), e.Terms...)
	if b.err != nil {
		return nil, b.err
	}

	var free G.Nodes
	var at []int
	for l, v := range e.Latents {
		if s.descends(l) {
			free, at = append(free, v), append(at, l)
		}
	}
	if len(free) == 0 {
		return e, nil
	}
	gradients, err := G.Grad(e.Total, free...)
	if err != nil {
		return nil, fmt.Errorf("graph: gradient by the free latents: %w", err)
	}
	for i, l := range at {
		e.Gradients[l] = e.mask(l, gradients[i], b)
	}
	e.addSteps(at, b)
	return e, b.err
}

// builder adds operations to the graph, until one fails.
type builder struct{ err error }

// apply adds an operation under a name.
func (b *builder) apply(name string, op G.Op, in ...*G.Node) *G.Node {
	return b.add(name, func() (*G.Node, error) { return G.ApplyOpWithName(op, name, in...) })
}

// sum adds x + y, by Gorgonia's own operation.
func (b *builder) sum(name string, x, y *G.Node) *G.Node {
	return b.add(name, func() (*G.Node, error) { return G.Add(x, y) })
}

func (b *builder) add(name string, f func() (*G.Node, error)) *G.Node {
	if b.err != nil {
		return nil
	}
	n, err := f()
	if err != nil {
		b.err = fmt.Errorf("graph: %s: %w", name, err)
	}
	return n
}

// mask returns x, of node l's shape, with 0 for the units that are fixed.
func (e *Energy) mask(l int, x *G.Node, b *builder) *G.Node {
	if e.Masks[l] == nil {
		return x
	}
	return b.apply(fmt.Sprintf("free part %d", l), newMask(), x, e.Masks[l])
}
