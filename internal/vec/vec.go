// Package vec holds the elementwise kernels of the machine: activations and
// their slopes, and the few vector operations that settling and learning need.
// Every function takes slices of one length and is the same for float32 and
// float64; where a vectorised float32 kernel exists it is used.
package vec

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// Float is an element type.
type Float interface{ float32 | float64 }

// AddScaled sets dst += a·x.
func AddScaled[T Float](dst []T, a T, x []T) {
	switch dst := any(dst).(type) {
	case []float32:
		f32.AddScaled(dst, float32(a), any(x).([]float32))
	case []float64:
		f64.AddScaled(dst, float64(a), any(x).([]float64))
	}
}

// AddRow sets dst += b for each row of dst, which has len(b) columns.
func AddRow[T Float](dst, b []T) {
	for ; len(dst) >= len(b) && len(b) > 0; dst = dst[len(b):] {
		row := dst[:len(b)]
		for j, v := range b {
			row[j] += v
		}
	}
}

// Residual sets dst = x − dst − b for each row, b nil for none: the error left
// by the product in dst.
func Residual[T Float](dst, x, b []T) {
	if b == nil {
		x = x[:len(dst)]
		for i, v := range dst {
			dst[i] = x[i] - v
		}
		return
	}
	n := len(b)
	for ; len(dst) >= n; dst, x = dst[n:], x[n:] {
		row, xr := dst[:n], x[:n]
		for j, v := range b {
			row[j] = xr[j] - row[j] - v
		}
	}
}

// SubRow sets dst = x − b for each row of x, which has len(b) columns.
func SubRow[T Float](dst, x, b []T) {
	n := len(b)
	for ; len(dst) >= n && n > 0; dst, x = dst[n:], x[n:] {
		Sub(dst[:n], x[:n], b)
	}
}

// Sub sets dst = x − y.
func Sub[T Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// Add sets dst = x + y.
func Add[T Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Neg sets dst = −x.
func Neg[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = -v
	}
}

// Weigh sets dst = x ⊙ p for each row of x, which has len(p) columns.
func Weigh[T Float](dst, x, p []T) {
	n := len(p)
	for ; len(dst) >= n && n > 0; dst, x = dst[n:], x[n:] {
		row, xr := dst[:n], x[:n]
		for j, v := range p {
			row[j] = xr[j] * v
		}
	}
}

// HalfSquares returns ½ Σ x², summed in float64.
func HalfSquares[T Float](x []T) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])
		s0 += a * a
		s1 += b * b
		s2 += c * c
		s3 += d * d
	}
	for _, v := range x {
		s0 += float64(v) * float64(v)
	}
	return ((s0 + s1) + (s2 + s3)) / 2
}

// HalfSquaresWeighed returns ½ Σ p x², summed in float64.
func HalfSquaresWeighed[T Float](x, p []T) float64 {
	p = p[:len(x)]
	var s float64
	for i, v := range x {
		s += float64(p[i]) * float64(v) * float64(v)
	}
	return s / 2
}

// Finite reports whether no element is NaN or infinite.
func Finite[T Float](x []T) bool {
	for _, v := range x {
		if f := float64(v); f-f != 0 {
			return false
		}
	}
	return true
}

// Dot returns Σ x y, summed in float64.
func Dot[T Float](x, y []T) float64 {
	y = y[:len(x)]
	var s float64
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return s
}

// MaxAbs returns the largest |x|, NaN if there is one.
func MaxAbs[T Float](x []T) float64 {
	var m float64
	for _, v := range x {
		a := math.Abs(float64(v))
		if a > m || a != a {
			m = a
		}
	}
	return m
}

// Scale sets x = a·x.
func Scale[T Float](x []T, a T) {
	for i := range x {
		x[i] *= a
	}
}

// Momentum sets v = m·v + d and x += a·v: x moves along a running sum of its
// directions d.
func Momentum[T Float](x, v, d []T, m, a T) {
	v, d = v[:len(x)], d[:len(x)]
	for i := range x {
		v[i] = m*v[i] + d[i]
		x[i] += a * v[i]
	}
}

// Adam moves x along its direction d by Adam's rule, m and v being the running
// means of d and d². a is the rate with both bias corrections of m in it, c the
// bias correction of v, and x shrinks by decay·x first (AdamW).
func Adam[T Float](x, m, v, d []T, beta1, beta2, a, c, epsilon, decay T) {
	m, v, d = m[:len(x)], v[:len(x)], d[:len(x)]
	for i, g := range d {
		m[i] = beta1*m[i] + (1-beta1)*g
		v[i] = beta2*v[i] + (1-beta2)*g*g
		x[i] += a*m[i]/(T(math.Sqrt(float64(v[i]*c)))+epsilon) - decay*x[i]
	}
}
