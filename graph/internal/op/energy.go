package op

import (
	"errors"
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Difference is the error ε = v − μ, all (B, d).
func Difference() *Op {
	return &Op{
		Name: "error", In: "mm", Out: 'm', Wrt: "xx", Lazy: true,
		Derivative: func(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Negate(), grad)
			return G.Nodes{grad, g}, err
		},
		Faces: Faces{differenceDo[float32], differenceDo[float64], differenceLower[float32], differenceLower[float64]},
	}
}

func differenceDo[T vec.Float](dst []T, in [][]T, _ []tensor.Shape) float64 {
	vec.Sub(dst, in[0], in[1])
	return 0
}

// differenceLower has the prediction computed in place of the error, where nobody reads
// it, and takes its bias along.
func differenceLower[T vec.Float](c *Lowering[T], a Args) Kernel[T] {
	in := Children(a.Node)
	v, mu := c.Positive(in[0]), in[1]
	if o, ok := mu.Op().(*Op); ok && !c.unfused && o.Name == "shift" && c.once(mu) {
		of := Children(mu)
		if k, ok := c.Into(of[0], a.Out, -1); ok {
			b := c.Positive(of[1])
			return func(m *Memory[T], lo, hi int) {
				k(m, lo, hi)
				vec.Residual(m.Rows(a.Out, lo, hi), m.Rows(v, lo, hi), m.Buf[b])
			}
		}
	}
	x := c.Positive(mu)
	return func(m *Memory[T], lo, hi int) {
		vec.Sub(m.Rows(a.Out, lo, hi), m.Rows(v, lo, hi), m.Rows(x, lo, hi))
	}
}

// Gaussian is the energy ½ w Σ Π ε² over the batch: ε (B, d), and where the precision
// is not 1, Π (d) → scalar. It is the negative logarithm of a Gaussian density of ε, up
// to a constant. The precision is frozen, the weight w a constant.
func Gaussian(weight float64, precise bool) *Op {
	o := &Op{
		Name: "gaussian", In: "m", Out: 's', Wrt: "x",
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := gaussianGradient(weight, in, grad)
			return G.Nodes{g, nil}[:len(in)], err
		},
		Faces: PerExample("m", gaussianRow[float32](weight), gaussianRow[float64](weight)),
	}
	o.Lower32, o.Lower64 = gaussianLower[float32](weight), gaussianLower[float64](weight)
	if weight != 1 {
		o.Name = fmt.Sprintf("%v gaussian", weight)
	}
	if precise {
		o.In, o.Wrt = "mv", "x-"
		o.Shape = func(in []tensor.Shape) (tensor.Shape, error) {
			_, err := SameShape(in)
			return tensor.ScalarShape(), err
		}
		o.Faces = PerExample("mv", preciseRow[float32](weight), preciseRow[float64](weight))
	}
	return o
}

func gaussianGradient(weight float64, in G.Nodes, grad *G.Node) (*G.Node, error) {
	if err := NotScaled(grad); err != nil {
		return nil, err
	}
	g, err := in[0], error(nil)
	if len(in) == 2 {
		g, err = G.ApplyOp(Weigh(), g, in[1])
	}
	if weight != 1 && err == nil {
		g, err = G.ApplyOp(Scale(weight), g)
	}
	return g, err
}

func gaussianRow[T vec.Float](weight float64) func(Rows[T]) float64 {
	return func(x Rows[T]) float64 { return weight * vec.HalfSquares(x[0]) }
}

// gaussianLower is gaussianRow for all rows at once.
func gaussianLower[T vec.Float](weight float64) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		return func(m *Memory[T], lo, hi int) {
			vec.HalfSquaresOfRows(m.Energies[a.Out][lo:hi], weight, m.Rows(a.In[0], lo, hi))
		}
	}
}

func preciseRow[T vec.Float](weight float64) func(Rows[T]) float64 {
	return func(x Rows[T]) float64 { return weight * vec.HalfSquaresWeighed(x[0], x[1]) }
}

// Total is the sum of n energies: n scalars → scalar.
func Total(n int) *Op {
	return &Op{
		Name: "total energy", In: strings.Repeat("s", n), Out: 's', Wrt: strings.Repeat("x", n),
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			grads := make(G.Nodes, len(in))
			for i := range grads {
				grads[i] = grad
			}
			return grads, nil
		},
		Faces: Faces{totalDo[float32], totalDo[float64], totalLower[float32], totalLower[float64]},
	}
}

func totalDo[T vec.Float](_ []T, in [][]T, _ []tensor.Shape) float64 {
	sum := 0.0
	for _, x := range in {
		sum += float64(x[0])
	}
	return sum
}

func totalLower[T vec.Float](_ *Lowering[T], a Args) Kernel[T] {
	return func(m *Memory[T], lo, hi int) {
		for r := lo; r < hi; r++ {
			sum := 0.0
			for _, i := range a.In {
				sum += m.Energies[i][r]
			}
			m.Energies[a.Out][r] = sum
		}
	}
}

// NotScaled refuses a gradient of an energy that is not the 1 from which Grad starts:
// the cost is then not a plain sum of energies.
func NotScaled(grad *G.Node) error {
	if v := grad.Value(); v != nil && grad.IsScalar() && !grad.IsVar() {
		switch x := v.Data().(type) {
		case float32:
			if x == 1 {
				return nil
			}
		case float64:
			if x == 1 {
				return nil
			}
		}
	}
	return errors.New("graph: the cost must be a sum of energies; a scaled energy is one with a weight")
}
