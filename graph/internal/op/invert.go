package op

import (
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// invert inverts the positive definite k×k matrix whose rows begin at every stride
// of a, in place, by Gauss-Jordan elimination, which needs no pivots there.
func invert[T vec.Float](a []T, k, stride int) {
	for p := range k {
		pivot := a[p*stride : p*stride+k]
		d := 1 / pivot[p]
		vec.Scale(pivot, d)
		pivot[p] = d
		for i := range k {
			if row := a[i*stride : i*stride+k]; i != p {
				x := row[p]
				row[p] = 0
				vec.AddScaled(row, -x, pivot)
			}
		}
	}
}

// inverter inverts by blocks: the same elimination, of inverseBlock rows at once, as
// products of matrices. It keeps its scratch.
type inverter[T vec.Float] struct {
	row    []T // inverseBlock×k
	column []T // k×inverseBlock
	left   gemm.Packed[T]
}

// inverseBlock is the number of rows that are eliminated together.
const inverseBlock = 16

// invert inverts the positive definite k×k matrix a in place.
func (v *inverter[T]) invert(a []T, k int) {
	if k <= inverseBlock {
		invert(a, k, k)
		return
	}
	if len(v.row) != k*inverseBlock {
		v.row, v.column = make([]T, k*inverseBlock), make([]T, k*inverseBlock)
	}
	for lo := 0; lo < k; lo += inverseBlock {
		n := min(inverseBlock, k-lo)
		invert(a[lo*k+lo:], n, k)
		// The block's rows become R = P⁻¹ (the rows, with I for P), and the others lose
		// C R with C their columns under P, which become −C P⁻¹.
		for i := range k {
			c, at := v.column[i*n:(i+1)*n], a[i*k+lo:i*k+lo+n]
			if lo <= i && i < lo+n {
				clear(c)
				continue
			}
			for j, x := range at {
				c[j] = -x
			}
			clear(at)
		}
		pivot := v.row[:n*n]
		for i := range n {
			at := a[(lo+i)*k : (lo+i+1)*k]
			copy(pivot[i*n:], at[lo:lo+n])
			clear(at[lo : lo+n])
			at[lo+i] = 1
		}
		rows := a[lo*k : (lo+n)*k]
		v.left.Pack(rows, n, k, k, 1)
		gemm.Mul(rows, k, pivot, n, 1, n, &v.left, false, nil)
		v.left.Pack(rows, n, k, k, 1)
		gemm.Mul(a, k, v.column, n, 1, k, &v.left, true, nil)
	}
}
