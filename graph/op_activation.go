package graph

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// activate is φ(v), elementwise: (B, d) → (B, d).
type activate struct {
	op
	fn Activation
}

func newActivate(fn Activation) activate { return activate{op{"activate", 1}, fn} }

func (activate) Type() hm.Type           { return signature("mm") }
func (activate) DiffWRT(int) []bool      { return []bool{true} }
func (o activate) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn activate %v", o.fn) }
func (o activate) String() string        { return o.fn.String() }

func (o activate) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2) }

func (o activate) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g, err := G.ApplyOp(newSlope(o.fn), in[0], out, grad)
	return G.Nodes{g}, err
}

func (o activate) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], activateRef[float32](o.fn), activateRef[float64](o.fn))
}

func activateRef[T vec.Float](fn Activation) reference[T] {
	return func(dst []T, in [][]T) float64 {
		for i, x := range in[0] {
			dst[i] = T(fn.Value(float64(x)))
		}
		return 0
	}
}

// slope is activate's derivative: v, φ(v), g → g ⊙ φ'(v), all (B, d).
type slope struct {
	op
	fn Activation
}

func newSlope(fn Activation) slope { return slope{op{"slope", 3}, fn} }

func (slope) Type() hm.Type           { return signature("mmmm") }
func (o slope) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn slope %v", o.fn) }
func (o slope) String() string        { return o.fn.String() + "'" }

func (o slope) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2, 2, 2) }

func (o slope) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], slopeRef[float32](o.fn), slopeRef[float64](o.fn))
}

func slopeRef[T vec.Float](fn Activation) reference[T] {
	return func(dst []T, in [][]T) float64 {
		x, y, g := in[0], in[1], in[2]
		for i := range dst {
			dst[i] = g[i] * T(fn.Slope(float64(x[i]), float64(y[i])))
		}
		return 0
	}
}

// Activate returns the node φ(x) for an activation and a matrix x (B, d). It
// is differentiable by x, for graphs that are not the energy, such as the
// backprop baseline's.
func Activate(fn Activation, x *G.Node) (*G.Node, error) {
	if fn == Identity {
		return x, nil
	}
	return G.ApplyOp(newActivate(fn), x)
}
