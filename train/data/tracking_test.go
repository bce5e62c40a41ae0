package data

import (
	"math"
	"slices"
	"testing"
)

// TestTracking: sequences are as many and as long as asked for, the same of the same seed, and
// of noise: over a step from rest the targets have the mean C B u and the variance of
// C Cᵀ + I.
func TestTracking(t *testing.T) {
	const n, steps = 20000, 2
	s := Tracking(n, steps, 1)
	if s.Len() != n || s.Steps() != steps || s.InputSize() != 1 || s.TargetSize() != 3 || s.Classes != 0 {
		t.Fatalf("%d sequences of %d, %d → %d, %d classes", s.Len(), s.Steps(), s.InputSize(), s.TargetSize(), s.Classes)
	}
	x, y := all(t, s)
	if x[0] != 1 || x[1] != math.Exp(-0.01) {
		t.Errorf("inputs %v, %v", x[0], x[1])
	}
	mean, variance := [3]float64{0.06, -0.17, -1.03}, [3]float64{0.66*0.66 + 0.27*0.27 + 0.06*0.06 + 1, 0.62*0.62 + 0.45*0.45 + 0.17*0.17 + 1, 1.52*1.52 + 0.38*0.38 + 1.03*1.03 + 1}
	for j := range 3 {
		var sum, squares float64
		for i := range n {
			d := y[i*steps*3+j] - mean[j]
			sum += d / n
			squares += d * d / n
		}
		// Four standard errors of the mean and of the variance, seed 1.
		if math.Abs(sum) > 4*math.Sqrt(variance[j]/n) || math.Abs(squares/variance[j]-1) > 4*math.Sqrt(2.0/n) {
			t.Errorf("target %d: off its mean by %.4f, and of %.4f of its variance", j, sum, squares/variance[j])
		}
	}
	_, again := all(t, Tracking(10, steps, 1))
	if !slices.Equal(again, y[:len(again)]) {
		t.Error("the same seed gives other sequences")
	}
	if _, other := all(t, Tracking(10, steps, 2)); slices.Equal(other, again) {
		t.Error("another seed gives the same sequences")
	}
	if Tracking(0, 5, 1).Len() != 0 || Tracking(5, 0, 1).Len() != 0 || Tracking(-1, 1, 1).Len() != 0 {
		t.Error("no sequences were asked for and some were given")
	}
}
