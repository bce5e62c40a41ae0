package vec

import "math"

// Func names an activation φ that has kernels here.
type Func uint8

// The activations. At a kink the slope is PyTorch's: ReLU, LeakyReLU and SELU take
// the slope of the left side at 0, HardTanh has slope 0 at ±1. Where x is NaN, so
// are the value and, but for the identity, the slope.
const (
	Identity Func = iota
	Tanh
	ReLU
	LeakyReLU
	Sigmoid
	GELU
	Softplus
	HardTanh
	SiLU
	ELU
	SELU
	Mish

	funcs = iota
)

// Leak is the slope of LeakyReLU below 0, PyTorch's default.
const Leak = 0.01

// seluScale and seluAlpha are λ and α of SELU (Klambauer and others 2017).
const (
	seluScale = 1.0507009873554804934193349852946
	seluAlpha = 1.6732632423543772848170429916717
)

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
		return Leak * x
	case Sigmoid:
		return sigmoid(x)
	case GELU:
		return x * normalCDF(x)
	case Softplus:
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case HardTanh:
		return min(max(x, -1), 1)
	case SiLU:
		return x * sigmoid(x)
	case ELU:
		return max(x, 0) + math.Expm1(min(x, 0))
	case SELU:
		return seluScale * (max(x, 0) + seluAlpha*math.Expm1(min(x, 0)))
	case Mish:
		return x * math.Tanh(Value(Softplus, x))
	}
	return x
}

// Slope returns φ'(x), given y = φ(x).
func Slope(f Func, x, y float64) float64 {
	switch f {
	case Tanh:
		return 1 - y*y
	case ReLU:
		return step(x, 0)
	case LeakyReLU:
		return step(x, Leak)
	case Sigmoid:
		return y * (1 - y)
	case GELU:
		return normalCDF(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	case Softplus:
		return sigmoid(x)
	case HardTanh:
		return step(1-math.Abs(x), 0)
	case SiLU:
		s := sigmoid(x)
		return s * (1 + x*(1-s))
	case ELU:
		return 1 + min(y, 0)
	case SELU:
		if x > 0 {
			return seluScale
		}
		return seluScale * seluAlpha * math.Exp(x)
	case Mish:
		t := math.Tanh(Value(Softplus, x))
		return t + x*(1-t*t)*sigmoid(x)
	}
	return 1
}

// step is 1 where x > 0 and else low, which is not negative.
func step(x, low float64) float64 {
	if x > 0 {
		return 1
	}
	return max(x, low)
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
//
// In float32, Tanh is within 4e-7 of φ, the others within 2e-7, or within
// that part of φ where φ is above 1.
func Apply[T Float](f Func, dst, x []T) {
	if f == Identity {
		copy(dst, x[:len(dst)])
		return
	}
	current[T]().by[f].apply(dst, x[:len(dst)])
}

// MulSlope sets dst = a + s·g ⊙ φ'(x), with y = φ(x), a nil for none. dst may be
// any of the others.
func MulSlope[T Float](f Func, dst, a []T, s T, g, x, y []T) {
	n := len(dst)
	g, x, y = g[:n], x[:n], y[:n]
	switch k := current[T](); {
	case f == Identity && a == nil:
		k.scale(dst, s, g)
	case f == Identity:
		k.addScaled(dst, a[:n], s, g)
	case a == nil:
		k.by[f].mulSlope(dst, s, g, x, y)
	default:
		k.by[f].addSlope(dst, a[:n], s, g, x, y)
	}
}
