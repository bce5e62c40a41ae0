package data

import (
	"math"
	"math/rand/v2"
)

// Sine returns n examples of a noisy sine for regression: x uniform in [-π, π)
// and y = sin(x) + noise·N(0, 1), with the noise a standard deviation in units of
// y. The same seed gives the same examples, and the first of a larger set are
// those of a smaller one. The transforms are the identity. The set is empty when
// n <= 0.
func Sine(n int, noise float64, seed uint64) *Set {
	n = max(n, 0)
	x, y := make([]float64, n), make([]float64, n)
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range x {
		x[i] = (2*rng.Float64() - 1) * math.Pi
		y[i] = math.Sin(x[i]) + noise*rng.NormFloat64()
	}
	s := &Set{
		Name:    "sine",
		n:       n,
		inputs:  values{width: 1, floats: x},
		targets: values{width: 1, floats: y},
	}
	return s.WithTransforms(Transform{}, Transform{})
}
