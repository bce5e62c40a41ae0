package data

import (
	"math"
	"slices"
	"testing"
)

func TestSine(t *testing.T) {
	const n, noise = 20000, 0.1
	s := Sine(n, noise, 1)
	if s.Len() != n || s.InputSize() != 1 || s.TargetSize() != 1 || s.Classes != 0 {
		t.Fatalf("%d examples, %d → %d, %d classes", s.Len(), s.InputSize(), s.TargetSize(), s.Classes)
	}
	x, y := all(t, s)
	if lo, hi := slices.Min(x), slices.Max(x); lo < -math.Pi || hi >= math.Pi || lo > -3.14 || hi < 3.14 {
		t.Errorf("x in %v..%v, want all of [-π, π)", lo, hi)
	}
	var mean, square float64
	for i := range x {
		d := y[i] - math.Sin(x[i])
		mean += d / n
		square += d * d / n
	}
	// Four standard errors of the mean and of the deviation, seed 1.
	if math.Abs(mean) > 4*noise/math.Sqrt(n) || math.Abs(math.Sqrt(square)-noise) > 4*noise/math.Sqrt(2*n) {
		t.Errorf("noise of mean %v and deviation %v, want 0 and %v", mean, math.Sqrt(square), noise)
	}

	again, _ := all(t, Sine(100, noise, 1))
	if !slices.Equal(again, x[:100]) {
		t.Error("the same seed gives other examples")
	}
	other, _ := all(t, Sine(100, noise, 2))
	if slices.Equal(other, x[:100]) {
		t.Error("another seed gives the same examples")
	}
	_, y = all(t, Sine(5, 0, 1))
	for i := range y {
		if y[i] != math.Sin(x[i]) {
			t.Errorf("without noise y[%d] is %v, want %v", i, y[i], math.Sin(x[i]))
		}
	}
	if Sine(0, 0, 1).Len() != 0 || Sine(-1, 0, 1).Len() != 0 {
		t.Error("no examples were asked for and some were given")
	}
}
