package op

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Rows are the operands of an operation that treats each example by itself: rows of a
// matrix, or all of a vector. There are as many as the operation has inputs.
type Rows[T vec.Float] [4][]T

// Rowwise returns the faces of an operation on matrices with d columns whose rows are
// computed one by one: body fills some rows of the result from the same rows of the
// inputs. Kernel and plain form are then the same. In is the operation's.
func Rowwise(in string, f32 func(dst []float32, x Rows[float32], d int), f64 func(dst []float64, x Rows[float64], d int)) Faces {
	return Faces{rowwiseDo(f32), rowwiseDo(f64), rowwiseLower(in, f32), rowwiseLower(in, f64)}
}

func rowwiseDo[T vec.Float](body func(dst []T, x Rows[T], d int)) Reference[T] {
	return func(dst []T, in [][]T, shapes []tensor.Shape) float64 {
		var x Rows[T]
		copy(x[:], in)
		s := shapes[len(in)]
		body(dst, x, s[len(s)-1])
		return 0
	}
}

func rowwiseLower[T vec.Float](in string, body func(dst []T, x Rows[T], d int)) Lower[T] {
	return func(c *Lowering[T], a Args) Kernel[T] {
		s := a.Node.Shape()
		d := s[len(s)-1]
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
	return Faces{energyDo(in, f32), energyDo(in, f64), energyLower(in, f32), energyLower(in, f64)}
}

func energyDo[T vec.Float](kinds string, body func(x Rows[T]) float64) Reference[T] {
	return func(_ []T, in [][]T, shapes []tensor.Shape) float64 {
		sum := 0.0
		for row := range shapes[0][0] {
			var x Rows[T]
			for i, data := range in {
				x[i] = data
				if d := shapes[i][shapes[i].Dims()-1]; kinds[i] == 'm' {
					x[i] = data[row*d : (row+1)*d]
				}
			}
			sum += body(x)
		}
		return sum
	}
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
