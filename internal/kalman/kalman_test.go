package kalman

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFilterIsCalibrated: where the filter knows the system, what it predicts is in error by
// the covariance that it states, C P Cᵀ + I, and less than where it takes nothing in.
func TestFilterIsCalibrated(t *testing.T) {
	s := Motion()
	const sequences, steps = 200, 30
	rng := rand.New(rand.NewPCG(1, 1))
	inputs := make([][]float64, steps)
	for i := range inputs {
		inputs[i] = []float64{rng.NormFloat64()}
	}
	var squares, stated, blind [3]float64
	for range sequences {
		f, none := NewFilter(s), NewFilter(s)
		for i, y := range s.Targets(rng, inputs) {
			a, b := f.Predict(inputs[i]), none.Predict(inputs[i])
			for j := range y {
				squares[j] += (y[j] - a[j]) * (y[j] - a[j])
				blind[j] += (y[j] - b[j]) * (y[j] - b[j])
				c := s.C.Slice(j, j+1, 0, 3)
				for k := range 3 {
					for l := range 3 {
						stated[j] += c.At(0, k) * f.p.At(k, l) * c.At(0, l)
					}
				}
				stated[j]++
			}
			f.Observe(y)
		}
	}
	for j := range squares {
		if ratio := squares[j] / stated[j]; !(math.Abs(ratio-1) < 0.06) || !(squares[j] < blind[j]/3) {
			t.Errorf("target %d: squared error %.4f of the stated, %.4f of that of a filter that sees nothing", j, ratio, squares[j]/blind[j])
		}
	}
}
