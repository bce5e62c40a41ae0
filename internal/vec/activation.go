package vec

import (
	"math"

	"github.com/tphakala/simd/f32"
)

// Func names an activation φ that has kernels here.
type Func uint8

// The activations. At a kink the slope is PyTorch's: ReLU and LeakyReLU take
// the slope of the left side at 0, HardTanh has slope 0 at ±1.
const (
	Identity Func = iota
	Tanh
	ReLU
	LeakyReLU
	Sigmoid
	GELU
	Softplus
	HardTanh
)

// leak is the slope of LeakyReLU below 0, PyTorch's default.
const leak = 0.01

// Value returns φ(x).
func Value(f Func, x float64) float64 {
	switch f {
	case Tanh:
		return math.Tanh(x)
	case ReLU:
		return max(x, 0)
	case LeakyReLU:
		if x > 0 {
			return x
		}
		return leak * x
	case Sigmoid:
		return sigmoid(x)
	case GELU:
		return x * normalCDF(x)
	case Softplus:
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case HardTanh:
		return min(max(x, -1), 1)
	}
	return x
}

// Slope returns φ'(x), given y = φ(x).
func Slope(f Func, x, y float64) float64 {
	switch f {
	case Tanh:
		return 1 - y*y
	case ReLU:
		if x > 0 {
			return 1
		}
		return 0
	case LeakyReLU:
		if x > 0 {
			return 1
		}
		return leak
	case Sigmoid:
		return y * (1 - y)
	case GELU:
		return normalCDF(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	case Softplus:
		return sigmoid(x)
	case HardTanh:
		if x > -1 && x < 1 {
			return 1
		}
		return 0
	}
	return 1
}

func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// Apply sets dst = φ(x). dst may be x.
func Apply[T Float](f Func, dst, x []T) {
	if x32, ok := any(x).([]float32); ok {
		switch dst := any(dst).([]float32); f {
		case Tanh:
			f32.Tanh(dst, x32)
			return
		case Sigmoid:
			f32.Sigmoid(dst, x32)
			return
		}
	}
	x = x[:len(dst)]
	switch f {
	case ReLU:
		for i, v := range x {
			dst[i] = max(v, 0)
		}
	case LeakyReLU:
		for i, v := range x {
			dst[i] = max(v, leak*v)
		}
	case HardTanh:
		for i, v := range x {
			dst[i] = min(max(v, -1), 1)
		}
	default:
		for i, v := range x {
			dst[i] = T(Value(f, float64(v)))
		}
	}
}

// MulSlope sets dst = a + s·g ⊙ φ'(x), with y = φ(x), a nil for none. dst may
// be a or g.
func MulSlope[T Float](f Func, dst, a []T, s T, g, x, y []T) {
	n := len(dst)
	g, x, y = g[:n], x[:n], y[:n]
	if a == nil {
		for i := range dst {
			dst[i] = s * g[i] * slope(f, x[i], y[i])
		}
		return
	}
	a = a[:n]
	switch f {
	case Tanh:
		for i := range dst {
			dst[i] = a[i] + s*g[i]*(1-y[i]*y[i])
		}
	case Identity:
		for i := range dst {
			dst[i] = a[i] + s*g[i]
		}
	default:
		for i := range dst {
			dst[i] = a[i] + s*g[i]*slope(f, x[i], y[i])
		}
	}
}

func slope[T Float](f Func, x, y T) T {
	switch f {
	case Identity:
		return 1
	case Tanh:
		return 1 - y*y
	case Sigmoid:
		return y * (1 - y)
	}
	return T(Slope(f, float64(x), float64(y)))
}
