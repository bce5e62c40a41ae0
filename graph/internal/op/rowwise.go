package op

import (
	"slices"

	"gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Rows are the operands of an operation that treats each example by itself: rows of a
// matrix, or all of a vector. There are as many as the operation has inputs.
type Rows[T vec.Float] [4][]T

// ByKernel returns the faces of an operation of which the kernel, which is not Lazy, is
// readable enough to be the plain form too: it is run on all rows.
func ByKernel(l32 Lower[float32], l64 Lower[float64]) Faces {
	return Faces{allRows(l32), allRows(l64), l32, l64}
}

func allRows[T vec.Float](lower Lower[T]) Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		out := len(in)
		m, a := &Memory[T]{}, Args{Shape: shapes[out], Out: out, Plus: -1, Neg: make([]bool, out)}
		for i, x := range append(slices.Clone(in), dst) {
			m.add(shapes[i])
			if m.Buf[i] = x; i < out {
				a.In = append(a.In, i)
			}
		}
		rows := shapes[0][0]
		if !shapes[out].IsScalar() {
			rows = shapes[out][0]
		}
		m.Energies[out] = make([]float64, rows)
		lower(nil, a)(m, 0, rows)
		return floats.Sum(m.Energies[out])
	}
}

// Rowwise returns the faces of an operation on matrices with d columns whose rows are
// computed one by one: body fills some rows of the result from the same rows of the
// inputs. In is the operation's, with m for a vector that goes along with the rows.
func Rowwise(in string, f32 func(dst []float32, x Rows[float32], d int), f64 func(dst []float64, x Rows[float64], d int)) Faces {
	return ByKernel(rowwiseLower(in, f32), rowwiseLower(in, f64))
}

func rowwiseLower[T vec.Float](in string, body func(dst []T, x Rows[T], d int)) Lower[T] {
	return func(c *Lowering[T], a Args) Kernel[T] {
		d := a.Shape[len(a.Shape)-1]
		if in == "m" { // most are
			x := a.In[0]
			return func(m *Memory[T], lo, hi int) {
				body(m.Rows(a.Out, lo, hi), Rows[T]{m.Rows(x, lo, hi)}, d)
			}
		}
		return func(m *Memory[T], lo, hi int) {
			body(m.Rows(a.Out, lo, hi), m.operands(in, a.In, lo, hi), d)
		}
	}
}

// operands returns rows lo to hi of matrices, and vectors as a whole.
func (m *Memory[T]) operands(in string, at []int, lo, hi int) (x Rows[T]) {
	for i, n := range at {
		if in[i] == 'v' {
			x[i] = m.Buf[n]
		} else {
			x[i] = m.Rows(n, lo, hi)
		}
	}
	return x
}

// PerExample returns the faces of an energy: body returns that of one example, from its
// row of each input.
func PerExample(in string, f32 func(x Rows[float32]) float64, f64 func(x Rows[float64]) float64) Faces {
	return ByKernel(energyLower(in, f32), energyLower(in, f64))
}

func energyLower[T vec.Float](in string, body func(x Rows[T]) float64) Lower[T] {
	return func(c *Lowering[T], a Args) Kernel[T] {
		return func(m *Memory[T], lo, hi int) {
			for r := lo; r < hi; r++ {
				m.Energies[a.Out][r] = body(m.operands(in, a.In, r, r+1))
			}
		}
	}
}
