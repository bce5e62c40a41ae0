package linear

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
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
	return fixedName
}

const fixedName = "fixed"

// fixedText is Fixed by its text: the rows of the matrix behind the name, such as
// fixed 1 0.1; 0 1.
type fixedText struct{ Fixed }

// WithArguments returns the map of the words behind the name.
func (fixedText) WithArguments(words []string) (Map, error) {
	rows := strings.Split(strings.Join(words, " "), ";")
	var numbers []float64
	width := len(strings.Fields(rows[0]))
	for i, row := range rows {
		row := strings.Fields(row)
		if width == 0 || len(row) != width {
			return nil, fmt.Errorf("%s: must be rows of as many numbers, such as 1 0.1; 0 1, got %q", fixedName, strings.Join(words, " "))
		}
		for _, word := range row {
			x, err := strconv.ParseFloat(word, 64)
			if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
				return nil, fmt.Errorf("%s: row %d: must be finite numbers, got %q", fixedName, i+1, word)
			}
			numbers = append(numbers, x)
		}
	}
	return Fixed{tensor.New(tensor.WithShape(len(rows), width), tensor.WithBacking(numbers))}, nil
}

// In returns f with its matrix, if any, in a dtype.
func (f Fixed) In(dtype tensor.Dtype) Fixed {
	if f.Matrix == nil || f.Matrix.Dtype() == dtype {
		return f
	}
	return Fixed{dense.Copy(tensor.New(tensor.Of(dtype), tensor.WithShape(f.Matrix.Shape()...)), f.Matrix)}
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
