package model

import (
	"context"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// TestNudge: what is nudged comes to rest where the energy and the nudge balance, by
// methods that move a node by itself: Π (v − μ) = β (to − v).
func TestNudge(t *testing.T) {
	for _, beta := range []float64{0.5, -0.3} {
		for _, method := range []Method{Gradient, Momentum, Preconditioned, GaussSeidel, SymmetricGaussSeidel, RedBlack} {
			n, err := New(Config{Layers: []int{4, 6, 5, 3}, Activation: "tanh", Precisions: []float64{1, 1, 2, 3}, Dtype: Float64, Seed: 1})
			must(t, err)
			n.SetWorkers(2)
			to := randomBatch(2, Float64, 40, 3)
			s, err := n.Begin(n.Clamp(randomBatch(1, Float64, 40, 4), nil), Inference{Method: method})
			must(t, err)
			must(t, s.Nudge("target", to, beta))
			for range 3000 {
				must(t, s.Step(context.Background()))
			}
			r := s.Result()
			v, e := floats(r.Latents[n.TargetNode()]), floats(r.Errors[0])
			const tolerance = 1e-6
			for i, y := range to.Float64s() {
				if off := 3*e[i] - beta*(y-v[i]); !(math.Abs(off) <= tolerance) {
					t.Fatalf("β %v, %v: unit %d is off balance by %v", beta, method, i, off)
				}
			}
			for l := range n.Nodes() {
				if g, _ := s.Gradient(n.Nodes()[l]); g != nil && l != n.TargetNode() && !(norm2(g) <= tolerance) {
					t.Errorf("β %v, %v: the gradient at %s is %v", beta, method, n.Nodes()[l], math.Sqrt(norm2(g)))
				}
			}
		}
	}
}

// TestAgain: a settling that is begun again for another batch, another size, other clamps or
// other weights is as a new one, and has no nudge.
func TestAgain(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 6, 5, 3}, Activation: "tanh", Dtype: Float64, Seed: 1})
	must(t, err)
	inf := Inference{Method: Momentum, Steps: 5}
	x, y := randomBatch(1, Float64, 40, 4), randomBatch(2, Float64, 40, 3)
	kept, err := n.Begin(n.Clamp(x, nil), inf)
	must(t, err)
	must(t, kept.Nudge("target", y, 2))
	must(t, kept.Step(context.Background()))
	for round, c := range []Clamps{n.Clamp(x, nil), n.Clamp(x, y), n.Clamp(randomBatch(3, Float64, 7, 4), randomBatch(4, Float64, 7, 3)), n.Clamp(x, y)} {
		if round == 3 {
			for _, p := range n.Parameters() {
				dense.AddScaled(p, 0.1, filled(tensor.Float64, randomNumbers(5), p.Shape()...))
			}
			n.Changed()
		}
		must(t, kept.Again(c, inf))
		fresh, err := n.Begin(c, inf)
		must(t, err)
		for range 3 {
			must(t, kept.Step(context.Background()))
			must(t, fresh.Step(context.Background()))
		}
		if kept.Steps() != 3 || kept.Energy() != fresh.Energy() {
			t.Errorf("round %d: energy %v after %d steps, of a new one %v", round, kept.Energy(), kept.Steps(), fresh.Energy())
		}
		for l := range n.Nodes() {
			near(t, n.Nodes()[l], floats(kept.Result().Latents[l]), floats(fresh.Result().Latents[l]), 0)
		}
	}
}

// TestNudgeRefuses: what cannot be nudged, and why.
func TestNudgeRefuses(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 6, 3}, Dtype: Float64})
	must(t, err)
	x, y := randomBatch(1, Float64, 5, 4), randomBatch(2, Float64, 5, 3)
	free, err := n.Begin(n.Clamp(x, nil), Inference{})
	must(t, err)
	for want, err := range map[string]error{
		`must be one of target, hidden1, input, got "none"`: free.Nudge("none", y, 1),
		"must be free":               free.Nudge("input", x, 1),
		"hidden1: must predict noth": free.Nudge("hidden1", randomBatch(3, Float64, 5, 6), 1),
		"target: must be float64 of": free.Nudge("target", x, 1),
		"must be a number above -1":  free.Nudge("target", y, -1),
		"got NaN":                    free.Nudge("target", y, math.NaN()),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	errs, err := n.Begin(n.Clamp(x, nil), Inference{Method: ErrorCoordinates})
	must(t, err)
	if err := errs.Nudge("target", y, 1); err == nil || !strings.Contains(err.Error(), "must be one that moves each node by itself") {
		t.Errorf("error coordinates: got error %v", err)
	}
}
