// Package vec holds the elementwise kernels of the machine: activations and
// their slopes, and the few vector operations that settling and learning need.
//
// Every function takes slices of one length and is the same for float32 and
// float64. It panics if a slice is too short. Slices may be the same, but may not
// overlap otherwise. What becomes of an element does not depend on its position,
// so a batch may be cut anywhere; a sum's order of additions depends on the length
// alone. On amd64 with AVX2 and FMA, or AVX-512, assembly does the work; elsewhere
// loops in Go.
package vec

// Float is an element type.
type Float interface{ float32 | float64 }

// AddScaled sets dst += a·x.
func AddScaled[T Float](dst []T, a T, x []T) { current[T]().addScaled(dst, dst, a, x[:len(dst)]) }

// AddRow sets dst += b for each row of dst, which has len(b) columns.
func AddRow[T Float](dst, b []T) {
	if len(b) > 0 {
		current[T]().addRow(dst, b)
	}
}

// Residual sets dst = x − (dst + b) for each row, b nil for none: the error left by the
// product in dst, which is 0 where x is what AddRow makes of it.
func Residual[T Float](dst, x, b []T) {
	if b == nil {
		Sub(dst, x, dst)
	} else if len(b) > 0 {
		current[T]().residual(dst, x[:len(dst)], b)
	}
}

// SubRow sets dst = x − b for each row of x, which has len(b) columns.
func SubRow[T Float](dst, x, b []T) {
	if len(b) > 0 {
		current[T]().subRow(dst, x[:len(dst)], b)
	}
}

// Sub sets dst = x − y.
func Sub[T Float](dst, x, y []T) { current[T]().addScaled(dst, x[:len(dst)], -1, y[:len(dst)]) }

// Add sets dst = x + y.
func Add[T Float](dst, x, y []T) { current[T]().addScaled(dst, x[:len(dst)], 1, y[:len(dst)]) }

// Neg sets dst = −x.
func Neg[T Float](dst, x []T) { current[T]().scale(dst, -1, x[:len(dst)]) }

// Weigh sets dst = x ⊙ p for each row of x, which has len(p) columns.
func Weigh[T Float](dst, x, p []T) {
	if len(p) > 0 {
		current[T]().weigh(dst, x[:len(dst)], p)
	}
}

// HalfSquares returns ½ Σ x², summed in float64.
func HalfSquares[T Float](x []T) float64 { return current[T]().squares(x) / 2 }

// HalfSquaresOfRows sets dst to ½ w Σ x² of each row of x, summed in float64; dst has an
// element for each.
func HalfSquaresOfRows[T Float](dst []float64, w float64, x []T) {
	if len(dst) == 0 {
		return
	}
	cols := len(x) / len(dst)
	current[T]().squaresOfRows(dst, x[:cols*len(dst)], cols)
	for i := range dst {
		dst[i] *= w / 2
	}
}

// HalfSquaresWeighed returns ½ Σ p x², summed in float64.
func HalfSquaresWeighed[T Float](x, p []T) float64 {
	return current[T]().squaresWeighed(x, p[:len(x)]) / 2
}

// Dot returns Σ x y, summed in float64.
func Dot[T Float](x, y []T) float64 { return current[T]().dot(x, y[:len(x)]) }

// Scale sets x = a·x.
func Scale[T Float](x []T, a T) { current[T]().scale(x, a, x) }

// Momentum sets v = m·v + d and x += a·v: x moves along a running sum of its
// directions d.
func Momentum[T Float](x, v, d []T, m, a T) {
	current[T]().momentum(x, v[:len(x)], d[:len(x)], m, a)
}

// Adam moves x along its direction d by Adam's rule, m and v being the running
// means of d and d². a is the rate with both bias corrections of m in it, c the
// bias correction of v, and x shrinks by decay·x first (AdamW).
func Adam[T Float](x, m, v, d []T, beta1, beta2, a, c, epsilon, decay T) {
	n := len(x)
	current[T]().adam(x, m[:n], v[:n], d[:n], beta1, beta2, a, c, epsilon, decay)
}
