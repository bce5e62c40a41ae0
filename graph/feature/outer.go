package feature

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/shape"
	"example.com/pcn/internal/vec"
)

// Outer is each unit of a first source times each of a second, (d_1 · d_2), the second's side
// by side: a map of it has a map of the second source for each unit of the first, which gates
// it. Of a class, one-hot, it is the class that says which.
type Outer struct{}

// String returns outer.
func (Outer) String() string { return "outer" }

// MaxSlope returns 1. The derivative by one source is as large as the other, which is known
// only where latents are: it is 1 of a class.
func (Outer) MaxSlope(...tensor.Shape) float64 { return 1 }

// Linear is false.
func (Outer) Linear() bool { return false }

// UnitByUnit is false.
func (Outer) UnitByUnit() bool { return false }

// Shape returns (d_1 · d_2).
func (Outer) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("outer: must have two sources, got %d", len(in))
	}
	for _, s := range in {
		if len(s) != 1 {
			return nil, fmt.Errorf("outer: must have sources without positions, got %s", shape.Text(s))
		}
	}
	return tensor.Shape{in[0][0] * in[1][0]}, nil
}

// Strides returns how far apart among the products units of the first source stand, and units
// of the second: by them a graph knows the curvature by each source given the other.
func (Outer) Strides(in ...tensor.Shape) [2]int { return [2]int{in[1][0], 1} }

// Build adds the products to a graph.
func (Outer) Build(b *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node {
	return b.Apply(fmt.Sprintf("outer(%s, %s)", in[0].Name(), in[1].Name()), outer(), in...)
}

// outer is x_i y_j of each example: (B, n), (B, k) → (B, n k).
func outer() *op.Op {
	return &op.Op{
		Name: "outer", In: "mm", Out: 'm', Wrt: "xx",
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			return tensor.Shape{in[0][0], in[0][1] * in[1][1]}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			first, err := G.ApplyOp(outerByFirst(), grad, in[1])
			if err != nil {
				return nil, err
			}
			second, err := G.ApplyOp(outerBySecond(), grad, in[0])
			return G.Nodes{first, second}, err
		},
		Faces: op.ByKernel(outerLower[float32], outerLower[float64]),
	}
}

func outerLower[T vec.Float](_ *op.Lowering[T], a op.Args) op.Kernel[T] {
	return func(m *op.Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			dst, y := m.Rows(a.Out, r, r+1), m.Rows(a.In[1], r, r+1)
			for _, x := range m.Rows(a.In[0], r, r+1) {
				copy(dst, y)
				vec.Scale(dst[:len(y)], x)
				dst = dst[len(y):]
			}
		}
	}
}

// outerByFirst is Σ_j g_ij y_j: g (B, n k), y (B, k) → (B, n).
func outerByFirst() *op.Op {
	return &op.Op{
		Name: "outer by first", In: "mm", Out: 'm', Signs: []op.Sign{op.Carried, op.Plain}, Shape: otherFactor,
		Faces: op.ByKernel(outerByFirstLower[float32], outerByFirstLower[float64]),
	}
}

// otherFactor returns (B, n) of (B, n k) and (B, k).
func otherFactor(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0], in[0][1] / in[1][1]}, nil
}

func outerByFirstLower[T vec.Float](_ *op.Lowering[T], a op.Args) op.Kernel[T] {
	return func(m *op.Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			dst, g, y := m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1), m.Rows(a.In[1], r, r+1)
			for i := range dst {
				dst[i] = T(vec.Dot(g[i*len(y):(i+1)*len(y)], y))
			}
		}
	}
}

// outerBySecond is Σ_i g_ij x_i: g (B, n k), x (B, n) → (B, k).
func outerBySecond() *op.Op {
	return &op.Op{
		Name: "outer by second", In: "mm", Out: 'm', Signs: []op.Sign{op.Carried, op.Plain}, Shape: otherFactor,
		Faces: op.ByKernel(outerBySecondLower[float32], outerBySecondLower[float64]),
	}
}

func outerBySecondLower[T vec.Float](_ *op.Lowering[T], a op.Args) op.Kernel[T] {
	return func(m *op.Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			dst, g := m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1)
			clear(dst)
			for i, x := range m.Rows(a.In[1], r, r+1) {
				vec.AddScaled(dst, x, g[i*len(dst):(i+1)*len(dst)])
			}
		}
	}
}
