package linear

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/vec"
)

// Diagonal is ψ ⊙ g, a gain for each unit: g (n).
type Diagonal struct{}

// String returns diagonal.
func (Diagonal) String() string { return "diagonal" }

// Out returns the node's shape, for a feature of as many units.
func (Diagonal) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	return asMany("diagonal", psi, node)
}

// asMany returns the node's shape, where the feature has as many units.
func asMany(name string, psi, node tensor.Shape) (tensor.Shape, error) {
	if k, n := psi.TotalSize(), node.TotalSize(); k != n {
		return nil, fmt.Errorf("%s: must have as many units as it predicts, %d, got %d", name, n, k)
	}
	return node, nil
}

// Parameters returns the gain, (n).
func (Diagonal) Parameters(_, out tensor.Shape) []Parameter {
	return []Parameter{{Name: "gain", Shape: []int{out.TotalSize()}}}
}

// Biases returns n.
func (Diagonal) Biases(out tensor.Shape) int { return out.TotalSize() }

// Build adds the product to a graph.
func (Diagonal) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, _, _ tensor.Shape) *G.Node {
	return b.Apply(name, op.Weigh(), psi, theta[0])
}

// Block returns Π g², given Π (n), nil for 1.
func (Diagonal) Block(b *op.Builder, name string, precision *G.Node, theta G.Nodes) Block {
	in := G.Nodes{theta[0]}
	if precision != nil {
		in = append(in, precision)
	}
	return Block{Diagonal: b.Apply(name, squares(len(in)), in...)}
}

// squares is g², or g² p: g, p (n) → (n).
func squares(arity int) *op.Op {
	return &op.Op{
		Name: "squares", In: "vv"[:arity], Out: 'v',
		Faces: op.Rowwise("mm"[:arity], squareRows[float32], squareRows[float64]),
	}
}

func squareRows[T vec.Float](dst []T, x op.Rows[T], _ int) {
	for i, g := range x[0] {
		if dst[i] = g * g; x[1] != nil {
			dst[i] *= x[1][i]
		}
	}
}

// Bound returns the largest √Π g.
func (Diagonal) Bound(theta []*tensor.Dense, precision *tensor.Dense) (highest float64) {
	for j, gain := range dense.Floats(theta[0]) {
		if precision != nil {
			gain *= math.Sqrt(dense.At(precision, j))
		}
		highest = max(highest, math.Abs(gain))
	}
	return highest
}

// Outer returns Δg = Σ δ ⊙ ψ · scale.
func (Diagonal) Outer(_, out tensor.Shape) Outer { return diagonalOuter{out.TotalSize()} }

type diagonalOuter struct{ n int }

func (diagonalOuter) Prepare(_, _ *tensor.Dense) {}

func (o diagonalOuter) Rows(into []*tensor.Dense, delta, psi *tensor.Dense, scale float64, lo, hi int) {
	if delta.Dtype() == tensor.Float32 {
		gainRows(into[0].Float32s(), delta.Float32s(), psi.Float32s(), float32(scale), o.n, lo, hi)
	} else {
		gainRows(into[0].Float64s(), delta.Float64s(), psi.Float64s(), scale, o.n, lo, hi)
	}
}

func gainRows[T vec.Float](into, delta, psi []T, scale T, n, lo, hi int) {
	into = into[:hi-lo]
	clear(into)
	for row := 0; row < len(delta); row += n {
		d, f := delta[row+lo:row+hi], psi[row+lo:row+hi]
		for j := range into {
			into[j] += d[j] * f[j]
		}
	}
	vec.Scale(into, scale)
}
