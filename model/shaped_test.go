package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
)

// shaped is a network of a node with positions, through a feature of it; its latents begin
// with this spread.
func shaped(feature string, made []int, spread float64) Config {
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "made", Shape: made}, {Name: "image", Shape: []int{4, 4, 2}}, {Name: "input", Size: 6}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"made"}, Feature: "tanh"}}},
			{Of: "made", From: []Edge{{Nodes: []string{"image"}, Feature: feature, Map: "diagonal"}}},
			{Of: "image", From: []Edge{{Nodes: []string{"input"}, Scale: spread}}},
		},
		Dtype: Float64, Seed: 5,
	}
}

// TestMethodsOnShapes: each method lowers the energy through features that know positions,
// or says that it is for single units; gradient descent at a rate that is never halved,
// within its bound. A normalised example of little spread, for which that is none, is
// settled by halving the rate.
func TestMethodsOnShapes(t *testing.T) {
	for _, c := range []struct {
		feature string
		made    []int
		spread  float64
	}{
		{"max-pool 2", []int{2, 2, 2}, 1},
		{"max-pool 3 stride 1 pad 1", []int{4, 4, 2}, 1},
		{"avg-pool 2", []int{2, 2, 2}, 1},
		{"global-avg-pool", []int{2}, 1},
		{"upsample 2", []int{8, 8, 2}, 1},
		{"gelu, flatten", []int{32}, 1},
		{"layer-norm", []int{4, 4, 2}, 1},
		{"layer-norm", []int{4, 4, 2}, 0.02},
		{"rms-norm", []int{4, 4, 2}, 0.02},
	} {
		n, err := New(shaped(c.feature, c.made, c.spread))
		must(t, err)
		clamps := n.Clamp(randomBatch(1, Float64, 4, 6), randomBatch(2, Float64, 4, 3))
		for _, method := range allMethods() {
			what := fmt.Sprintf("%s, spread %v, %v", c.feature, c.spread, method)
			r, err := n.Settle(context.Background(), clamps, Inference{Method: method, Steps: 20, Rate: 1, Trace: true, Estimate: true})
			if method == Chain || method.moves().Form != 0 && method != ErrorCoordinates && c.feature != "gelu, flatten" {
				if err == nil || method != Chain && !strings.Contains(err.Error(), "the feature "+c.feature+" has no curvature of single units: a method without blocks must be taken") {
					t.Errorf("%s: got error %v, want why it is not for it", what, err)
				}
				continue
			}
			must(t, err)
			first := sum(r.Trace[0])
			remembers := method == Momentum || method == Nesterov || method == Adam || method == Lion // and may climb
			if r.Status == Diverged && method != Adam && method != Lion || !remembers && r.Energy > first*0.99 {
				t.Errorf("%s: from energy %v: %v", what, first, r)
			}
			if method == Gradient && !strings.Contains(c.feature, "norm") && r.Rate < min(1, n.MaxRate(clamps)) {
				t.Errorf("%s: the rate was halved below its bound, %v: %v", what, n.MaxRate(clamps), r)
			}
		}
	}
}

// TestEquilibriumOfShapes holds the closed form, and the estimate of the energy still to
// lose, of networks whose features of positions are linear against where gradient descent
// comes to rest.
func TestEquilibriumOfShapes(t *testing.T) {
	for feature, made := range map[string][]int{"avg-pool 2": {2, 2, 2}, "avg-pool 3 stride 1 pad 1": {4, 4, 2}, "global-avg-pool": {2}, "upsample 2": {8, 8, 2}, "flatten": {32}} {
		cfg := shaped(feature, made, 1)
		cfg.Predictions[0].From[0].Feature = ""
		n, err := New(cfg)
		must(t, err)
		clamps := n.Clamp(randomBatch(1, Float64, 4, 6), randomBatch(2, Float64, 4, 3))
		e, err := n.Equilibrium(clamps)
		must(t, err)
		r, err := n.Settle(context.Background(), clamps, Inference{Steps: 3000, Rate: 1})
		must(t, err)
		if math.Abs(r.Energy-e.Energy) > 1e-9*e.Energy {
			t.Errorf("%s: rests at energy %v, in closed form %v", feature, r.Energy, e.Energy)
		}
		r, err = n.Settle(context.Background(), clamps, Inference{Steps: 3, Estimate: true})
		must(t, err)
		if left := r.Energy - e.Energy; r.ToLose < 0.45*left || r.ToLose > left*(1+1e-9) {
			t.Errorf("%s: %v to lose, want %v", feature, r.ToLose, left)
		}
	}
}

// TestConcatIsMeant: that sources stand side by side may be said or not.
func TestConcatIsMeant(t *testing.T) {
	var last string
	for _, text := range []string{"max-pool 2", "concat, max-pool 2"} {
		c := Config{
			Nodes: []Node{{Name: "target", Shape: []int{2, 2, 3}}, {Name: "a", Shape: []int{4, 4, 1}}, {Name: "b", Shape: []int{4, 4, 2}}, {Name: "input", Size: 6}},
			Predictions: []Prediction{
				{Of: "target", From: []Edge{{Nodes: []string{"a", "b"}, Feature: text, Map: "identity"}}},
				{Of: "a", From: []Edge{{Nodes: []string{"input"}}}}, {Of: "b", From: []Edge{{Nodes: []string{"input"}}}},
			},
			Seed: 5,
		}
		n, err := New(c)
		must(t, err)
		r, err := n.Settle(context.Background(), n.Clamp(randomBatch(1, Float32, 4, 6), randomBatch(2, Float32, 4, 12)), Inference{})
		must(t, err)
		if got := r.String(); last != "" && got != last {
			t.Errorf("%s: %s, without concat %s", text, got, last)
		} else {
			last = got
		}
	}
}
