package feature

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/shape"
	"example.com/pcn/internal/vec"
)

// Concat is the sources side by side, in the order in which the edge names them:
// (d_1 + d_2 + …), or of sources with the same positions their channels, (H, W, C_1 + C_2 +
// …).
type Concat struct{}

// String returns concat.
func (Concat) String() string { return "concat" }

// MaxSlope returns 1.
func (Concat) MaxSlope(...tensor.Shape) float64 { return 1 }

// Linear is true.
func (Concat) Linear() bool { return true }

// UnitByUnit is true.
func (Concat) UnitByUnit() bool { return true }

// Shape returns that of the sources, which are alike but for the last dimension, with the
// sum of that.
func (Concat) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) < 2 {
		return nil, fmt.Errorf("concat: must have at least two sources, got %d", len(in))
	}
	out := in[0].Clone()
	last := len(out) - 1
	for _, s := range in[1:] {
		if len(s) != len(out) || !s[:last].Eq(out[:last]) {
			return nil, fmt.Errorf("concat: must have sources with the same positions, got %s and %s", shape.Text(in[0]), shape.Text(s))
		}
		out[last] += s[last]
	}
	return out, nil
}

// Build adds the concatenation to a graph.
func (Concat) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	names, channels := make([]string, len(in)), make([]int, len(in))
	for i, v := range in {
		names[i], channels[i] = v.Name(), shapes[i][len(shapes[i])-1]
	}
	return b.Apply(fmt.Sprintf("concat(%s)", strings.Join(names, ", ")), concat(channels), in...)
}

// concat is matrices side by side, of each position the channels: (B, n c_i) each →
// (B, n Σ c_i).
func concat(channels []int) *op.Op {
	n, total := len(channels), 0
	for _, c := range channels {
		total += c
	}
	return &op.Op{
		Name: fmt.Sprintf("concat %v", channels), In: strings.Repeat("m", n), Out: 'm', Wrt: strings.Repeat("x", n),
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			return tensor.Shape{in[0][0], in[0][1] / channels[0] * total}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (grads G.Nodes, err error) {
			lo := 0
			for _, c := range channels {
				g, err := G.ApplyOp(part(lo, lo+c, total), grad)
				if err != nil {
					return nil, err
				}
				grads = append(grads, g)
				lo += c
			}
			return grads, nil
		},
		Faces: op.ByKernel(concatLower[float32](channels, total), concatLower[float64](channels, total)),
	}
}

func concatLower[T vec.Float](channels []int, total int) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		return func(m *op.Memory[T], lo, hi int) {
			from := 0
			for i, c := range channels {
				dst, src := m.Rows(a.Out, lo, hi)[from:], m.Rows(a.In[i], lo, hi)
				for at := 0; len(src) > 0; at, src = at+total, src[c:] { // a position of an example
					copy(dst[at:at+c], src)
				}
				from += c
			}
		}
	}
}

// part is channels lo to hi of total, at each position: concat's derivative by one of its
// inputs.
func part(lo, hi, total int) *op.Op {
	return &op.Op{
		Name: fmt.Sprintf("channels %d to %d of %d", lo, hi, total), In: "m", Out: 'm', Signs: []op.Sign{op.Carried},
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1]%total != 0 {
				return nil, fmt.Errorf("must have columns for %d channels, got %v", total, in[0])
			}
			return tensor.Shape{in[0][0], in[0][1] / total * (hi - lo)}, nil
		},
		Faces: op.ByKernel(partLower[float32](lo, hi, total), partLower[float64](lo, hi, total)),
	}
}

func partLower[T vec.Float](from, to, total int) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		return func(m *op.Memory[T], lo, hi int) {
			dst, src := m.Rows(a.Out, lo, hi), m.Rows(a.In[0], lo, hi)
			for ; len(src) > 0; src = src[total:] {
				dst = dst[copy(dst, src[from:to]):]
			}
		}
	}
}
