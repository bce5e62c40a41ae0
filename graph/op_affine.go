package graph

import (
	"fmt"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// affine is the prediction μ = f Wᵀ + b: f (B, k), W (n, k), b (n) → (B, n).
// It is differentiable by f alone: the weights are frozen.
type affine struct{ op }

func newAffine() affine { return affine{op{"affine", 3}} }

func (affine) Type() hm.Type      { return signature("mmvm") }
func (affine) DiffWRT(int) []bool { return []bool{true, false, false} }
func (o affine) Do(in ...G.Value) (G.Value, error) {
	s := in[1].Shape()
	return do(in, in[0].Shape()[0], s[0], affineRef[float32], affineRef[float64])
}

func (o affine) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 2, 1)
	if err != nil {
		return nil, err
	}
	if s[0][1] != s[1][1] || s[1][0] != s[2][0] {
		return nil, fmt.Errorf("graph: affine: latent %v, weights %v and bias %v do not fit: want (B, k), (n, k), (n)", s[0], s[1], s[2])
	}
	return tensor.Shape{s[0][0], s[1][0]}, nil
}

func (o affine) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	g, err := G.ApplyOp(newPullback(), grad, in[1])
	return G.Nodes{g, nil, nil}, err
}

func affineRef[T vec.Float](dst []T, in [][]T) float64 {
	f, w, b := in[0], in[1], in[2]
	n := len(b)
	k := len(w) / n
	for i := range dst {
		row, col := i/n, i%n
		sum := T(0)
		for j := range k {
			sum += f[row*k+j] * w[col*k+j]
		}
		dst[i] = sum + b[col]
	}
	return 0
}

// push carries a step of the node above to the node below: x (B, k), K (n, k) →
// x Kᵀ (B, n).
type push struct{ op }

func newPush() push { return push{op{"push", 2}} }

func (push) Type() hm.Type { return signature("mmm") }

func (o push) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 2)
	if err != nil {
		return nil, err
	}
	if s[0][1] != s[1][1] {
		return nil, fmt.Errorf("graph: push: step %v and coupling %v do not fit: want (B, k), (n, k)", s[0], s[1])
	}
	return tensor.Shape{s[0][0], s[1][0]}, nil
}

func (o push) Do(in ...G.Value) (G.Value, error) {
	n := in[1].Shape()[0]
	return do(in, in[0].Shape()[0], n, pushRef[float32](n), pushRef[float64](n))
}

func pushRef[T vec.Float](n int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		affineRef(dst, [][]T{in[0], in[1], make([]T, n)})
		return 0
	}
}

// pullback carries an error of the node below to the node above through the
// weights that predicted it: g (B, n), W (n, k) → g W (B, k). It is affine's
// derivative by f.
type pullback struct{ op }

func newPullback() pullback { return pullback{op{"pullback", 2}} }

func (pullback) Type() hm.Type { return signature("mmm") }

func (o pullback) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 2)
	if err != nil {
		return nil, err
	}
	if s[0][1] != s[1][0] {
		return nil, fmt.Errorf("graph: pullback: error %v and weights %v do not fit: want (B, n), (n, k)", s[0], s[1])
	}
	return tensor.Shape{s[0][0], s[1][1]}, nil
}

func (o pullback) Do(in ...G.Value) (G.Value, error) {
	n, k := in[1].Shape()[0], in[1].Shape()[1]
	return do(in, in[0].Shape()[0], k, pullbackRef[float32](n, k), pullbackRef[float64](n, k))
}

func pullbackRef[T vec.Float](n, k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		g, w := in[0], in[1]
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
}
