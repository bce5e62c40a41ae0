package graph

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// The Gram form of a clamped node's energy. With f = φ(v) above a clamped x,
//
//	½‖x − b − f Wᵀ‖² = c + ½⟨f, h − A⟩,  its gradient by f is h = f G − A,
//	G = WᵀW (k, k),  A = (x − b) W (B, k),  c = ½‖x − b‖²
//
// G changes with the weights, A and c once a batch, and a step costs a product
// with G, k×k, in place of two with W, n×k: a gain where n > k.

// gram is G = Wᵀ W: W (n, k) → (k, k); or, where the node below has a precision,
// (Π W)ᵀ W from Π W and W.
type gram struct{ op }

func newGram(arity int) gram { return gram{op{"gram", arity}} }

func (o gram) Type() hm.Type { return signature([]string{"mm", "mmm"}[o.arity-1]) }

func (o gram) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.same(in, []int{2, 2}[:o.arity]...)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[1], s[1]}, nil
}

func (o gram) Do(in ...G.Value) (G.Value, error) {
	k := in[0].Shape()[1]
	return do(in, k, k, gramRef[float32](k), gramRef[float64](k))
}

func gramRef[T vec.Float](k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		a, w := in[0], in[len(in)-1]
		for i := range dst {
			sum := T(0)
			for r := 0; r < len(w); r += k {
				sum += a[r+i/k] * w[r+i%k]
			}
			dst[i] = sum
		}
		return 0
	}
}

// weighRows is Π W: W (n, k), Π (n) → (n, k).
type weighRows struct{ op }

func newWeighRows() weighRows { return weighRows{op{"weigh rows", 2}} }

func (weighRows) Type() hm.Type { return signature("mvm") }

func (o weighRows) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 1)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o weighRows) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], weighRowsRef[float32](s[1]), weighRowsRef[float64](s[1]))
}

func weighRowsRef[T vec.Float](k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		for i, w := range in[0] {
			dst[i] = in[1][i/k] * w
		}
		return 0
	}
}

// center is x − b, row by row: x (B, n), b (n) → (B, n).
type center struct{ op }

func newCenter() center { return center{op{"center", 2}} }

func (center) Type() hm.Type { return signature("mvm") }

func (o center) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 1)
	if err != nil {
		return nil, err
	}
	if s[0][1] != s[1][0] {
		return nil, fmt.Errorf("graph: center: data %v and bias %v do not fit: want (B, n), (n)", s[0], s[1])
	}
	return s[0].Clone(), nil
}

func (o center) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], centerRef[float32], centerRef[float64])
}

func centerRef[T vec.Float](dst []T, in [][]T) float64 {
	vec.SubRow(dst, in[0], in[1])
	return 0
}

// gramGradient is h = f G − A: f (B, k), G (k, k), A (B, k) → (B, k).
type gramGradient struct{ op }

func newGramGradient() gramGradient { return gramGradient{op{"gram gradient", 3}} }

func (gramGradient) Type() hm.Type { return signature("mmmm") }

func (o gramGradient) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 2, 2)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o gramGradient) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], gramGradientRef[float32](s[1]), gramGradientRef[float64](s[1]))
}

func gramGradientRef[T vec.Float](k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		f, g, a := in[0], in[1], in[2]
		for i := range dst {
			sum := T(0)
			for j := range k {
				sum += f[i/k*k+j] * g[j*k+i%k]
			}
			dst[i] = sum - a[i]
		}
		return 0
	}
}

// gramEnergy is c + ½⟨f, h − A⟩ over the batch: f, h, A (B, k), c scalar →
// scalar. Its derivative by f is h, which already stands in the graph; the other
// inputs are parts of the same function of f and are not differentiated.
type gramEnergy struct{ op }

func newGramEnergy() gramEnergy { return gramEnergy{op{"gram energy", 4}} }

func (gramEnergy) Type() hm.Type      { return signature("mmmss") }
func (gramEnergy) DiffWRT(int) []bool { return []bool{true, false, false, false} }

func (o gramEnergy) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}

func (o gramEnergy) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if !isOne(grad) {
		return nil, errScaled
	}
	return G.Nodes{in[1], nil, nil, nil}, nil
}

func (o gramEnergy) Do(in ...G.Value) (G.Value, error) {
	return do(in, 0, 0, gramEnergyRef[float32], gramEnergyRef[float64])
}

func gramEnergyRef[T vec.Float](_ []T, in [][]T) float64 {
	f, h, a := in[0], in[1], in[2]
	sum := 0.0
	for i := range f {
		sum += float64(f[i]) * (float64(h[i]) - float64(a[i]))
	}
	return float64(in[3][0]) + sum/2
}

// inverse is the preconditioner of a node, H⁻¹ with
//
//	H = Π + α + s G
//
// G (k, k) the Gram matrix of the weights by which the node predicts the one below, Π
// the precision of its own error (absent for the top node, which has none), α that
// of its prior, and s the square of its activation's largest slope times the
// largest curvature of the energy below. H bounds the energy's second derivative
// by the node's latent but for the curvature of the activation. G (k, k), and
// where it is not 1, Π (k) → (k, k).
type inverse struct {
	op
	own          bool // the node has an error of its own
	scale, prior float64
	ridge        float64 // added to the diagonal of a node without one, as a share of its mean: G alone may be singular
}

func newInverse(own, precise bool) inverse {
	o := inverse{op: op{"inverse", 1}, own: own, scale: 1}
	if precise {
		o.arity = 2
	}
	return o
}

func (o inverse) Type() hm.Type { return signature([]string{"mm", "mvm"}[o.arity-1]) }

func (o inverse) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "pcn inverse %v %v %v %v %v", o.arity, o.own, o.scale, o.prior, o.ridge)
}

func (o inverse) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, []int{2, 1}[:o.arity]...)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o inverse) Do(in ...G.Value) (G.Value, error) {
	k := in[0].Shape()[0]
	return do(in, k, k, inverseRef[float32](o, k), inverseRef[float64](o, k))
}

// blockRidge is the ridge of a block of its own.
const blockRidge = 1e-3

// chainRidge is the ridge of a chain's top, which is to be solved as nearly as
// rounding allows.
func chainRidge(dtype tensor.Dtype) float64 {
	if dtype == tensor.Float32 {
		return 1e-5
	}
	return 1e-12
}

func inverseRef[T vec.Float](o inverse, k int) reference[T] {
	curvature := curvatureRef[T](o, k)
	return func(dst []T, in [][]T) float64 {
		curvature(dst, in)
		invert(dst, k, k)
		return 0
	}
}

// curvatureRef fills dst with H.
func curvatureRef[T vec.Float](o inverse, k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		copy(dst, in[0])
		vec.Scale(dst, T(o.scale))
		trace := T(0)
		for i := range k {
			trace += dst[i*k+i]
		}
		if trace == 0 {
			trace = T(k)
		}
		for i := range k {
			switch {
			case !o.own:
				dst[i*k+i] += T(o.ridge) * trace / T(k)
			case o.arity == 2:
				dst[i*k+i] += in[1][i]
			default:
				dst[i*k+i]++
			}
			if o.prior != 0 {
				dst[i*k+i] += T(o.prior)
			}
		}
		return 0
	}
}

// GramPays reports for each layer whether the Gram form of its energy takes
// fewer operations than the plain one over a batch of rows examples that settles
// for steps steps, the weights changing after each batch. It is for clamped
// nodes under free ones.
func GramPays(sizes []int, clamped []bool, rows, steps int) []bool {
	pays := make([]bool, len(sizes)-1)
	for i := range pays {
		if !clamped[i] || clamped[i+1] {
			continue
		}
		n, k, b, t := float64(sizes[i]), float64(sizes[i+1]), float64(rows), float64(steps)
		plain := t * 2 * b * n * k        // a prediction and a pullback a step
		gram := t*b*k*k + n*k*k + 2*b*n*k // a product with G; G, A, and the errors at the end
		pays[i] = gram < plain
	}
	return pays
}
