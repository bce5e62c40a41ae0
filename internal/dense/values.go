package dense

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// What follows is for tensors of float32 or float64 that pass Check.

// At returns element i of t.
func At(t *tensor.Dense, i int) float64 {
	if t.Dtype() == tensor.Float32 {
		return float64(t.Float32s()[i])
	}
	return t.Float64s()[i]
}

// Set sets element i of t to x.
func Set(t *tensor.Dense, i int, x float64) {
	if t.Dtype() == tensor.Float32 {
		t.Float32s()[i] = float32(x)
	} else {
		t.Float64s()[i] = x
	}
}

// Fill sets each element of t, in turn, to what f returns for its place, and returns t.
func Fill(t *tensor.Dense, f func(i int) float64) *tensor.Dense {
	switch data := t.Data().(type) {
	case []float32:
		for i := range data {
			data[i] = float32(f(i))
		}
	case []float64:
		for i := range data {
			data[i] = f(i)
		}
	}
	return t
}

// Floats returns the elements of t, as a copy.
func Floats(t *tensor.Dense) []float64 {
	x := make([]float64, t.Shape().TotalSize())
	for i := range x {
		x[i] = At(t, i)
	}
	return x
}

// CopyRow sets row i of dst to row j of src, of the same type and width.
func CopyRow(dst *tensor.Dense, i int, src *tensor.Dense, j int) {
	k := dst.Shape()[1]
	if dst.Dtype() == tensor.Float32 {
		copy(dst.Float32s()[i*k:(i+1)*k], src.Float32s()[j*k:])
	} else {
		copy(dst.Float64s()[i*k:(i+1)*k], src.Float64s()[j*k:])
	}
}

// AddScaled sets dst += a·x, of one type and size.
func AddScaled(dst *tensor.Dense, a float64, x *tensor.Dense) {
	if dst.Dtype() == tensor.Float32 {
		vec.AddScaled(dst.Float32s(), float32(a), x.Float32s())
	} else {
		vec.AddScaled(dst.Float64s(), a, x.Float64s())
	}
}

// Dot returns Σ x y, of one type and size, summed in float64.
func Dot(x, y *tensor.Dense) float64 {
	if x.Dtype() == tensor.Float32 {
		return vec.Dot(x.Float32s(), y.Float32s())
	}
	return vec.Dot(x.Float64s(), y.Float64s())
}
