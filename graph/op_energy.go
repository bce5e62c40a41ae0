package graph

import (
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// difference is the error ε = v − μ, all (B, d).
type difference struct{ op }

func newDifference() difference { return difference{op{"error", 2}} }

func (difference) Type() hm.Type      { return signature("mmm") }
func (difference) DiffWRT(int) []bool { return []bool{true, true} }

func (o difference) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2, 2) }

func (o difference) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	g, err := G.ApplyOp(newNegate(), grad)
	return G.Nodes{grad, g}, err
}

func (o difference) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], differenceRef[float32], differenceRef[float64])
}

func differenceRef[T vec.Float](dst []T, in [][]T) float64 {
	vec.Sub(dst, in[0], in[1])
	return 0
}

// scale is c x, (B, d), with c a constant.
type scale struct {
	op
	by float64
}

func newScale(by float64) scale { return scale{op{"scale", 1}, by} }

func (scale) Type() hm.Type { return signature("mm") }

func (o scale) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn scale %v", o.by) }

func (o scale) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2) }

func (o scale) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], scaleRef[float32](o.by), scaleRef[float64](o.by))
}

func scaleRef[T vec.Float](by float64) reference[T] {
	return func(dst []T, in [][]T) float64 {
		copy(dst, in[0])
		vec.Scale(dst, T(by))
		return 0
	}
}

// negate is −x, (B, d): the derivative of an error by its prediction.
type negate struct{ op }

func newNegate() negate { return negate{op{"negate", 1}} }

func (negate) Type() hm.Type { return signature("mm") }

func (o negate) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2) }

func (o negate) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], negateRef[float32], negateRef[float64])
}

func negateRef[T vec.Float](dst []T, in [][]T) float64 {
	vec.Neg(dst, in[0])
	return 0
}

// gaussian is the energy of a node, ½ Σ Π ε² over the batch: ε (B, d), and
// where the precision is not 1, Π (d) → scalar. It is the negative logarithm of
// a Gaussian density of the error up to a constant. The precision is frozen.
type gaussian struct{ op }

func newGaussian(precise bool) gaussian {
	if precise {
		return gaussian{op{"gaussian", 2}}
	}
	return gaussian{op{"gaussian", 1}}
}

func (o gaussian) precise() bool { return o.arity == 2 }

func (o gaussian) Type() hm.Type {
	if o.precise() {
		return signature("mvs")
	}
	return signature("ms")
}

func (o gaussian) DiffWRT(int) []bool { return []bool{true, false}[:o.arity] }

func (o gaussian) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, []int{2, 1}[:o.arity]...)
	if err != nil {
		return nil, err
	}
	if o.precise() && s[0][1] != s[1][0] {
		return nil, fmt.Errorf("graph: gaussian: error %v and precision %v do not fit: want (B, d), (d)", s[0], s[1])
	}
	return tensor.ScalarShape(), nil
}

func (o gaussian) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if !isOne(grad) {
		return nil, errScaled
	}
	if !o.precise() {
		return G.Nodes{in[0]}, nil
	}
	g, err := G.ApplyOp(newWeigh(), in[0], in[1])
	return G.Nodes{g, nil}, err
}

// errScaled refuses a cost that is not a plain sum of energies.
var errScaled = errors.New("graph: the cost must be a sum of energies; a scaled energy is written as a precision")

// isOne reports whether n is the constant 1 from which Grad starts.
func isOne(n *G.Node) bool {
	if n.Value() == nil || !n.IsScalar() || n.IsVar() {
		return false
	}
	switch v := n.Value().Data().(type) {
	case float32:
		return v == 1
	case float64:
		return v == 1
	}
	return false
}

func (o gaussian) Do(in ...G.Value) (G.Value, error) {
	return do(in, 0, 0, gaussianRef[float32], gaussianRef[float64])
}

func gaussianRef[T vec.Float](_ []T, in [][]T) float64 {
	sum := 0.0
	for i, e := range in[0] {
		p := 1.0
		if len(in) == 2 {
			p = float64(in[1][i%len(in[1])])
		}
		sum += p * float64(e) * float64(e)
	}
	return sum / 2
}

// weigh is Π ⊙ ε, row by row: ε (B, d), Π (d) → (B, d), the derivative of a
// Gaussian energy by its error.
type weigh struct{ op }

func newWeigh() weigh { return weigh{op{"weigh", 2}} }

func (weigh) Type() hm.Type { return signature("mvm") }

func (o weigh) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 1)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o weigh) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], weighRef[float32], weighRef[float64])
}

func weighRef[T vec.Float](dst []T, in [][]T) float64 {
	vec.Weigh(dst, in[0], in[1])
	return 0
}

// unweigh is x / Π, row by row: x (B, d), Π (d) → (B, d).
type unweigh struct{ op }

func newUnweigh() unweigh { return unweigh{op{"unweigh", 2}} }

func (unweigh) Type() hm.Type { return signature("mvm") }

func (o unweigh) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 1)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o unweigh) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], unweighRef[float32], unweighRef[float64])
}

func unweighRef[T vec.Float](dst []T, in [][]T) float64 {
	for i, x := range in[0] {
		dst[i] = x / in[1][i%len(in[1])]
	}
	return 0
}

// mask is x ⊙ M, all (B, d): M is 1 for free units and 0 for fixed ones.
type mask struct{ op }

func newMask() mask { return mask{op{"mask", 2}} }

func (mask) Type() hm.Type { return signature("mmm") }

func (o mask) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2, 2) }

func (o mask) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], maskRef[float32], maskRef[float64])
}

func maskRef[T vec.Float](dst []T, in [][]T) float64 {
	vec.Weigh(dst, in[0], in[1])
	return 0
}

// total is the sum of the nodes' energies: n scalars → scalar.
type total struct{ op }

func newTotal(n int) total { return total{op{"total energy", n}} }

func (o total) Type() hm.Type { return signature(strings.Repeat("s", o.arity+1)) }

func (o total) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = true
	}
	return d
}

func (o total) InferShape(...G.DimSizer) (tensor.Shape, error) { return tensor.ScalarShape(), nil }

func (o total) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	g := make(G.Nodes, len(in))
	for i := range g {
		g[i] = grad
	}
	return g, nil
}

func (o total) Do(in ...G.Value) (G.Value, error) {
	return do(in, 0, 0, totalRef[float32], totalRef[float64])
}

func totalRef[T vec.Float](_ []T, in [][]T) float64 {
	sum := 0.0
	for _, x := range in {
		sum += float64(x[0])
	}
	return sum
}
