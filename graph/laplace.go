package graph

import "math"

// Laplace is Σ log cosh(v − μ): quadratic for small errors and like the negative
// logarithm of a Laplace density, their absolute value, for large ones, so that outliers
// pull no harder than others. The error is tanh(v − μ).
var Laplace = NewNodeEnergy("laplace", logCosh, math.Tanh, 1)

// logCosh returns log cosh(d), which for large d is |d| − log 2.
func logCosh(d float64) float64 {
	d = math.Abs(d)
	return d + math.Log1p(math.Exp(-2*d)) - math.Ln2
}
