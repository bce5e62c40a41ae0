package linear

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// Own is a map of the user's own, made of functions of one example in float64. It has no
// block of curvature, so that gradient methods settle what it leaves, and runs slower
// than the package's own maps. [RegisterMap] makes it known by name.
type Own struct {
	Name string // by which configurations know it
	// Shape returns the shape of θ, of one or two dimensions, for a feature of k units and
	// a prediction of n, or which sizes it must have. Functions are given θ row by row. A
	// matrix is drawn at random as weights are, and decays; a vector begins at 1.
	Shape func(k, n int) ([]int, error)
	// Product sets out, (n), to M(θ) ψ, for ψ (k).
	Product func(out, psi, theta []float64)
	// Pullback sets psi, (k), to M(θ)ᵀ δ, for δ (n).
	Pullback func(psi, delta, theta []float64)
	// Add adds the derivative of ⟨δ, M(θ)ψ⟩ by θ to into.
	Add func(into, delta, psi []float64)
	// Norm returns a bound on the spectral norm of M(θ), by which the inference rate is
	// bounded.
	Norm func(theta []float64) float64
}

// RegisterMap makes m known to [ParseMap] by its name, in place of one registered under
// that name before.
func RegisterMap(m *Own) error {
	if m == nil || m.Shape == nil || m.Product == nil || m.Pullback == nil || m.Add == nil || m.Norm == nil {
		return fmt.Errorf("linear: map: must have all of its functions, got none of one")
	}
	if err := maps.Add(m.Name, m); err != nil {
		return fmt.Errorf("linear: map: %w", err)
	}
	return nil
}

// String returns the name.
func (m *Own) String() string { return m.Name }

// Out returns the node's shape.
func (m *Own) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	shape, err := m.Shape(psi.TotalSize(), node.TotalSize())
	if err == nil && (len(shape) == 0 || len(shape) > 2) {
		err = fmt.Errorf("must have a θ of one or two dimensions, got shape %v", shape)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return node, nil
}

// Parameters returns θ.
func (m *Own) Parameters(psi, out tensor.Shape) []Parameter {
	shape, _ := m.Shape(psi.TotalSize(), out.TotalSize()) // Out has said what is wrong with it
	theta := Parameter{Name: "theta", Shape: shape}
	if len(shape) == 2 {
		theta.FanOut, theta.FanIn = shape[0], shape[1]
	}
	return []Parameter{theta}
}

// Biases returns n.
func (m *Own) Biases(out tensor.Shape) int { return out.TotalSize() }

// Bound returns Norm of θ times the root of the largest precision.
func (m *Own) Bound(theta []*tensor.Dense, precision *tensor.Dense) float64 {
	return m.Norm(widened(theta[0])) * rootOfLargest(precision)
}

// Build adds the product to a graph.
func (m *Own) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node {
	return b.Apply(name, m.op(m.Product, m.Name, in.TotalSize(), out.TotalSize(), theta[0].Dims()), psi, theta[0])
}

// op is a product, (B, from) → (B, to), with θ; the product itself, and not its
// pull-back, is differentiable by the first input.
func (m *Own) op(f func(dst, x, theta []float64), name string, from, to, dims int) *op.Op {
	o := &op.Op{
		Name: fmt.Sprintf("%s %d to %d", name, from, to), In: []string{"mv", "mm"}[dims-1], Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return tensor.Shape{in[0][0], to}, nil },
		Faces: op.ByKernel(ownLower[float32](f, from, to), ownLower[float64](f, from, to)),
	}
	if name == m.Name {
		o.Wrt = "x-"
		o.Derivative = func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(m.op(m.Pullback, m.Name+" pullback", to, from, dims), grad, in[1])
			return G.Nodes{g, nil}, err
		}
	}
	return o
}

// ownScratch is room for a row and θ in float64.
type ownScratch struct{ x, dst, theta []float64 }

func ownRows[T vec.Float](s *ownScratch, f func(dst, x, theta []float64), dst, x, theta []T) {
	s.theta = s.theta[:0]
	for _, v := range theta {
		s.theta = append(s.theta, float64(v))
	}
	for row := range len(x) / len(s.x) {
		for j := range s.x {
			s.x[j] = float64(x[row*len(s.x)+j])
		}
		f(s.dst, s.x, s.theta)
		for j, v := range s.dst {
			dst[row*len(s.dst)+j] = T(v)
		}
	}
}

func ownLower[T vec.Float](f func(dst, x, theta []float64), from, to int) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		rooms := pool.NewScratch(func() *ownScratch { return &ownScratch{x: make([]float64, from), dst: make([]float64, to)} })
		return func(m *op.Memory[T], lo, hi int) {
			s := rooms.Get()
			defer rooms.Put(s)
			ownRows(s, f, m.Rows(a.Out, lo, hi), m.Rows(a.In[0], lo, hi), m.Buf[a.In[1]])
		}
	}
}

// Outer returns the map's Hebbian update.
func (m *Own) Outer(psi, out tensor.Shape) Outer {
	theta := tensor.Shape(m.Parameters(psi, out)[0].Shape)
	return &ownOuter{m: m, k: psi.TotalSize(), n: out.TotalSize(), rows: theta[0], sum: make([]float64, theta.TotalSize())}
}

type ownOuter struct {
	m    *Own
	k, n int
	rows int       // of θ
	sum  []float64 // over the batch, by θ
}

func (o *ownOuter) Prepare(delta, psi *tensor.Dense) {
	clear(o.sum)
	d, f := widened(delta), widened(psi)
	for row := range delta.Shape()[0] {
		o.m.Add(o.sum, d[row*o.n:(row+1)*o.n], f[row*o.k:(row+1)*o.k])
	}
}

func (o *ownOuter) Rows(into []*tensor.Dense, _, _ *tensor.Dense, scale float64, lo, hi int) {
	width := len(o.sum) / o.rows
	for j, x := range o.sum[lo*width : hi*width] {
		dense.Set(into[0], j, scale*x)
	}
}

// widened returns the elements of x in float64.
func widened(x *tensor.Dense) (wide []float64) {
	if x.Dtype() == tensor.Float64 {
		return x.Float64s()
	}
	for _, v := range x.Float32s() {
		wide = append(wide, float64(v))
	}
	return wide
}
