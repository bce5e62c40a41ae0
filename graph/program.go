package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// program is a compiled energy: what to run once a batch, and at each step for
// each thing that can be asked for.
type program[T vec.Float] struct {
	weights     freezing[T]
	batch       []kernel[T]
	gradients   []kernel[T]   // ∂E/∂v
	evaluate    []kernel[T]   // ∂E/∂v and E
	errors      []kernel[T]   // ε, E and φ(v)
	activations []kernel[T]   // φ(v)
	predictions [][]kernel[T] // μ by layer; nothing where node i is clamped
	steps       []kernel[T]   // H⁻¹ ∂E/∂v, given ∂E/∂v
	sweep       sweep[T]      // the same node by node
}

// core is a machine in one dtype. Its exported face is [Machine].
type core[T vec.Float] struct {
	energy   *Energy
	program  program[T]
	memory   *memory[T]
	needs    []bool // by number: a buffer with rows is to be allocated
	energies []bool // by number: holds energies
	nodes    valueNodes
	capacity int
}

// valueNodes are the buffers that hold what a machine is asked for.
type valueNodes struct {
	latents, gradients, steps, activations, errors, predictions, terms []int
	total                                                              int
}

func compile[T vec.Float](e *Energy, o Options) (*core[T], error) {
	uses := map[*G.Node]int{}
	for _, n := range e.Graph.AllNodes() {
		uses[n] = e.Graph.To(n.ID()).Len()
	}
	c := &lowerer[T]{
		rates:  rates(e, o.OneRate),
		uses:   uses,
		done:   map[*G.Node]lowered[T]{},
		energy: map[*G.Node]bool{},
		asked:  map[*G.Node]bool{},
		apart:  o.Order != nil,
		memory: &memory[T]{number: map[*G.Node]int{}, repacks: o.Repack},
	}
	m := &core[T]{energy: e, memory: c.memory}
	for _, n := range slices.Concat(e.Gradients, e.Steps) {
		c.asked[n] = true
	}

	// list collects, inputs first, the kernels of a rate that the roots need.
	needed := map[*G.Node]bool{}
	var frozen G.Nodes
	list := func(at rate, roots ...*G.Node) ([]kernel[T], error) {
		var kernels []kernel[T]
		seen := map[*G.Node]bool{}
		var visit func(n *G.Node) error
		visit = func(n *G.Node) error {
			if n == nil || seen[n] {
				return nil
			}
			seen[n] = true
			l, err := c.lower(n)
			if err != nil {
				return err
			}
			for _, d := range l.deps {
				if err := visit(d); err != nil {
					return err
				}
			}
			if l.kernel == nil {
				return nil
			}
			switch {
			case c.rates[n] == at:
				kernels = append(kernels, l.kernel)
			case c.rates[n] == rateWeights && !needed[n]:
				frozen = append(frozen, n)
			}
			needed[n] = true
			return nil
		}
		for _, r := range roots {
			if err := visit(r); err != nil {
				return nil, err
			}
		}
		return kernels, nil
	}
	p := &m.program
	free := make(G.Nodes, len(e.Predictions)) // predictions that a latent can take
	for i, mu := range e.Predictions {
		if !e.Spec.Clamped[i] {
			free[i] = mu
		}
	}
	everything := slices.Concat(e.Gradients, e.Steps, e.Errors, e.Activations, free, e.Plain, G.Nodes{e.Total})
	var err error
	for _, want := range []struct {
		list  *[]kernel[T]
		at    rate
		roots G.Nodes
	}{
		{&p.batch, rateBatch, everything},
		{&p.gradients, rateStep, e.Gradients},
		{&p.evaluate, rateStep, slices.Concat(e.Gradients, G.Nodes{e.Total})},
		{&p.errors, rateStep, slices.Concat(e.Errors, e.Activations, e.Plain)},
		{&p.activations, rateStep, e.Activations},
		{&p.steps, rateStep, slices.Concat(e.Gradients, e.Steps)},
	} {
		if *want.list, err = list(want.at, want.roots...); err != nil {
			return nil, err
		}
	}
	p.steps = p.steps[len(p.gradients):] // which come first
	for _, mu := range free {
		l, err := list(rateStep, mu)
		if err != nil {
			return nil, err
		}
		p.predictions = append(p.predictions, l)
	}

	if p.sweep, err = c.sweep(e, o.Order); err != nil {
		return nil, err
	}
	p.weights = c.freezing(frozen)

	numbers := func(nodes G.Nodes) []int {
		at := make([]int, len(nodes))
		for i, n := range nodes {
			at[i] = -1
			if n != nil {
				v, _, _ := c.value(n)
				at[i] = c.memory.at(v)
			}
		}
		return at
	}
	m.nodes = valueNodes{
		latents: numbers(e.Latents), gradients: numbers(e.Gradients), steps: numbers(e.Steps), activations: numbers(e.Activations),
		errors: numbers(e.Errors), predictions: numbers(e.Predictions), terms: numbers(e.Terms),
		total: c.memory.at(e.Total),
	}
	m.needs = make([]bool, len(c.memory.nodes))
	m.energies = make([]bool, len(c.memory.nodes))
	for n := range needed {
		m.energies[c.memory.at(n)] = c.energy[n]
		m.needs[c.memory.at(n)] = !c.energy[n]
	}
	for l, at := range m.nodes.latents {
		m.needs[at] = !e.Spec.Clamped[l]
	}
	for _, n := range frozen { // has no rows of the batch
		at := c.memory.at(n)
		m.needs[at] = false
		c.memory.buf[at] = make([]T, n.Shape().TotalSize())
	}
	m.reserve(e.Spec.Batch)
	return m, nil
}

// reserve makes room for batches of up to n rows.
func (m *core[T]) reserve(n int) {
	if n <= m.capacity {
		return
	}
	m.capacity = n
	for i := range m.needs {
		if m.needs[i] {
			m.memory.buf[i] = make([]T, n*m.memory.width[i])
		}
		if m.energies[i] {
			m.memory.energies[i] = make([]float64, n)
		}
	}
	for i, plain := range m.energy.Plain { // two ways to one number
		m.memory.energies[m.memory.at(plain)] = m.memory.energies[m.nodes.terms[i]]
	}
}

// bind reads the values bound to the inputs that depend on nothing, and does the
// work that depends on them alone.
func (m *core[T]) bind(workers int) error {
	e := m.energy
	for _, nodes := range []G.Nodes{e.Weights, e.Biases, e.Precisions} {
		for _, n := range nodes {
			if n == nil {
				continue
			}
			data, err := backing[T](n.Name(), n.Value(), n.Shape())
			if err != nil {
				return err
			}
			m.memory.buf[m.memory.at(n)] = data
		}
	}
	m.program.weights.run(m.memory, workers)
	return nil
}

// set gives the input n, with a row for each example, the value v, which is used
// in place.
func (m *core[T]) set(n *G.Node, v G.Value, rows int) error {
	data, err := backing[T](n.Name(), v, tensor.Shape{rows, n.Shape()[1]})
	if err != nil {
		return err
	}
	m.memory.buf[m.memory.at(n)] = data
	return nil
}

func (m *core[T]) view(at, lo, hi int) *tensor.Dense {
	return tensor.New(tensor.WithShape(hi-lo, m.memory.width[at]), tensor.WithBacking(m.memory.rows(at, lo, hi)))
}

func (m *core[T]) energyOf(at int) []float64 { return m.memory.energies[at] }

func (m *core[T]) copyRows(dst, src, lo, hi int) {
	copy(m.memory.rows(dst, lo, hi), m.memory.rows(src, lo, hi))
}

func (m *core[T]) at() *valueNodes { return &m.nodes }

func (m *core[T]) run(w work, lo, hi int) {
	for _, k := range m.list(w) {
		k(m.memory, lo, hi)
	}
}

// turn computes the step of turn t of a sweep.
func (m *core[T]) turn(t int, first bool, lo, hi int) {
	lists := m.program.sweep.again
	if first {
		lists = m.program.sweep.first
	}
	for _, k := range lists[t] {
		k(m.memory, lo, hi)
	}
}

func (m *core[T]) list(w work) []kernel[T] {
	switch w {
	case workBatch:
		return m.program.batch
	case workGradients:
		return m.program.gradients
	case workEvaluate:
		return m.program.evaluate
	case workErrors:
		return m.program.errors
	case workBegin:
		return m.program.sweep.begin
	case workActivations:
		return m.program.activations
	case workSteps:
		return m.program.steps
	}
	return m.program.predictions[w-workPredictions]
}

// backing returns the elements of a contiguous row-major tensor of that shape.
func backing[T vec.Float](name string, v G.Value, shape tensor.Shape) ([]T, error) {
	if v == nil {
		return nil, fmt.Errorf("graph: %s has no value", name)
	}
	if !v.Shape().Eq(shape) {
		return nil, fmt.Errorf("graph: %s must have shape %v, got %v", name, shape, v.Shape())
	}
	d, ok := v.(*tensor.Dense)
	if !ok || !d.DataOrder().IsRowMajor() || d.RequiresIterator() {
		return nil, fmt.Errorf("graph: %s must be a contiguous row-major tensor, got %T", name, v)
	}
	data, ok := d.Data().([]T)
	if !ok {
		return nil, fmt.Errorf("graph: %s must hold %T, got %v", name, data, d.Dtype())
	}
	return data[:shape.TotalSize()], nil
}
