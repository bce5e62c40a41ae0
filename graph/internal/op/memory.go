package op

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// Kernel computes a value for rows lo to hi of the batch; of a matrix of parameters,
// for its own rows lo to hi.
type Kernel[T vec.Float] func(m *Memory[T], lo, hi int)

// Memory is what kernels work on: values, each under a number. A value with rows has
// one for each example of the batch; an energy has a number for each.
type Memory[T vec.Float] struct {
	Width    []int       // by number: the columns of a value with rows
	Buf      [][]T       // by number: the elements; nil until bound or allocated
	Energies [][]float64 // by number: of each example
	Packs    []Packed[T]
	Repacks  bool // each product lays its operand out anew, to measure what keeping it saves
}

// Layout says how the right operand of a product is made of a matrix of parameters.
type Layout[T vec.Float] struct {
	Name       string // tells it from other layouts of one matrix
	Rows, Cols int    // of the operand
	Lay        func(p *gemm.Packed[T], matrix []T)
}

// Packed is a matrix of parameters laid out as the right operand of a product.
type Packed[T vec.Float] struct {
	Matrix int // its number
	Layout Layout[T]
	gemm.Packed[T]
}

// add makes room for another value of that shape.
func (m *Memory[T]) add(s tensor.Shape) int {
	width := 1
	if s.IsMatrix() {
		width = s[1]
	}
	m.Width = append(m.Width, width)
	m.Buf = append(m.Buf, nil)
	m.Energies = append(m.Energies, nil)
	return len(m.Width) - 1
}

// Rows returns rows lo to hi of value i.
func (m *Memory[T]) Rows(i, lo, hi int) []T {
	w := m.Width[i]
	return m.Buf[i][lo*w : hi*w]
}

// Begin sets a row of a result to what is to be added to it, or 0.
func (m *Memory[T]) Begin(a Args, row int) {
	if to := m.Rows(a.Out, row, row+1); a.Plus < 0 {
		clear(to)
	} else if a.Plus != a.Out {
		copy(to, m.Rows(a.Plus, row, row+1))
	}
}

// PackInto lays the matrix of pack i out in p.
func (m *Memory[T]) PackInto(p *gemm.Packed[T], i int) {
	of := &m.Packs[i]
	of.Layout.Lay(p, m.Buf[of.Matrix])
}

// Operand returns pack i as the right operand of a product.
func (m *Memory[T]) Operand(i int) *gemm.Packed[T] {
	if !m.Repacks {
		return &m.Packs[i].Packed
	}
	p := new(gemm.Packed[T])
	m.PackInto(p, i)
	return p
}

// Product sets dst to rows lo to hi of value x times pack w, or adds them.
func (m *Memory[T]) Product(dst []T, x, w, lo, hi int, add bool) {
	p := m.Operand(w)
	gemm.Mul(dst, p.Cols(), m.Rows(x, lo, hi), m.Width[x], 1, hi-lo, p, add, nil)
}

// ProductOfData is Product for an x that is data, or made of data alone, of which many
// elements may be 0.
func (m *Memory[T]) ProductOfData(dst []T, x, w, lo, hi int, add bool) {
	p := m.Operand(w)
	gemm.MulSparse(dst, p.Cols(), m.Rows(x, lo, hi), m.Width[x], hi-lo, p, add)
}
