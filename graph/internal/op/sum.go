package op

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Sum is the sum of n matrices of one shape.
func Sum(n int) *Op {
	return &Op{
		Name: "sum", In: strings.Repeat("m", n), Out: 'm', Wrt: strings.Repeat("x", n), Lazy: true,
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			grads := make(G.Nodes, len(in))
			for i := range grads {
				grads[i] = grad
			}
			return grads, nil
		},
		Faces: Faces{sumDo[float32], sumDo[float64], sumLower[float32], sumLower[float64]},
	}
}

func sumDo[T vec.Float](dst []T, in [][]T, _ []tensor.Shape) float64 {
	for _, x := range in {
		vec.Add(dst, dst, x)
	}
	return 0
}

func sumLower[T vec.Float](c *Lowering[T], a Args) Kernel[T] {
	k, neg := c.Sum(Children(a.Node), a.Out)
	if !neg {
		return k
	}
	return inTurn([]Kernel[T]{k, func(m *Memory[T], lo, hi int) { vec.Neg(m.Rows(a.Out, lo, hi), m.Rows(a.Out, lo, hi)) }})
}

// Shift is x + b, row by row: x (B, d), b (d) → (B, d); or position by position, channels
// last: b (c), with d a multiple of c. The bias is frozen.
func Shift() *Op {
	return &Op{
		Name: "shift", In: "mv", Out: 'm', Wrt: "x-", Lazy: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			if d, c := in[0][1], in[1][0]; d%c != 0 {
				return nil, fmt.Errorf("bias must have a number for each unit or channel of (B, d), got %v and %v", in[0], in[1])
			}
			return in[0].Clone(), nil
		},
		Derivative: func(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) { return G.Nodes{grad, nil}, nil },
		Faces:      Faces{shiftDo[float32], shiftDo[float64], shiftLower[float32], shiftLower[float64]},
	}
}

func shiftDo[T vec.Float](dst []T, in [][]T, _ []tensor.Shape) float64 {
	copy(dst, in[0])
	vec.AddRow(dst, in[1])
	return 0
}

func shiftLower[T vec.Float](c *Lowering[T], a Args) Kernel[T] {
	in := Children(a.Node)
	b := c.Positive(in[1])
	x := inPlace(c, in[0], a.Out)
	return func(m *Memory[T], lo, hi int) {
		x(m, lo, hi)
		vec.AddRow(m.Rows(a.Out, lo, hi), m.Buf[b])
	}
}

// inPlace returns a kernel that fills out with n's value: computed there where it can
// be, and otherwise copied.
func inPlace[T vec.Float](c *Lowering[T], n *G.Node, out int) Kernel[T] {
	if k, ok := c.Into(n, out, -1); ok {
		return k
	}
	x := c.Positive(n)
	return func(m *Memory[T], lo, hi int) { copy(m.Rows(out, lo, hi), m.Rows(x, lo, hi)) }
}

// Scale is c x, with c a constant: (B, d) → (B, d).
func Scale(by float64) *Op {
	return &Op{
		Name: fmt.Sprintf("scale by %v", by), In: "m", Out: 'm', Wrt: "x", Signs: []Sign{Carried},
		Derivative: func(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Scale(by), grad)
			return G.Nodes{g}, err
		},
		Faces: Rowwise("m", scaleRows[float32](by), scaleRows[float64](by)),
	}
}

func scaleRows[T vec.Float](by float64) func(dst []T, x Rows[T], _ int) {
	return func(dst []T, x Rows[T], _ int) {
		copy(dst, x[0])
		vec.Scale(dst, T(by))
	}
}

const negateName = "negate"

// Negate is −x: (B, d) → (B, d). It costs nothing: see Sign.
func Negate() *Op {
	return &Op{
		Name: negateName, In: "m", Out: 'm', Wrt: "x",
		Derivative: func(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Negate(), grad)
			return G.Nodes{g}, err
		},
		Faces: Rowwise("m", negateRows[float32], negateRows[float64]),
	}
}

func negateRows[T vec.Float](dst []T, x Rows[T], _ int) { vec.Neg(dst, x[0]) }
