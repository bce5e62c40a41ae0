package graph

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// prior is the activity prior of a node, ½ α ‖v‖² over the batch: v (B, d) →
// scalar. It is the negative logarithm of a Gaussian density of the latent around
// 0, up to a constant.
type prior struct {
	op
	alpha float64
}

func newPrior(alpha float64) prior { return prior{op{"prior", 1}, alpha} }

func (prior) Type() hm.Type           { return signature("ms") }
func (prior) DiffWRT(int) []bool      { return []bool{true} }
func (o prior) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn prior %v", o.alpha) }

func (o prior) InferShape(...G.DimSizer) (tensor.Shape, error) { return tensor.ScalarShape(), nil }

func (o prior) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if !isOne(grad) {
		return nil, errScaled
	}
	g, err := G.ApplyOp(newShrink(o.alpha), in[0])
	return G.Nodes{g}, err
}

func (o prior) Do(in ...G.Value) (G.Value, error) {
	return do(in, 0, 0, priorRef[float32](o.alpha), priorRef[float64](o.alpha))
}

func priorRef[T vec.Float](alpha float64) reference[T] {
	return func(_ []T, in [][]T) float64 {
		sum := 0.0
		for _, v := range in[0] {
			sum += float64(v) * float64(v)
		}
		return alpha * sum / 2
	}
}

// shrink is α v, (B, d): the derivative of a prior by its latent.
type shrink struct {
	op
	alpha float64
}

func newShrink(alpha float64) shrink { return shrink{op{"shrink", 1}, alpha} }

func (shrink) Type() hm.Type           { return signature("mm") }
func (o shrink) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn shrink %v", o.alpha) }

func (o shrink) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2) }

func (o shrink) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], shrinkRef[float32](o.alpha), shrinkRef[float64](o.alpha))
}

func shrinkRef[T vec.Float](alpha float64) reference[T] {
	return func(dst []T, in [][]T) float64 {
		copy(dst, in[0])
		vec.Scale(dst, T(alpha))
		return 0
	}
}
