package vec

import "math"

// portable is the kernels in Go.
func portable() backend {
	return backend{name: "portable", f32: loops[float32](), f64: loops[float64]()}
}

// loops is the kernels of one element type.
func loops[T Float]() kernels[T] {
	k := kernels[T]{
		scale: scaleLoop[T], addScaled: addScaledLoop[T],
		addRow: addRowLoop[T], subRow: subRowLoop[T], residual: residualLoop[T], weigh: weighLoop[T],
		momentum: momentumLoop[T], adam: adamLoop[T],
		maxGroups: maxGroupsLoop[T], takeGroups: takeGroupsLoop[T], addScaledGroups: addScaledGroupsLoop[T],
		squares: squaresLoop[T], squaresOfRows: squaresOfRowsLoop[T], squaresWeighed: squaresWeighedLoop[T], dot: dotLoop[T],
	}
	for f := Identity + 1; f < funcs; f++ {
		k.by[f] = activation[T]{valueLoop[T](f), mulSlopeLoop[T](f), addSlopeLoop[T](f)}
	}
	return k
}

func scaleLoop[T Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = a * v
	}
}

func addScaledLoop[T Float](dst, y []T, a T, x []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = y[i] + a*x[i]
	}
}

func addRowLoop[T Float](dst, b []T) {
	for n := len(b); len(dst) >= n; dst = dst[n:] {
		addScaledLoop(dst[:n], dst, 1, b)
	}
}

func subRowLoop[T Float](dst, x, b []T) {
	for n := len(b); len(dst) >= n; dst, x = dst[n:], x[n:] {
		addScaledLoop(dst[:n], x, -1, b)
	}
}

func residualLoop[T Float](dst, x, b []T) {
	for n := len(b); len(dst) >= n; dst, x = dst[n:], x[n:] {
		row, xr := dst[:n], x[:n]
		for j, v := range b {
			row[j] = xr[j] - (row[j] + v)
		}
	}
}

func weighLoop[T Float](dst, x, p []T) {
	for n := len(p); len(dst) >= n; dst, x = dst[n:], x[n:] {
		row, xr := dst[:n], x[:n]
		for j, v := range p {
			row[j] = xr[j] * v
		}
	}
}

func momentumLoop[T Float](x, v, d []T, m, a T) {
	v, d = v[:len(x)], d[:len(x)]
	for i := range x {
		v[i] = m*v[i] + d[i]
		x[i] += a * v[i]
	}
}

func adamLoop[T Float](x, m, v, d []T, beta1, beta2, a, c, epsilon, decay T) {
	m, v, d = m[:len(x)], v[:len(x)], d[:len(x)]
	for i, g := range d {
		m[i] = beta1*m[i] + (1-beta1)*g
		v[i] = beta2*v[i] + (1-beta2)*g*g
		x[i] += a*m[i]/(T(math.Sqrt(float64(v[i]*c)))+epsilon) - decay*x[i]
	}
}

func squaresLoop[T Float](x []T) float64 {
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
	return (s0 + s1) + (s2 + s3)
}

func squaresOfRowsLoop[T Float](dst []float64, x []T, cols int) {
	for i := range dst {
		dst[i] = squaresLoop(x[i*cols : (i+1)*cols])
	}
}

func squaresWeighedLoop[T Float](x, p []T) float64 {
	p = p[:len(x)]
	var s float64
	for i, v := range x {
		s += float64(p[i]) * float64(v) * float64(v)
	}
	return s
}

func dotLoop[T Float](x, y []T) float64 {
	y = y[:len(x)]
	var s float64
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return s
}

// valueLoop is the kernel that applies f.
func valueLoop[T Float](f Func) func(dst, x []T) {
	switch f {
	case ReLU:
		return func(dst, x []T) {
			for i, v := range x[:len(dst)] {
				dst[i] = max(v, 0)
			}
		}
	case LeakyReLU:
		return func(dst, x []T) {
			for i, v := range x[:len(dst)] {
				dst[i] = max(v, Leak*v)
			}
		}
	case HardTanh:
		return func(dst, x []T) {
			for i, v := range x[:len(dst)] {
				dst[i] = min(max(v, -1), 1)
			}
		}
	}
	return func(dst, x []T) {
		for i, v := range x[:len(dst)] {
			dst[i] = T(Value(f, float64(v)))
		}
	}
}

// mulSlopeLoop is the kernel that multiplies by the slope of f.
func mulSlopeLoop[T Float](f Func) func(dst []T, s T, g, x, y []T) {
	return func(dst []T, s T, g, x, y []T) {
		n := len(dst)
		g, x, y = g[:n], x[:n], y[:n]
		for i := range dst {
			dst[i] = s * g[i] * slope(f, x[i], y[i])
		}
	}
}

// addSlopeLoop is mulSlopeLoop with an addend.
func addSlopeLoop[T Float](f Func) func(dst, a []T, s T, g, x, y []T) {
	return func(dst, a []T, s T, g, x, y []T) {
		n := len(dst)
		a, g, x, y = a[:n], g[:n], x[:n], y[:n]
		if f == Tanh {
			for i := range dst {
				dst[i] = a[i] + s*g[i]*(1-y[i]*y[i])
			}
			return
		}
		for i := range dst {
			dst[i] = a[i] + s*g[i]*slope(f, x[i], y[i])
		}
	}
}

func slope[T Float](f Func, x, y T) T {
	switch f {
	case Tanh:
		return 1 - y*y
	case Sigmoid:
		return y * (1 - y)
	}
	return T(Slope(f, float64(x), float64(y)))
}
