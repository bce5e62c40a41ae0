package model

import (
	"context"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

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

// TestStepsMissing settles half an input whose label is missing data, by steps and at once,
// from where the label is another: it ends at what is predicted.
func TestStepsMissing(t *testing.T) {
	n, err := New(Config{Layers: []int{6, 5, 3}, Dtype: Float64, Seed: 3, Direction: Discriminative, Energies: []NodeEnergy{Gaussian, Gaussian, CrossEntropy}})
	must(t, err)
	half := Hide(randomBatch(1, Float64, 4, 6), func(_, unit int) bool { return unit > 2 })
	half.Start = randomBatch(2, Float64, 4, 6)
	label := Clamp{Start: tensor.New(tensor.WithShape(4, 3), tensor.WithBacking(slices.Repeat([]float64{0.5}, 12)))}
	c, inf := Clamps{"input": half, "target": label}, Inference{Steps: 3, Unguarded: true, Rate: 0.05, Plain: true}
	s, err := n.Begin(c, inf)
	must(t, err)
	for range inf.Steps {
		must(t, s.Step(context.Background()))
	}
	got, err := s.Latent("target")
	must(t, err)
	r, err := n.Settle(context.Background(), c, inf)
	must(t, err)
	inputs, err := r.Latent("input")
	must(t, err)
	want, _, err := n.Clone().Predict(context.Background(), inputs, Inference{})
	must(t, err)
	at, err := r.Latent("target")
	must(t, err)
	near(t, "settled", dense.Floats(at), dense.Floats(want), 1e-12)
	near(t, "by steps", dense.Floats(got), dense.Floats(want), 1e-12)
}

// TestStepsRead reads a batch between steps: what is read is as of the last Step, or of Look
// where latents were changed since.
func TestStepsRead(t *testing.T) {
	n, err := New(Config{Layers: []int{6, 5, 3}, Dtype: Float64, Seed: 3, WeightDecay: 0.1})
	must(t, err)
	s, err := n.Begin(n.Clamp(randomBatch(1, Float64, 40, 6), randomBatch(2, Float64, 40, 3)), Inference{Rate: 0.05})
	must(t, err)
	before := s.Energy()
	must(t, s.Step(context.Background()))
	must(t, s.Step(context.Background()))
	gradient, err := s.Gradient("hidden1")
	must(t, err)
	got, energy := dense.Floats(gradient), s.Energy()
	if r := s.Result(); !(energy < before) || math.Abs(energy-r.Energy) > 1e-12*energy {
		t.Errorf("energy %v after two steps, %v of the result, %v before", energy, r.Energy, before)
	}
	must(t, s.Look())
	_, err = s.Gradient("hidden1")
	must(t, err)
	near(t, "gradient", got, dense.Floats(gradient), 0)

	latent, err := s.Latent("hidden1")
	must(t, err)
	latent.Float64s()[0] = math.NaN()
	must(t, s.Look())
	if e := s.Energy(); !math.IsNaN(e) {
		t.Errorf("energy %v of a latent that is no number", e)
	}
	must(t, s.Step(context.Background()))
	if s.Result().Finite() {
		t.Error("a step from an energy that is no number ends at one")
	}
}

// TestDescend takes one step where a pass by blocks would climb: it is what settling for one
// step does, to the bit, and every one after it descends, where steps alone do not. A copy
// of the network whose weights have moved meanwhile has its curvature made anew first.
func TestDescend(t *testing.T) {
	ctx, climbs := context.Background(), 0
	for seed := range uint64(20) {
		n, err := New(Config{Layers: []int{6, 20, 20, 3}, Dtype: Float64, Seed: seed, Direction: Discriminative, Activation: "leaky-relu"})
		must(t, err)
		scale := func(by float64) {
			for _, term := range n.terms {
				w := term.edges[0][0]
				dense.Fill(w, func(i int) float64 { return by * dense.At(w, i) })
			}
			n.Changed()
		}
		c := n.Clamp(randomBatch(seed, Float64, 40, 6), randomBatch(seed+100, Float64, 40, 3))
		inf := Inference{Method: GaussSeidel, Steps: 1, Rate: 1, Lag: LagOf(10)}
		scale(1.5)
		_, err = n.Settle(ctx, c, inf) // by which the curvature is of these weights
		must(t, err)
		scale(2)
		descending, err := n.Clone().Begin(c, inf)
		must(t, err)
		stepping, err := n.Clone().Begin(c, inf)
		must(t, err)
		must(t, descending.Descend(ctx))
		must(t, stepping.Step(ctx))
		r, err := n.Settle(ctx, c, inf)
		must(t, err)
		got := descending.Result()
		if got.Energy != r.Energy || got.Rate != r.Rate {
			t.Errorf("seed %d: energy %v at rate %v by one step, %v at %v settled", seed, got.Energy, got.Rate, r.Energy, r.Rate)
		}
		for l := range r.Latents {
			if !slices.Equal(dense.Floats(got.Latents[l]), dense.Floats(r.Latents[l])) {
				t.Errorf("seed %d: latents of node %d differ", seed, l)
			}
		}
		if stepping.Energy() > 2*got.Energy {
			climbs++
		}
		before := got.Energy
		for range 10 {
			must(t, descending.Descend(ctx))
			if e := descending.Energy(); e > before*(1+riseTolerance) {
				t.Errorf("seed %d: the energy rose from %v to %v", seed, before, e)
			} else {
				before = e
			}
		}
	}
	if climbs == 0 {
		t.Error("no step climbs without a guard: this tests nothing")
	}
}

// TestStepsGoOn: a step that goes on from what Look has found is one without, to the bit, and
// begins anew from parameters that have changed since.
func TestStepsGoOn(t *testing.T) {
	for _, name := range Methods() {
		took := func(look func(s *Settling, step int, after bool)) *Result {
			n, err := New(Config{Layers: []int{6, 5, 4, 3}, Seed: 3})
			must(t, err)
			s, err := n.Begin(n.Clamp(randomBatch(1, Float32, 40, 6), randomBatch(2, Float32, 40, 3)), Inference{Method: Method(name), Steps: 1})
			must(t, err)
			for step := range 4 {
				look(s, step, false)
				n.Weights(0).Float32s()[step] += 0.1
				n.Changed()
				look(s, step, true)
				must(t, s.Step(context.Background()))
			}
			return s.Result()
		}
		want := took(func(*Settling, int, bool) {})
		got := took(func(s *Settling, step int, after bool) {
			if after == (step%2 == 0) {
				must(t, s.Look())
			}
		})
		for l := range got.Latents {
			if !same(got.Latents[l], want.Latents[l]) || got.Energy != want.Energy {
				t.Errorf("%s: node %d: other latents, energy %v, want %v", name, l, got.Energy, want.Energy)
			}
		}
	}
}
