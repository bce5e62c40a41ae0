package model

import (
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/vec"
)

// Vector operations on tensors of one shape and dtype, in place.

// scaleAndAdd sets dst = a·dst + x.
func scaleAndAdd(dst *tensor.Dense, a float64, x *tensor.Dense) {
	if dst.Dtype() == tensor.Float32 {
		vec.Scale(dst.Float32s(), float32(a))
	} else {
		vec.Scale(dst.Float64s(), a)
	}
	dense.AddScaled(dst, 1, x)
}

// nesterovStep moves y, the extrapolated point, by −a·g to x, extrapolates
// again, y = x + beta·(x − last), keeps x in last, and returns ⟨g, x − last⟩.
func nesterovStep(y, last, g *tensor.Dense, a, beta float64) float64 {
	if y.Dtype() == tensor.Float32 {
		return nesterovRows(y.Float32s(), last.Float32s(), g.Float32s(), float32(a), float32(beta))
	}
	return nesterovRows(y.Float64s(), last.Float64s(), g.Float64s(), a, beta)
}

func nesterovRows[T vec.Float](y, last, g []T, a, beta T) float64 {
	last, g = last[:len(y)], g[:len(y)]
	climb := 0.0
	for i, v := range y {
		x := v - a*g[i]
		d := x - last[i]
		climb += float64(g[i]) * float64(d)
		y[i] = x + beta*d
		last[i] = x
	}
	return climb
}

// norm2 returns Σ x².
func norm2(x *tensor.Dense) float64 { return 2 * halfSquares(x) }

// halfSquares returns ½ Σ x².
func halfSquares(x *tensor.Dense) float64 {
	if x.Dtype() == tensor.Float32 {
		return vec.HalfSquares(x.Float32s())
	}
	return vec.HalfSquares(x.Float64s())
}

// outside returns the first element of x from i on that is not from 0 to high, -1
// for none.
func outside(x *tensor.Dense, high float64, i int) int {
	for ; i < x.DataSize(); i++ {
		if v := dense.At(x, i); !(v >= 0 && v <= high) {
			return i
		}
	}
	return -1
}

// notFinite returns the first element of x from i on that is NaN or infinite, -1 for
// none.
func notFinite(x *tensor.Dense, i int) int {
	if i == 0 && finite(halfSquares(x)) {
		return -1 // nearly always, and fast
	}
	for ; i < x.Shape().TotalSize(); i++ {
		if !finite(dense.At(x, i)) {
			return i
		}
	}
	return -1
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// keepFixed sets v, rows lo and on of a batch, to values where free is 0.
func keepFixed(v, values, free *tensor.Dense, lo int) {
	first := lo * v.Shape()[1]
	for i := range v.DataSize() {
		if dense.At(free, first+i) == 0 {
			dense.Set(v, i, dense.At(values, first+i))
		}
	}
}

// copyFrom sets v to the rows lo and on of x.
func copyFrom(v, x *tensor.Dense, lo int) {
	dense.CopyFrom(v, x, lo*v.Shape()[1])
}

func clone(d *tensor.Dense) *tensor.Dense { return d.Clone().(*tensor.Dense) }

// moveRow moves row i of dst by share of the way to that of src.
func moveRow(dst, src *tensor.Dense, i int, share float64) {
	if share == 1 {
		dense.CopyRow(dst, i, src, i)
		return
	}
	k := dst.Shape()[1]
	for at := i * k; at < (i+1)*k; at++ {
		from := dense.At(dst, at)
		dense.Set(dst, at, from+share*(dense.At(src, at)-from))
	}
}
