package model

import (
	"context"
	"math"
	"testing"

	"example.com/pcn/internal/dense"
)

// TestSteps takes steps one by one and holds them against settling at once.
func TestSteps(t *testing.T) {
	for _, name := range Methods() {
		var method Method
		must(t, method.UnmarshalText([]byte(name)))
		n, err := New(Config{Layers: []int{6, 5, 4, 3}, Dtype: Float64, Seed: 3})
		must(t, err)
		c := n.Clamp(randomBatch(1, Float64, 40, 6), randomBatch(2, Float64, 40, 3))
		inf := Inference{Method: method, Steps: 7, Unguarded: true, Rate: 0.05, Plain: true}
		s, err := n.Begin(c, inf)
		must(t, err)
		for range inf.Steps {
			must(t, s.Step(context.Background()))
		}
		r, err := n.Settle(context.Background(), c, inf)
		must(t, err)
		if method == Nesterov {
			continue // it is at its extrapolated point between steps
		}
		got := s.Result()
		if math.Abs(got.Energy-r.Energy) > 1e-9*r.Energy {
			t.Errorf("%v: energy %v by steps, %v at once", method, got.Energy, r.Energy)
		}
		for l := range r.Latents {
			near(t, name, dense.Floats(got.Latents[l]), dense.Floats(r.Latents[l]), 1e-12)
		}
	}
}
