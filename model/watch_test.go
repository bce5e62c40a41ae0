package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestMoreSteps settles deep networks whose full steps climb: more steps end no
// higher, a trace changes nothing, and most of what can be lost is.
func TestMoreSteps(t *testing.T) {
	for _, activation := range []string{"tanh", "leaky-relu"} {
		for seed := range uint64(4) {
			n, err := New(Config{Layers: []int{20, 16, 16, 16, 16, 5}, Activation: activation, Dtype: Float64, Seed: seed})
			must(t, err)
			for i := range n.Predictions() { // as if long learned
				w := n.Weights(i)
				for j, x := range w.Float64s() {
					w.Float64s()[j] = 1.5 * x
				}
			}
			n.Changed()
			rng := rand.New(rand.NewPCG(seed, 2))
			c := n.Clamp(filled(Float64.Tensor(), rng.NormFloat64, 40, 20), filled(Float64.Tensor(), rng.NormFloat64, 40, 5))
			for _, method := range allMethods() {
				if method.moves().New(Inference{}).Remembers() {
					continue
				}
				lowest, first := math.Inf(1), 0.0
				for _, steps := range []int{20, 100, 500} {
					what := fmt.Sprintf("%s, seed %d, %v, %d steps", activation, seed, method, steps)
					r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: steps})
					must(t, err)
					traced, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: steps, Trace: true})
					must(t, err)
					if traced.Energy != r.Energy || traced.Rate != r.Rate {
						t.Errorf("%s: energy %v at rate %v, and with a trace %v at %v", what, r.Energy, r.Rate, traced.Energy, traced.Rate)
					}
					first = sum(traced.Trace[0])
					if r.Status == Diverged || r.Energy > lowest*1.01 {
						t.Errorf("%s: %v, energy %v, after fewer steps %v, at first %v", what, r.Status, r.Energy, lowest, first)
					}
					lowest = min(lowest, r.Energy)
				}
				t.Logf("%s, seed %d, %v: %.3g of %.3g", activation, seed, method, lowest, first)
				if lowest > 0.4*first {
					t.Errorf("%s, seed %d, %v: energy %v, at first %v", activation, seed, method, lowest, first)
				}
			}
		}
	}
}

// TestRateOfNoNumbers: an energy that is no number from the first leaves a rate that
// is one.
func TestRateOfNoNumbers(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 3, 2}, Activation: "identity", Dtype: Float64})
	must(t, err)
	for i := range n.Predictions() {
		for j := range n.Weights(i).Float64s() {
			n.Weights(i).Float64s()[j] = 1e200
		}
	}
	n.Changed()
	c := n.Clamp(randomBatch(1, Float64, 5, 4), randomBatch(2, Float64, 5, 2))
	for _, unguarded := range []bool{false, true} {
		r, err := n.Settle(context.Background(), c, Inference{Method: GaussSeidel, Unguarded: unguarded})
		must(t, err)
		if r.Finite() || r.Status != Diverged || !(r.Rate > 0 && r.Rate <= 1) {
			t.Errorf("unguarded %v: %v, energy %v at rate %v", unguarded, r.Status, r.Energy, r.Rate)
		}
	}
}
