package dense

import (
	"strconv"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// What follows is for tensors of float32 or float64 that pass Check.

// Of returns the elements of t, which must be of that type.
func Of[T vec.Float](t *tensor.Dense) (x []T) {
	switch x := any(&x).(type) {
	case *[]float32:
		*x = t.Float32s()
	case *[]float64:
		*x = t.Float64s()
	}
	return x
}

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

// Copy sets dst to src, of one size, and returns dst.
func Copy(dst, src *tensor.Dense) *tensor.Dense { return CopyFrom(dst, src, 0) }

// CopyFrom sets the elements of dst to those of src from the one at lo on, converted where
// the types differ, and returns dst.
func CopyFrom(dst, src *tensor.Dense, lo int) *tensor.Dense {
	if dst.Dtype() == tensor.Float32 {
		copyTo(dst.Float32s(), src, lo)
	} else {
		copyTo(dst.Float64s(), src, lo)
	}
	return dst
}

func copyTo[T vec.Float](dst []T, src *tensor.Dense, lo int) {
	if src.Dtype() == tensor.Float32 {
		convert(dst, src.Float32s()[lo:])
	} else {
		convert(dst, src.Float64s()[lo:])
	}
}

func convert[T, S vec.Float](dst []T, src []S) {
	if same, ok := any(src).([]T); ok {
		copy(dst, same)
		return
	}
	for i := range dst {
		dst[i] = T(src[i])
	}
}

// Permute sets dst to the elements of src with its axes, of these sizes, in another order:
// axis i of dst is axis order[i] of src. It returns dst.
func Permute(dst, src *tensor.Dense, axes, order []int) *tensor.Dense {
	strides := make([]int, len(axes)) // of src
	for i, n := len(axes)-1, 1; i >= 0; i-- {
		strides[i], n = n, n*axes[i]
	}
	return Fill(dst, func(i int) float64 {
		at := 0
		for k := len(order) - 1; k >= 0; k-- {
			n := axes[order[k]]
			at += i % n * strides[order[k]]
			i /= n
		}
		return At(src, at)
	})
}

// Floats returns the elements of t, as a copy.
func Floats(t *tensor.Dense) []float64 {
	x := make([]float64, t.Shape().TotalSize())
	copyTo(x, t, 0)
	return x
}

// Rows returns rows lo to hi of t, live.
func Rows(t *tensor.Dense, lo, hi int) *tensor.Dense {
	if lo == 0 && hi == t.Shape()[0] {
		return t
	}
	shape := t.Shape().Clone()
	shape[0] = hi - lo
	k := t.DataSize() / t.Shape()[0]
	if t.Dtype() == tensor.Float32 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(t.Float32s()[lo*k:hi*k]))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(t.Float64s()[lo*k:hi*k]))
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

// CopyColumns sets n columns of dst, from column at on, to those of src from column from on.
func CopyColumns(dst *tensor.Dense, at int, src *tensor.Dense, from, n int) {
	if dst.Dtype() == tensor.Float32 {
		copyColumns(dst.Float32s()[at:], dst.Shape()[1], src.Float32s()[from:], src.Shape()[1], n)
	} else {
		copyColumns(dst.Float64s()[at:], dst.Shape()[1], src.Float64s()[from:], src.Shape()[1], n)
	}
}

func copyColumns[T vec.Float](dst []T, stride int, src []T, srcStride, n int) {
	for i, j := 0, 0; i < len(dst); i, j = i+stride, j+srcStride {
		copy(dst[i:i+n], src[j:j+n])
	}
}

// Scale multiplies dst by a.
func Scale(dst *tensor.Dense, a float64) {
	if dst.Dtype() == tensor.Float32 {
		vec.Scale(dst.Float32s(), float32(a))
	} else {
		vec.Scale(dst.Float64s(), a)
	}
}

// ScaleRows multiplies each row of dst by its number.
func ScaleRows(dst *tensor.Dense, by []float64) {
	k := dst.DataSize() / len(by)
	for row, a := range by {
		if dst.Dtype() == tensor.Float32 {
			vec.Scale(dst.Float32s()[row*k:(row+1)*k], float32(a))
		} else {
			vec.Scale(dst.Float64s()[row*k:(row+1)*k], a)
		}
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

// AddScaledPart is AddScaled for elements lo to hi.
func AddScaledPart(dst *tensor.Dense, a float64, x *tensor.Dense, lo, hi int) {
	if dst.Dtype() == tensor.Float32 {
		vec.AddScaled(dst.Float32s()[lo:hi], float32(a), x.Float32s()[lo:hi])
	} else {
		vec.AddScaled(dst.Float64s()[lo:hi], a, x.Float64s()[lo:hi])
	}
}

// Momentum sets v = m·v + d and x += a·v for elements lo to hi: see vec.Momentum.
func Momentum(x, v, d *tensor.Dense, m, a float64, lo, hi int) {
	if x.Dtype() == tensor.Float32 {
		vec.Momentum(x.Float32s()[lo:hi], v.Float32s()[lo:hi], d.Float32s()[lo:hi], float32(m), float32(a))
	} else {
		vec.Momentum(x.Float64s()[lo:hi], v.Float64s()[lo:hi], d.Float64s()[lo:hi], m, a)
	}
}

// Adam moves elements lo to hi of x along d by Adam's rule: see vec.Adam.
func Adam(x, m, v, d *tensor.Dense, beta1, beta2, a, c, epsilon, decay float64, lo, hi int) {
	if x.Dtype() == tensor.Float32 {
		vec.Adam(x.Float32s()[lo:hi], m.Float32s()[lo:hi], v.Float32s()[lo:hi], d.Float32s()[lo:hi],
			float32(beta1), float32(beta2), float32(a), float32(c), float32(epsilon), float32(decay))
	} else {
		vec.Adam(x.Float64s()[lo:hi], m.Float64s()[lo:hi], v.Float64s()[lo:hi], d.Float64s()[lo:hi], beta1, beta2, a, c, epsilon, decay)
	}
}

// Dot returns Σ x y, of one type and size, summed in float64.
func Dot(x, y *tensor.Dense) float64 {
	if x.Dtype() == tensor.Float32 {
		return vec.Dot(x.Float32s(), y.Float32s())
	}
	return vec.Dot(x.Float64s(), y.Float64s())
}

// AppendCSV appends numbers to a text with commas between them, each with the digits that
// its type holds.
func AppendCSV(text []byte, numbers []float64, dt tensor.Dtype) []byte {
	bits := 32
	if dt == tensor.Float64 {
		bits = 64
	}
	for i, x := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendFloat(text, x, 'g', -1, bits)
	}
	return text
}
