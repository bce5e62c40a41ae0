package graph

import (
	"fmt"

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

// gram is G = WᵀW: W (n, k) → (k, k).
type gram struct{ op }

func newGram() gram { return gram{op{"gram", 1}} }

func (gram) Type() hm.Type { return signature("mm") }

func (o gram) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[0][1], s[0][1]}, nil
}

func (o gram) Do(in ...G.Value) (G.Value, error) {
	k := in[0].Shape()[1]
	return do(in, k, k, gramRef[float32](k), gramRef[float64](k))
}

func gramRef[T vec.Float](k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		w := in[0]
		for i := range dst {
			sum := T(0)
			for r := 0; r < len(w); r += k {
				sum += w[r+i/k] * w[r+i%k]
			}
			dst[i] = sum
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
