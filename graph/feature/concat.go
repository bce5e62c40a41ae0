package feature

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/vec"
)

// Concat is the sources side by side, in the order in which the edge names them:
// (B, d_1 + d_2 + …).
type Concat struct{}

// String returns concat.
func (Concat) String() string { return "concat" }

// MaxSlope returns 1.
func (Concat) MaxSlope() float64 { return 1 }

// Linear is true.
func (Concat) Linear() bool { return true }

// UnitByUnit is true.
func (Concat) UnitByUnit() bool { return true }

// Shape returns (d_1 + d_2 + …), of sources without positions.
func (Concat) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) < 2 {
		return nil, fmt.Errorf("concat: must have at least two sources, got %d", len(in))
	}
	total := 0
	for _, s := range in {
		if len(s) != 1 {
			return nil, fmt.Errorf("concat: must have sources of one dimension, got %v", s)
		}
		total += s[0]
	}
	return tensor.Shape{total}, nil
}

// Build adds the concatenation to a graph.
func (Concat) Build(b *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node {
	names := make([]string, len(in))
	widths := make([]int, len(in))
	for i, v := range in {
		names[i], widths[i] = v.Name(), v.Shape()[1]
	}
	return b.Apply(fmt.Sprintf("concat(%s)", strings.Join(names, ", ")), concat(widths), in...)
}

// concat is matrices side by side: (B, d_i) each → (B, Σ d_i).
func concat(widths []int) *op.Op {
	n := len(widths)
	return &op.Op{
		Name: "concat", In: strings.Repeat("m", n), Out: 'm', Wrt: strings.Repeat("x", n),
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			total := 0
			for _, s := range in {
				total += s[1]
			}
			return tensor.Shape{in[0][0], total}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (grads G.Nodes, err error) {
			lo := 0
			for _, d := range widths {
				g, err := G.ApplyOp(part(lo, lo+d), grad)
				if err != nil {
					return nil, err
				}
				grads = append(grads, g)
				lo += d
			}
			return grads, nil
		},
		Faces: op.ByKernel(concatLower[float32], concatLower[float64]),
	}
}

func concatLower[T vec.Float](_ *op.Lowering[T], a op.Args) op.Kernel[T] {
	return func(m *op.Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			dst := m.Rows(a.Out, r, r+1)
			for _, in := range a.In {
				dst = dst[copy(dst, m.Rows(in, r, r+1)):]
			}
		}
	}
}

// part is columns lo to hi of a matrix: concat's derivative by one of its inputs.
func part(lo, hi int) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("columns %d to %d", lo, hi), In: "m", Out: 'm', Signs: []op.Sign{op.Carried},
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if hi > in[0][1] {
				return nil, fmt.Errorf("must have at least %d columns, got %v", hi, in[0])
			}
			return tensor.Shape{in[0][0], hi - lo}, nil
		},
		Faces: op.ByKernel(partLower[float32](lo, hi), partLower[float64](lo, hi)),
	}
}

func partLower[T vec.Float](from, to int) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		return func(m *op.Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				copy(m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1)[from:to])
			}
		}
	}
}
