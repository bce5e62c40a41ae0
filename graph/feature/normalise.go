package feature

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/vec"
)

// Normalise is x̂ of an example, over all its units and by itself: without parameters,
// since gains are a diagonal map's, and a bias is the prediction's.
//
// The derivative of x̂ is at most 1/σ, with σ the example's own spread, which is known only
// where latents are. A bound for all of them, 1/√ε, would end all movement. MaxSlope is
// that of an example whose spread is 1; where it is less the rate may begin too high, and is
// halved as the energy rises (see model.Inference).
type Normalise struct {
	name     string
	centered bool
	epsilon  func(unit float64) float64 // of a dtype, given the unit of its last place at 1
}

var (
	// LayerNorm is (x − mean)/√(var + 1e-5), as PyTorch's.
	LayerNorm = &Normalise{"layer-norm", true, func(float64) float64 { return 1e-5 }}
	// RMSNorm is x/√(mean x² + ε), with ε what float32 or float64 can just tell from 0 beside
	// 1, as PyTorch's.
	RMSNorm = &Normalise{"rms-norm", false, func(unit float64) float64 { return unit }}
)

// String returns layer-norm or rms-norm.
func (n *Normalise) String() string { return n.name }

// Shape returns the source's.
func (n *Normalise) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%v: must have one source, got %d", n, len(in))
	}
	return in[0], nil
}

// MaxSlope returns 1.
func (*Normalise) MaxSlope(...tensor.Shape) float64 { return 1 }

// Linear is false.
func (*Normalise) Linear() bool { return false }

// UnitByUnit is false.
func (*Normalise) UnitByUnit() bool { return false }

// Build adds x̂ to a graph.
func (n *Normalise) Build(b *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node {
	return b.Apply(fmt.Sprintf("%v(%s)", n, in[0].Name()), n.op(), in[0])
}

// op is x̂, row by row: (B, d) → (B, d).
func (n *Normalise) op() *op.Op {
	return &op.Op{
		Name: n.name, In: "m", Out: 'm', Wrt: "x",
		Derivative: func(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
			d, err := G.ApplyOp(n.derivative(), in[0], out, grad)
			return G.Nodes{d}, err
		},
		Faces: op.Faces{Do32: normaliseDo[float32](n), Do64: normaliseDo[float64](n), Lower32: normaliseLower[float32](n), Lower64: normaliseLower[float64](n)},
	}
}

// derivative is x, x̂, g → (g − mean g − x̂ · mean(g x̂)) / σ, all (B, d), without the mean
// of g where x̂ is not centred.
func (n *Normalise) derivative() *op.Op {
	return &op.Op{
		Name: n.name + "'", In: "mmm", Out: 'm', Signs: []op.Sign{op.Plain, op.Plain, op.Carried},
		Faces: op.Faces{Do32: renormaliseDo[float32](n), Do64: renormaliseDo[float64](n), Lower32: renormaliseLower[float32](n), Lower64: renormaliseLower[float64](n)},
	}
}

// moments returns an example's mean, 0 where it is not taken off, and σ.
func moments[T vec.Float](n *Normalise, x []T) (mean, sigma float64) {
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	if !n.centered {
		mean = 0
	}
	variance := 0.0
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	return mean, math.Sqrt(variance + n.epsilon(unit[T]()))
}

// unit returns what T can just tell from 0 beside 1.
func unit[T vec.Float]() float64 {
	if _, single := any(T(0)).(float32); single {
		return 0x1p-23
	}
	return 0x1p-52
}

func normaliseDo[T vec.Float](n *Normalise) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		d := shapes[0][1]
		for r := 0; r < len(dst); r += d {
			mean, sigma := moments(n, in[0][r:r+d])
			for i := r; i < r+d; i++ {
				dst[i] = T((float64(in[0][i]) - mean) / sigma)
			}
		}
		return 0
	}
}

func renormaliseDo[T vec.Float](n *Normalise) op.Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		x, y, g, d := in[0], in[1], in[2], shapes[0][1]
		for r := 0; r < len(dst); r += d {
			_, sigma := moments(n, x[r:r+d])
			mean, along := 0.0, 0.0
			for i := r; i < r+d; i++ {
				if n.centered {
					mean += float64(g[i]) / float64(d)
				}
				along += float64(g[i]) * float64(y[i]) / float64(d)
			}
			for i := r; i < r+d; i++ {
				dst[i] = T((float64(g[i]) - mean - float64(y[i])*along) / sigma)
			}
		}
		return 0
	}
}

// center sets dst to x without its mean, where that is taken off.
func center[T vec.Float](n *Normalise, dst, x, ones []T) {
	if copy(dst, x); n.centered {
		vec.AddScaled(dst, T(-vec.Dot(x, ones)/float64(len(x))), ones)
	}
}

// scale returns 1/σ of an example, given what center made of it.
func scale[T vec.Float](n *Normalise, x []T) T {
	return T(1 / math.Sqrt(2*vec.HalfSquares(x)/float64(len(x))+n.epsilon(unit[T]())))
}

func ones[T vec.Float](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func normaliseLower[T vec.Float](n *Normalise) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		ones := ones[T](a.Shape[1])
		return func(m *op.Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				dst := m.Rows(a.Out, r, r+1)
				center(n, dst, m.Rows(a.In[0], r, r+1), ones)
				vec.Scale(dst, scale(n, dst))
			}
		}
	}
}

func renormaliseLower[T vec.Float](n *Normalise) op.Lower[T] {
	return func(_ *op.Lowering[T], a op.Args) op.Kernel[T] {
		ones := ones[T](a.Shape[1])
		return func(m *op.Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				dst, y, g := m.Rows(a.Out, r, r+1), m.Rows(a.In[1], r, r+1), m.Rows(a.In[2], r, r+1)
				center(n, dst, m.Rows(a.In[0], r, r+1), ones)
				by := scale(n, dst)
				center(n, dst, g, ones)
				vec.AddScaled(dst, T(-vec.Dot(g, y)/float64(len(y))), y)
				vec.Scale(dst, by)
			}
		}
	}
}
