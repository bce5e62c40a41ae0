package train

import "testing"

// TestOptimizerText: an optimiser's String makes it again, with its decay.
func TestOptimizerText(t *testing.T) {
	for _, text := range []string{"sgd", "momentum", "adam", "adamw", "adamw decay=0.3"} {
		if o, err := NewOptimizer(text); err != nil || o.String() != text {
			t.Errorf("%q: %v, %v", text, o, err)
		}
	}
	if o, err := NewOptimizer("adamw decay=0.3"); err != nil || o.(*Adam).WeightDecay != 0.3 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, text := range []string{"adamw decay=0", "adamw decay=x", "adamw decay", "adamw rate=1", "adam decay=0.1", "sgd 0.1", "adamw decay=NaN"} {
		if _, err := NewOptimizer(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
