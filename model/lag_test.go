package model

import (
	"encoding/json"
	"math"
	"testing"
)

// TestLagText: JSON has a lag as a number and leaves the default out; texts are those of
// files and flags.
func TestLagText(t *testing.T) {
	for text, lag := range map[string]Lag{"0": LagOf(0), "0.05": LagOf(0.05), "default": {}} {
		var got Lag
		if err := got.UnmarshalText([]byte(text)); err != nil || got != lag || got.String() != text {
			t.Errorf("%s: got %v, error %v", text, got, err)
		}
		b, err := json.Marshal(Inference{Lag: lag})
		must(t, err)
		var back Inference
		if err := json.Unmarshal(b, &back); err != nil || back.Lag != lag {
			t.Errorf("%s: got %v from %s, error %v", text, back.Lag, b, err)
		}
	}
	for _, lag := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := (Inference{Lag: LagOf(lag)}).WithDefaults(); err == nil {
			t.Errorf("%v is a lag", lag)
		}
	}
}
