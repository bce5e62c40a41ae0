package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// The Gram form of a clamped node's energy. With f the feature above a clamped x,
//
//	½‖x − b − f Wᵀ‖² = c + ½⟨f, h − A⟩,  its gradient by f is h = f G − A,
//	G = WᵀW (k, k),  A = (x − b) W (B, k),  c = ½‖x − b‖²
//
// G changes with the weights, A and c once a batch, and a step costs a product
// with G, k×k, in place of two with W, n×k: a gain where n > k.

// Gram is Wᵀ W for W (n, k) → (k, k), or Vᵀ W for V and W: arity 1 or 2.
func Gram(arity int) *Op {
	return &Op{
		Name: "gram", In: "mm"[:arity], Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) {
			s, err := SameShape(in)
			if err != nil {
				return nil, err
			}
			return tensor.Shape{s[1], s[1]}, nil
		},
		Faces: Faces{gramDo[float32], gramDo[float64], gramLower[float32], gramLower[float64]},
	}
}

func gramDo[T vec.Float](dst []T, in [][]T, shapes []tensor.Shape) float64 {
	k := shapes[0][1]
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

// gramLower's rows are rows of the result.
func gramLower[T vec.Float](c *Lowering[T], a Args) Kernel[T] {
	in := Children(a.Node)
	w, k := c.Pack(in[len(in)-1], false), a.Node.Shape()[1]
	return func(m *Memory[T], lo, hi int) {
		gemm.Mul(m.Rows(a.Out, lo, hi), k, m.Buf[a.In[0]][lo:], 1, k, hi-lo, &m.Packs[w].Packed, false, nil)
	}
}

// GramGradient is h = f G − A: f (B, k), G (k, k), A (B, k) → (B, k).
func GramGradient() *Op {
	return &Op{
		Name: "gram gradient", In: "mmm", Out: 'm', Product: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: Faces{gramGradientDo[float32], gramGradientDo[float64], gramGradientLower[float32], gramGradientLower[float64]},
	}
}

func gramGradientDo[T vec.Float](dst []T, in [][]T, shapes []tensor.Shape) float64 {
	f, g, a, k := in[0], in[1], in[2], shapes[0][1]
	for i := range dst {
		sum := T(0)
		for j := range k {
			sum += f[i/k*k+j] * g[j*k+i%k]
		}
		dst[i] = sum - a[i]
	}
	return 0
}

func gramGradientLower[T vec.Float](c *Lowering[T], a Args) Kernel[T] {
	g := c.Pack(Children(a.Node)[1], false)
	return func(m *Memory[T], lo, hi int) {
		out := m.Rows(a.Out, lo, hi)
		m.Product(out, a.In[0], g, lo, hi, false)
		vec.Sub(out, out, m.Rows(a.In[2], lo, hi))
	}
}

// GramEnergy is c + ½⟨f, h − A⟩ over the batch: f, h, A (B, k), c scalar → scalar. Its
// derivative by f is h, which already stands in the graph; the other inputs are parts of
// the same function of f and are not differentiated.
func GramEnergy() *Op {
	return &Op{
		Name: "gram energy", In: "mmms", Out: 's', Wrt: "x---",
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			return G.Nodes{in[1], nil, nil, nil}, NotScaled(grad)
		},
		Faces: Faces{gramEnergyDo[float32], gramEnergyDo[float64], gramEnergyLower[float32], gramEnergyLower[float64]},
	}
}

func gramEnergyDo[T vec.Float](_ []T, in [][]T, _ []tensor.Shape) float64 {
	f, h, a := in[0], in[1], in[2]
	sum := 0.0
	for i := range f {
		sum += float64(f[i]) * (float64(h[i]) - float64(a[i]))
	}
	return float64(in[3][0]) + sum/2
}

func gramEnergyLower[T vec.Float](_ *Lowering[T], at Args) Kernel[T] {
	return func(m *Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			f, h, a := m.Rows(at.In[0], r, r+1), m.Rows(at.In[1], r, r+1), m.Rows(at.In[2], r, r+1)
			m.Energies[at.Out][r] = m.Energies[at.In[3]][r] + (vec.Dot(f, h)-vec.Dot(f, a))/2
		}
	}
}

// Curvature is a bound H on the second derivative of an energy by one node,
//
//	H = Σ_i a_i G_i + diag(Σ_j d_j p_j + c)
//
// with G_i (k, k) Gram matrices and p_j (k) precisions or squared gains, in that order →
// (k, k). Where nothing but the G_i makes H definite, Ridge is added to its diagonal as a
// share of its mean.
type Curvature struct {
	Grams    []float64 // a_i
	Diagonal []float64 // d_j
	Constant float64   // c
	Ridge    float64
}

// Inverse returns the operation of which the result is H⁻¹.
func (h Curvature) Inverse() *Op { return h.op("inverse", true) }

// Itself returns the operation of which the result is H.
func (h Curvature) Itself() *Op { return h.op("curvature", false) }

func (h Curvature) op(name string, inverse bool) *Op {
	o := &Op{
		Name: fmt.Sprintf("%s %+v", name, h), Out: 'm', Whole: true,
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: Faces{curvatureDo[float32](h, inverse), curvatureDo[float64](h, inverse), curvatureLower[float32](h, inverse), curvatureLower[float64](h, inverse)},
	}
	for range h.Grams {
		o.In += "m"
	}
	for range h.Diagonal {
		o.In += "v"
	}
	return o
}

// fill sets dst to H.
func fill[T vec.Float](h Curvature, dst []T, in [][]T, k int) {
	for i, a := range h.Grams {
		if i == 0 {
			copy(dst, in[0])
			vec.Scale(dst, T(a))
		} else {
			vec.AddScaled(dst, T(a), in[i])
		}
	}
	trace := T(0)
	for i := range k {
		trace += dst[i*k+i]
	}
	if trace == 0 {
		trace = T(k)
	}
	for i := range k {
		d := T(h.Constant) + T(h.Ridge)*trace/T(k)
		for j, by := range h.Diagonal {
			d += T(by) * in[len(h.Grams)+j][i]
		}
		dst[i*k+i] += d
	}
}

func curvatureDo[T vec.Float](h Curvature, inverse bool) Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		k := shapes[0][0]
		if fill(h, dst, in, k); inverse {
			invert(dst, k, k)
		}
		return 0
	}
}

func curvatureLower[T vec.Float](h Curvature, inverse bool) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		k, by, x := a.Node.Shape()[0], new(inverter[T]), make([][]T, len(a.In))
		return func(m *Memory[T], _, _ int) {
			for i, at := range a.In {
				x[i] = m.Buf[at]
			}
			if fill(h, m.Buf[a.Out], x, k); inverse {
				by.invert(m.Buf[a.Out], k)
			}
		}
	}
}
