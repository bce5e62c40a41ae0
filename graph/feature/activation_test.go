package feature

import (
	"math"
	"strings"
	"testing"
)

func TestRegisterActivation(t *testing.T) {
	named := func(name string, maxSlope float64) *Activation {
		return NewActivation(name, math.Sin, func(x, _ float64) float64 { return math.Cos(x) }, maxSlope)
	}
	for _, maxSlope := range []float64{1, 2} { // the second in place of the first
		if err := RegisterActivation(named("sine", maxSlope)); err != nil {
			t.Fatal(err)
		}
		a, err := ParseActivation("sine")
		if err != nil {
			t.Fatal(err)
		}
		if a.MaxSlope() != maxSlope {
			t.Errorf("want the activation registered last, got one of largest slope %v", a.MaxSlope())
		}
	}
	for name, bad := range map[string]*Activation{
		"must not be empty": named("", 1),
		"built-in":          named("tanh", 1),
		"got none":          nil,
		"with a value":      NewActivation("hole", nil, nil, 1),
		"maxSlope":          named("steep", math.Inf(1)),
	} {
		if err := RegisterActivation(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %q, got %v", name, err)
		}
	}
}

// TestLargestSlopes holds MaxSlope against the largest slope on a fine grid: it bounds it,
// and closely.
func TestLargestSlopes(t *testing.T) {
	for _, name := range Activations() {
		a, err := ParseActivation(name)
		if err != nil {
			t.Fatal(err)
		}
		largest := 0.0
		for i := -200_000; i <= 200_000; i++ {
			x := float64(i) * 1e-4
			largest = max(largest, math.Abs(a.Slope(x, a.Value(x))))
		}
		if bound := a.MaxSlope(); largest > bound || a.builtin && largest < bound-1e-6 {
			t.Errorf("%s: the largest slope is %v, and the bound %v", name, largest, bound)
		}
	}
}
