package linear

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
)

// Fixed is ψ Wᵀ with a matrix W (n, k) that is given and never learned. Without one it
// is the identity, as of an edge that skips a node in a residual network.
type Fixed struct {
	Matrix *tensor.Dense // (n, k); nil for the identity
}

// String returns fixed, or identity.
func (f Fixed) String() string {
	if f.Matrix == nil {
		return "identity"
	}
	return "fixed"
}

// Out returns the node's shape.
func (f Fixed) Out(psi, node tensor.Shape) (tensor.Shape, error) {
	if f.Matrix == nil {
		return asMany("identity", psi, node)
	}
	if s, n, k := f.Matrix.Shape(), node.TotalSize(), psi.TotalSize(); !s.Eq(tensor.Shape{n, k}) {
		return nil, fmt.Errorf("fixed: matrix: must have shape (%d, %d), got %v", n, k, s)
	}
	return node, nil
}

// Parameters returns the matrix as given, or nothing.
func (f Fixed) Parameters(_, _ tensor.Shape) []Parameter {
	if f.Matrix == nil {
		return nil
	}
	return []Parameter{{Name: "matrix", Shape: f.Matrix.Shape(), Value: f.Matrix}}
}

// Biases returns n.
func (Fixed) Biases(out tensor.Shape) int { return out.TotalSize() }

// Build adds the product to a graph.
func (f Fixed) Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node {
	if f.Matrix == nil {
		return psi
	}
	return Dense{}.Build(b, name, psi, theta, in, out)
}

// Block returns Wᵀ Π W, or Π.
func (f Fixed) Block(b *op.Builder, name string, precision *G.Node, theta G.Nodes) Block {
	switch {
	case f.Matrix != nil:
		return Dense{}.Block(b, name, precision, theta)
	case precision != nil:
		return Block{Diagonal: precision}
	}
	return Block{Constant: 1}
}

// Power returns the matrix's power iteration, nil for the identity.
func (f Fixed) Power(psi, out tensor.Shape, dtype tensor.Dtype) Power {
	if f.Matrix == nil {
		return nil
	}
	return Dense{}.Power(psi, out, dtype)
}

// Bound returns the norm of √Π.
func (Fixed) Bound(_ []*tensor.Dense, precision *tensor.Dense) float64 {
	return rootOfLargest(precision)
}

// Outer learns nothing.
func (Fixed) Outer(_, _ tensor.Shape) Outer { return nothing{} }

type nothing struct{}

func (nothing) Prepare(_, _ *tensor.Dense)                                            {}
func (nothing) Rows([]*tensor.Dense, *tensor.Dense, *tensor.Dense, float64, int, int) {}
