package graph

import (
	"fmt"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/registry"
	"example.com/pcn/internal/vec"
)

// OwnTerm is a term of the energy that a user adds: a function of the latents of one or
// more nodes, example by example. It is differentiated with the rest.
type OwnTerm struct {
	// Energy returns the term of one example, whose latents are v, (d) for each node.
	Energy func(v [][]float64) float64
	// Gradient sets g to the derivative of Energy by v.
	Gradient func(g, v [][]float64)
	// Curvature bounds the eigenvalues of the second derivative; the bound of the
	// inference rate and the methods with blocks count with it. 0 leaves it to their guard.
	Curvature float64
}

// Own is an OwnTerm of some nodes, by the name under which it was registered.
type Own struct {
	Term  string   // the name
	Nodes []string // by name, in the order of OwnTerm.Energy's v
}

var ownTerms = registry.New(map[string]OwnTerm{})

// RegisterTerm makes a term known by name to Spec.Own, and so to configurations, in place
// of one registered under that name before.
func RegisterTerm(name string, t OwnTerm) error {
	if t.Energy == nil || t.Gradient == nil || !(t.Curvature >= 0) {
		return fmt.Errorf("graph: term %q: must have an energy, a gradient and a curvature >= 0", name)
	}
	if err := ownTerms.Add(name, t); err != nil {
		return fmt.Errorf("graph: term: %w", err)
	}
	return nil
}

// ParseTerm returns the term of that name, or says which there are.
func ParseTerm(name string) (OwnTerm, error) {
	t, err := ownTerms.Parse(name)
	if err != nil && len(ownTerms.Names()) == 0 {
		err = fmt.Errorf("must be registered first by graph.RegisterTerm, got %q", name)
	}
	return t, err
}

// OwnCurvature returns the sum of the curvatures of own terms of node l.
func (w *Wiring) OwnCurvature(l int) (sum float64) {
	for i, nodes := range w.OwnOf {
		if slices.Contains(nodes, l) {
			t, _ := ParseTerm(w.Own[i].Term) // checked before
			sum += t.Curvature
		}
	}
	return sum
}

// ownTerm writes down an own term of these nodes.
func (e *Energy) ownTerm(own Own, nodes []int, b *op.Builder) *G.Node {
	t, _ := ParseTerm(own.Term) // checked before
	var latents G.Nodes
	var sizes []int
	for _, l := range nodes {
		latents, sizes = append(latents, e.Latents[l]), append(sizes, e.Spec.Nodes[l].Size())
	}
	return b.Apply(own.Term+" "+strings.Join(own.Nodes, ", "), t.op(own.Term, sizes), latents...)
}

// op returns the term as an operation: v (B, d_i) of each node → scalar.
func (t OwnTerm) op(name string, sizes []int) *op.Op {
	in := strings.Repeat("m", len(sizes))
	return &op.Op{
		Name: fmt.Sprintf("%s %v", name, sizes), In: in, Out: 's', Wrt: strings.Repeat("x", len(sizes)),
		Derivative: func(in G.Nodes, _, grad *G.Node) (grads G.Nodes, err error) {
			if err := op.NotScaled(grad); err != nil {
				return nil, err
			}
			for k := range in {
				g, err := G.ApplyOp(t.gradient(name, sizes, k), in...)
				if err != nil {
					return nil, err
				}
				grads = append(grads, g)
			}
			return grads, nil
		},
		Faces: op.ByKernel(ownLower[float32](t, sizes, -1), ownLower[float64](t, sizes, -1)),
	}
}

// gradient returns the derivative of the term by the k-th of its nodes: v (B, d_i) of each
// → (B, d_k).
func (t OwnTerm) gradient(name string, sizes []int, k int) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("%s %v by %d", name, sizes, k), In: strings.Repeat("m", len(sizes)), Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[k].Clone(), nil },
		Faces: op.ByKernel(ownLower[float32](t, sizes, k), ownLower[float64](t, sizes, k)),
	}
}

// example is scratch for one example: latents and gradients by node, in float64.
type example struct{ v, g [][]float64 }

func newExample(sizes []int) *example {
	e := &example{}
	for _, d := range sizes {
		e.v, e.g = append(e.v, make([]float64, d)), append(e.g, make([]float64, d))
	}
	return e
}

// ownRow returns the term of an example, of which row i has the latents of node i, or where
// k >= 0 sets dst to its derivative by node k.
func ownRow[T vec.Float](t OwnTerm, e *example, row func(i int) []T, dst []T, k int) float64 {
	for i, v := range e.v {
		for j, x := range row(i) {
			v[j] = float64(x)
		}
	}
	if k < 0 {
		return t.Energy(e.v)
	}
	t.Gradient(e.g, e.v)
	for j, x := range e.g[k] {
		dst[j] = T(x)
	}
	return 0
}

func ownLower[T vec.Float](t OwnTerm, sizes []int, k int) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		examples := pool.NewScratch(func() *example { return newExample(sizes) })
		return func(m *op.Memory[T], lo, hi int) {
			e := examples.Get()
			defer examples.Put(e)
			for r := lo; r < hi; r++ {
				row := func(i int) []T { return m.Rows(a.In[i], r, r+1) }
				if k >= 0 {
					ownRow(t, e, row, m.Rows(a.Out, r, r+1), k)
				} else {
					m.Energies[a.Out][r] = ownRow(t, e, row, nil, k)
				}
			}
		}
	}
}
