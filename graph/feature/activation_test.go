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

// TestLeak: a leaky ReLU with a slope is written as it is read, and is what its text says;
// with the default one it is the built-in.
func TestLeak(t *testing.T) {
	for text, want := range map[string]float64{"leaky-relu": 0.01, "leaky-relu 0.01": 0.01, "leaky-relu 0.2": 0.2, "leaky-relu 0": 0, "leaky-relu 1": 1} {
		a, err := ParseActivation(text)
		if err != nil {
			t.Fatal(err)
		}
		if a.Leak() != want || want == 0.01 && a != LeakyReLU || want != 0.01 && a.String() != text || a.Linear() {
			t.Errorf("%s: %v with %v below 0", text, a, a.Leak())
		}
		for x, y := range map[float64]float64{-2: -2 * want, 0: 0, 3: 3} {
			slope := want // to the left at 0
			if x > 0 {
				slope = 1
			}
			if a.Value(x) != y || a.Slope(x, y) != slope {
				t.Errorf("%s of %v: %v with slope %v, want %v with %v", text, x, a.Value(x), a.Slope(x, y), y, slope)
			}
		}
		if nan := math.NaN(); !math.IsNaN(a.Value(nan)) || !math.IsNaN(a.Slope(nan, nan)) {
			t.Errorf("%s: of NaN %v with slope %v", text, a.Value(nan), a.Slope(nan, nan))
		}
	}
	for text, want := range map[string]string{
		"leaky-relu 2":       "leaky-relu: must have its slope below 0 behind its name, from 0 to 1, such as leaky-relu 0.2, got \"2\"",
		"leaky-relu 0.1 0.2": "got \"0.1 0.2\"",
		"leaky-relu x":       "got \"x\"",
		"relu 0.2":           "relu: must have nothing behind its name, got \"0.2\"",
		"leaky 0.2":          "must be one of ",
	} {
		for kind, parse := range map[string]func() error{"activation": func() error { _, err := ParseActivation(text); return err }, "feature": func() error { _, err := Parse(text); return err }} {
			if err := parse(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: got %v, want an error with %q", kind, text, err, want)
			}
		}
	}
}

// TestLargestSlopes holds MaxSlope against the largest slope on a fine grid: it bounds it,
// and closely.
func TestLargestSlopes(t *testing.T) {
	for _, name := range append(Activations(), "leaky-relu 0.3") {
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
