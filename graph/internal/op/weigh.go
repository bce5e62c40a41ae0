package op

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Weigh is x ⊙ p, row by row: x (B, d), p (d) → (B, d): an error weighed by its
// precision, or a feature by gains. p is frozen.
func Weigh() *Op {
	return &Op{
		Name: "weigh", In: "mv", Out: 'm', Wrt: "x-", Signs: []Sign{Carried, Plain},
		Derivative: func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(Weigh(), grad, in[1])
			return G.Nodes{g, nil}, err
		},
		Faces: Rowwise("mv", weighRows[float32], weighRows[float64]),
	}
}

func weighRows[T vec.Float](dst []T, x Rows[T], _ int) { vec.Weigh(dst, x[0], x[1]) }

// Unweigh is x / p, row by row: x (B, d), p (d) → (B, d).
func Unweigh() *Op {
	return &Op{
		Name: "unweigh", In: "mv", Out: 'm', Signs: []Sign{Carried, Plain},
		Faces: Rowwise("mv", unweighRows[float32], unweighRows[float64]),
	}
}

func unweighRows[T vec.Float](dst []T, x Rows[T], _ int) {
	for i, v := range x[0] {
		dst[i] = v / x[1][i%len(x[1])]
	}
}

// Mask is x ⊙ M, all (B, d): M is 1 for free units and 0 for fixed ones.
func Mask() *Op {
	return &Op{
		Name: "mask", In: "mm", Out: 'm', Signs: []Sign{Carried, Plain},
		Faces: Rowwise("mm", weighRows[float32], weighRows[float64]),
	}
}

// Center is x − b, row by row: x (B, d), b (d) → (B, d).
func Center() *Op {
	return &Op{Name: "center", In: "mv", Out: 'm', Faces: Rowwise("mv", centerRows[float32], centerRows[float64])}
}

func centerRows[T vec.Float](dst []T, x Rows[T], _ int) { vec.SubRow(dst, x[0], x[1]) }

// WeighMatrix is diag(p) W, for a matrix of parameters: W (n, k), p (n) → (n, k).
func WeighMatrix() *Op {
	return &Op{
		Name: "weigh rows", In: "mv", Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: Rowwise("mm", weighMatrixRows[float32], weighMatrixRows[float64]),
	}
}

func weighMatrixRows[T vec.Float](dst []T, x Rows[T], k int) {
	copy(dst, x[0])
	for r, p := range x[1] {
		vec.Scale(dst[r*k:(r+1)*k], p)
	}
}

// UnweighMatrix is diag(1/p) W, for a matrix of parameters: W (n, k), p (n) → (n, k).
func UnweighMatrix() *Op {
	o := WeighMatrix()
	o.Name = "unweigh rows"
	o.Faces = Rowwise("mm", unweighMatrixRows[float32], unweighMatrixRows[float64])
	return o
}

func unweighMatrixRows[T vec.Float](dst []T, x Rows[T], k int) {
	copy(dst, x[0])
	for r, p := range x[1] {
		vec.Scale(dst[r*k:(r+1)*k], 1/p)
	}
}

// Weighted is Σ_j d_j p_j + c for vectors of parameters: p_j (n) each → (n).
func Weighted(d []float64, c float64) *Op {
	return &Op{
		Name: fmt.Sprintf("weighted %v + %v", d, c), In: strings.Repeat("v", len(d)), Out: 'v',
		Faces: ByKernel(weightedLower[float32](d, c), weightedLower[float64](d, c)),
	}
}

func weightedLower[T vec.Float](d []float64, c float64) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		return func(m *Memory[T], lo, hi int) {
			dst := m.Rows(a.Out, lo, hi)
			for i := range dst {
				dst[i] = T(c)
				for j, by := range d {
					dst[i] += T(by) * m.Buf[a.In[j]][lo+i]
				}
			}
		}
	}
}

// Among says where the units of a node stand among those of nodes whose channels are side by
// side: unit i is channel Lo + i mod Channels of position i / Channels, which has Of of
// them. Nodes without positions have all their units at one.
type Among struct{ Lo, Channels, Of, Units int }

func (a Among) at(i int) int { return i/a.Channels*a.Of + a.Lo + i%a.Channels }

// Part is the rows and columns of some units of a square matrix of parameters,
// (k, k) → (n, n), or their elements of a vector, (k) → (n).
func Part(units Among, square bool) *Op {
	o := &Op{
		Name: fmt.Sprintf("part %+v", units), In: "v", Out: 'v',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return tensor.Shape{units.Units}, nil },
		Faces: ByKernel(partLower[float32](units), partLower[float64](units)),
	}
	if square {
		o.In, o.Out = "m", 'm'
		o.Shape = func(in []tensor.Shape) (tensor.Shape, error) { return tensor.Shape{units.Units, units.Units}, nil }
	}
	return o
}

func partLower[T vec.Float](units Among) Lower[T] {
	return func(_ *Lowering[T], a Args) Kernel[T] {
		square := len(a.Shape) == 2
		return func(m *Memory[T], lo, hi int) {
			for i := lo; i < hi; i++ {
				dst, src := m.Rows(a.Out, i, i+1), m.Rows(a.In[0], units.at(i), units.at(i)+1)
				if !square {
					copy(dst, src)
					continue
				}
				for j := range dst {
					dst[j] = src[units.at(j)]
				}
			}
		}
	}
}
