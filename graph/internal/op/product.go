package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Product is f Wᵀ: f (B, k), W (n, k) → (B, n). It is differentiable by f alone: the
// weights are frozen.
func Product() *Op { return product("product", 1) }

// Pullback is Product's derivative by f: it carries an error back through the weights,
// g (B, n), W (n, k) → g W (B, k).
func Pullback() *Op { return product("pullback", 0) }

// product sums over one of the dimensions of the weights; its derivative, over the other.
func product(name string, over int) *Op {
	return &Op{
		Name: name, In: "mm", Out: 'm', Wrt: "x-", Signs: []Sign{Carried, Plain}, Adds: true, Product: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if in[0][1] != in[1][over] {
				return nil, fmt.Errorf("must have as many columns as dimension %d of the weights, got %v and %v", over, in[0], in[1])
			}
			return tensor.Shape{in[0][0], in[1][1-over]}, nil
		},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			other := Pullback
			if over == 0 {
				other = Product
			}
			g, err := G.ApplyOp(other(), grad, in[1])
			return G.Nodes{g, nil}, err
		},
		Faces: Faces{productDo[float32](over), productDo[float64](over), productLower[float32](over == 1), productLower[float64](over == 1)},
	}
}

func productDo[T vec.Float](over int) Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		x, w := in[0], in[1]
		terms, columns := shapes[1][over], shapes[1][1-over]
		stride := []int{shapes[1][1], 1} // from one element of W to the next, by dimension
		for i := range dst {
			row, col := i/columns, i%columns
			sum := T(0)
			for j := range terms {
				sum += x[row*terms+j] * w[j*stride[over]+col*stride[1-over]]
			}
			dst[i] = sum
		}
		return 0
	}
}

// productLower multiplies by the matrix, or by its transpose.
func productLower[T vec.Float](transpose bool) Lower[T] {
	return func(c *Lowering[T], a Args) Kernel[T] {
		w := c.Pack(Children(a.Node)[1], transpose)
		x, multiply := a.In[0], (*Memory[T]).Product
		if c.rates[Children(a.Node)[0]] == RateBatch {
			multiply = (*Memory[T]).ProductOfData
		}
		switch a.Plus {
		case -1:
			return func(m *Memory[T], lo, hi int) { multiply(m, m.Rows(a.Out, lo, hi), x, w, lo, hi, false) }
		case a.Out:
			return func(m *Memory[T], lo, hi int) { multiply(m, m.Rows(a.Out, lo, hi), x, w, lo, hi, true) }
		}
		return func(m *Memory[T], lo, hi int) {
			out := m.Rows(a.Out, lo, hi)
			copy(out, m.Rows(a.Plus, lo, hi))
			multiply(m, out, x, w, lo, hi, true)
		}
	}
}
