package vec

// kernels are the loops of the package for one element type. The first slice
// gives the length; no other is shorter, but for the row that a kernel takes
// against each row of its first slice, which is not empty. A kernel may be given
// the same slice twice, but no slices that overlap otherwise.
//
// What a kernel makes of an element depends on neither its position nor the
// length. The order of a sum depends on the length alone.
type kernels[T Float] struct {
	scale                   func(dst []T, a T, x []T)    // dst = a x
	addScaled               func(dst, y []T, a T, x []T) // dst = y + a x
	addRow                  func(dst, b []T)
	subRow, residual, weigh func(dst, x, row []T)
	momentum                func(x, v, d []T, m, a T)
	adam                    func(x, m, v, d []T, beta1, beta2, a, c, epsilon, decay T)

	maxGroups       func(dst, x []T, n, c, step int)
	takeGroups      func(dst, rest, x, y []T, n, c, step int)
	addScaledGroups func(dst []T, a T, x []T, n, c, dstStep, xStep int)

	squares             func(x []T) float64                  // Σ x²
	squaresOfRows       func(dst []float64, x []T, cols int) // the same of each row
	squaresWeighed, dot func(x, y []T) float64               // Σ y x², Σ x y

	by [funcs]activation[T] // but the identity
}

// activation is the kernels of an activation φ: of its values, and of products with its
// slopes, without and with an addend.
type activation[T Float] struct {
	apply    func(dst, x []T)
	mulSlope func(dst []T, s T, g, x, y []T)
	addSlope func(dst, a []T, s T, g, x, y []T)
}

// backend is the kernels for each element type under one name.
type backend struct {
	name string
	f32  kernels[float32]
	f64  kernels[float64]
}

// inUse is the first backend that the machine can run.
var inUse = builtin()[0]

// current is the kernels in use for one element type.
func current[T Float]() *kernels[T] {
	if k, ok := any(&inUse.f32).(*kernels[T]); ok {
		return k
	}
	return any(&inUse.f64).(*kernels[T])
}
