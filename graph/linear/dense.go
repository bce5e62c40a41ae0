package linear

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// Dense is ψ Wᵀ, every unit with every other: W (n, k), the shape of PyTorch's
// nn.Linear.weight.
type Dense struct {
	// ZeroDiagonal leaves out what a unit would have from itself, where a node predicts
	// itself: W begins with a diagonal of 0, and its update has one, so that it stays so.
	ZeroDiagonal bool
}

const (
	denseName    = "dense"
	zeroDiagonal = "zero-diagonal"
)

// String returns dense, or dense zero-diagonal.
func (m Dense) String() string {
	if m.ZeroDiagonal {
		return denseName + " " + zeroDiagonal
	}
	return denseName
}

// WithArguments returns the map of the words behind the name.
func (m Dense) WithArguments(words []string) (Map, error) {
	if m.ZeroDiagonal = len(words) == 1 && words[0] == zeroDiagonal; !m.ZeroDiagonal && len(words) > 0 {
		return nil, fmt.Errorf("%s: must have %s or nothing behind its name, got %q", denseName, zeroDiagonal, strings.Join(words, " "))
	}
	return m, nil
}

// Out returns the node's shape.
func (m Dense) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	if k, n := psi.TotalSize(), node.TotalSize(); m.ZeroDiagonal && k != n {
		return nil, fmt.Errorf("%s: must be of a feature of as many units as it predicts, %d, got %d", zeroDiagonal, n, k)
	}
	return node, nil
}

// Parameters returns the weight, (n, k).
func (m Dense) Parameters(psi, out tensor.Shape) []Parameter {
	k, n := psi.TotalSize(), out.TotalSize()
	return []Parameter{{Name: "weight", Shape: []int{n, k}, FanIn: k, FanOut: n, ZeroDiagonal: m.ZeroDiagonal}}
}

// Biases returns n.
func (Dense) Biases(out tensor.Shape) int { return out.TotalSize() }

// Build adds the product to a graph.
func (Dense) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, _, _ tensor.Shape) *G.Node {
	return b.Apply(name, op.Product(), psi, theta[0])
}

// Block returns Wᵀ Π W, given Π (n), nil for 1.
func (Dense) Block(b *op.Builder, name string, precision *G.Node, theta G.Nodes) Block {
	in := G.Nodes{theta[0]}
	if precision != nil {
		in = G.Nodes{b.Apply("Π"+theta[0].Name(), op.WeighMatrix(), theta[0], precision), theta[0]}
	}
	return Block{Gram: b.Apply(name, op.Gram(len(in)), in...)}
}

// Outer returns ΔW = δᵀ ψ · scale.
func (m Dense) Outer(psi, out tensor.Shape) Outer {
	return &denseOuter{k: psi.TotalSize(), n: out.TotalSize(), zeroDiagonal: m.ZeroDiagonal}
}

// Power returns the matrix's power iteration.
func (Dense) Power(psi, _ tensor.Shape, dtype tensor.Dtype) Power {
	if dtype == tensor.Float32 {
		return newDensePower[float32](psi.TotalSize())
	}
	return newDensePower[float64](psi.TotalSize())
}

type denseOuter struct {
	k, n int

	zeroDiagonal bool

	f32 gemm.Packed[float32]
	f64 gemm.Packed[float64]
}

func (o *denseOuter) Prepare(_, psi *tensor.Dense) {
	if rows := psi.Shape()[0]; psi.Dtype() == tensor.Float32 {
		o.f32.PackSparse(psi.Float32s(), rows, o.k, o.k)
	} else {
		o.f64.PackSparse(psi.Float64s(), rows, o.k, o.k)
	}
}

func (o *denseOuter) Rows(into []*tensor.Dense, delta, _ *tensor.Dense, scale float64, lo, hi int) {
	if delta.Dtype() == tensor.Float32 {
		outerRows(into[0].Float32s()[:(hi-lo)*o.k], delta.Float32s()[lo:], &o.f32, float32(scale), o.n, hi-lo)
	} else {
		outerRows(into[0].Float64s()[:(hi-lo)*o.k], delta.Float64s()[lo:], &o.f64, scale, o.n, hi-lo)
	}
	for i := lo; i < hi && o.zeroDiagonal; i++ {
		dense.Set(into[0], (i-lo)*o.k+i, 0)
	}
}

// outerRows multiplies some columns of δ, as rows, with ψ.
func outerRows[T vec.Float](dst, delta []T, psi *gemm.Packed[T], scale T, n, count int) {
	gemm.Mul(dst, psi.Cols(), delta, 1, n, count, psi, false, nil)
	if scale != 1 {
		vec.Scale(dst, scale)
	}
}
