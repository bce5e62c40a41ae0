package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Product is f Wᵀ: f (B, k), W (n, k) → (B, n). It is differentiable by f alone: the
// weights are frozen.
func Product() *Op {
	return &Op{
		Name: "product", In: "mm", Out: 'm', Wrt: "x-", Signs: []Sign{Carried, Plain}, Adds: true, Product: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != in[1][1] {
				return nil, fmt.Errorf("feature and weights must be (B, k) and (n, k), got %v and %v", in[0], in[1])
			}
			return tensor.Shape{in[0][0], in[1][0]}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Pullback(), grad, in[1])
			return G.Nodes{g, nil}, err
		},
		Faces: Faces{productDo[float32], productDo[float64], productLower[float32](true), productLower[float64](true)},
	}
}

func productDo[T vec.Float](dst []T, in [][]T, shapes []tensor.Shape) float64 {
	f, w := in[0], in[1]
	n, k := shapes[1][0], shapes[1][1]
	for i := range dst {
		row, col := i/n, i%n
		sum := T(0)
		for j := range k {
			sum += f[row*k+j] * w[col*k+j]
		}
		dst[i] = sum
	}
	return 0
}

// Pullback is Product's derivative by f: it carries an error back through the weights,
// g (B, n), W (n, k) → g W (B, k).
func Pullback() *Op {
	return &Op{
		Name: "pullback", In: "mm", Out: 'm', Wrt: "x-", Signs: []Sign{Carried, Plain}, Adds: true, Product: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != in[1][0] {
				return nil, fmt.Errorf("error and weights must be (B, n) and (n, k), got %v and %v", in[0], in[1])
			}
			return tensor.Shape{in[0][0], in[1][1]}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Product(), grad, in[1])
			return G.Nodes{g, nil}, err
		},
		Faces: Faces{pullbackDo[float32], pullbackDo[float64], productLower[float32](false), productLower[float64](false)},
	}
}

func pullbackDo[T vec.Float](dst []T, in [][]T, shapes []tensor.Shape) float64 {
	g, w := in[0], in[1]
	n, k := shapes[1][0], shapes[1][1]
	for i := range dst {
		row, col := i/k, i%k
		sum := T(0)
		for j := range n {
			sum += g[row*n+j] * w[j*k+col]
		}
		dst[i] = sum
	}
	return 0
}

// productLower multiplies by the matrix, or by its transpose.
func productLower[T vec.Float](transpose bool) Lower[T] {
	return func(c *Lowering[T], a Args) Kernel[T] {
		w := c.Pack(Children(a.Node)[1], transpose)
		x := a.In[0]
		switch a.Plus {
		case -1:
			return func(m *Memory[T], lo, hi int) { m.Product(m.Rows(a.Out, lo, hi), x, w, lo, hi, false) }
		case a.Out:
			return func(m *Memory[T], lo, hi int) { m.Product(m.Rows(a.Out, lo, hi), x, w, lo, hi, true) }
		}
		return func(m *Memory[T], lo, hi int) {
			out := m.Rows(a.Out, lo, hi)
			copy(out, m.Rows(a.Plus, lo, hi))
			m.Product(out, x, w, lo, hi, true)
		}
	}
}
