package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// TestWeightsAreFrozen proves that nothing in the graph is a gradient by a weight: no
// node has the shape of a weight matrix but the weights, and asking Grad for one is
// refused.
func TestWeightsAreFrozen(t *testing.T) {
	s := chain{Sizes: []int{7, 5, 4}, Activations: []*feature.Activation{feature.Tanh, feature.Tanh}, Clamped: []bool{true, false, true}, Batch: 3, Dtype: tensor.Float64}
	e, err := Build(s.spec())
	must(t, err)
	for _, n := range e.frozen {
		if n.Deriv() != nil {
			t.Errorf("%s has a derivative", n.Name())
		}
	}
	for _, n := range e.Graph.AllNodes() {
		if !slices.Contains(e.frozen, n) && n.Op() != nil && n.Dims() > 0 && n.Shape()[0] != s.Batch {
			t.Errorf("%v of shape %v has no row for each example", n, n.Shape())
		}
	}
	if _, err := G.Grad(e.Total, e.Terms[0].Edges[0].Parameters[0]); err == nil {
		t.Error("Grad by a weight was accepted")
	}
}

// TestClampedWorkIsDoneOnceABatch counts kernels: the clamped top's product is the
// batch's, and a step has those of the layer below.
func TestClampedWorkIsDoneOnceABatch(t *testing.T) {
	e, err := Build(chain{Sizes: []int{3, 4, 9}, Activations: []*feature.Activation{feature.Tanh, feature.Identity}, Clamped: []bool{true, false, true}, Batch: 2, Dtype: tensor.Float64}.spec())
	must(t, err)
	m, err := Compile(e)
	must(t, err)
	if got := m.engine.Kernels(-1); got != 1 {
		t.Errorf("%d kernels once a batch, want 1", got)
	}
	if got := m.engine.Kernels(m.lists.gradients); got != 4 { // φ, ε0, ε1, and the slope with its pull-back in place
		t.Errorf("%d kernels a step, want 4", got)
	}
}

// loaded returns a machine of s with random parameters, masks and a batch loaded.
func loaded(t testing.TB, s Spec, workers int) *Machine {
	t.Helper()
	e, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	bindRandom(t, e, 11)
	m, err := Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	m.SetWorkers(workers)
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		cases := map[string]chain{}
		for _, a := range builtins() {
			s := chain{Sizes: []int{20, 12, 12, 5}, Activations: []*feature.Activation{a, a, feature.Identity}, Clamped: []bool{true, false, false, true}, Gram: []bool{true, false, false}, Batch: 40, Dtype: dt}
			cases[a.String()] = s
			if a == feature.Tanh {
				s.Gram, s.Prior = nil, 0.1
				for _, k := range []*NodeEnergy{CrossEntropy, Bernoulli} {
					s.Energies = []*NodeEnergy{k, Gaussian, Gaussian}
					cases[k.String()] = s
				}
			}
		}
		for name, spec := range cases {
			m := loaded(t, spec.spec(), 1)
			step := func(s *Shard) {
				s.Predict(1)
				s.Gradients()
				s.Evaluate()
				s.Errors()
				s.Features()
				s.Energy(0)
			}
			if n := testing.AllocsPerRun(10, func() {
				for _, s := range m.shards {
					step(s)
				}
			}); n != 0 {
				t.Errorf("%v %v: %v allocations a step", dt, name, n)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	good := func() Spec {
		return chain{Sizes: []int{5, 4, 3}, Activations: []*feature.Activation{feature.Tanh, feature.Tanh}, Clamped: []bool{true, false, true}, Batch: 2, Dtype: tensor.Float64}.spec()
	}
	for want, breakIt := range map[string]func(*Spec){
		"node v1: shape: must be one to three numbers > 0, got [-4]":         func(s *Spec) { s.Nodes[1].Shape = tensor.Shape{-4} },
		"nodes: must name at least one, got none":                            func(s *Spec) { *s = Spec{} },
		"dtype: must be float32 or float64, got none":                        func(s *Spec) { s.Dtype = tensor.Dtype{} },
		"predictions: must be at least one, got none":                        func(s *Spec) { s.Predictions = nil },
		"nodes[1]: name: must not be empty":                                  func(s *Spec) { s.Nodes[1].Name = "" },
		"nodes[1]: name: must be of one node, got \"v0\" twice":              func(s *Spec) { s.Nodes[1].Name = "v0" },
		"predictions[0]: of: must be one of the nodes v0, v1, v2, got \"w\"": func(s *Spec) { s.Predictions[0].Of = "w" },
		"prediction of v0: from: must be of the nodes v0, v1, v2, got \"w\"": func(s *Spec) { s.Predictions[0].Edges[0].From = []string{"w"} },
		"prediction of v0: from: must name a node, got none":                 func(s *Spec) { s.Predictions[0].Edges[0].From = nil },
		"prediction of v0: edges: must be at least one":                      func(s *Spec) { s.Predictions[0].Edges = nil },
		"node v2: must predict another, or be predicted":                     func(s *Spec) { s.Predictions = s.Predictions[:1] },
		"prediction of v0 from v1: map: identity: must have as many units as it predicts, 5, got 4": func(s *Spec) {
			s.Predictions[0].Edges[0].Map = linear.Fixed{}
		},
		"prediction of v0 from v1, v2: feature: tanh: must have one source, got 2": func(s *Spec) {
			s.Predictions[0].Edges[0].From = []string{"v1", "v2"}
		},
		"prediction of v0 from v1: scale: must be a number, got NaN": func(s *Spec) { s.Predictions[0].Edges[0].Scale = math.NaN() },
		"prediction of v0: weight: must be a number > 0, got -1":     func(s *Spec) { s.Predictions[0].Weight = -1 },
		"feedback: must be set on one of the edges of a circle": func(s *Spec) {
			s.Predictions = append(s.Predictions, Prediction{Of: "v2", Edges: []Edge{{From: []string{"v0"}}}})
		},
		"prediction of v1 from v1: must not predict itself but by fe": func(s *Spec) { s.Predictions[1].Edges[0].From = []string{"v1"} },
		"node v0: masked: is for a free node":                         func(s *Spec) { s.Nodes[0].Masked = true },
		"node v0: prior: must be a number >= 0, got NaN":              func(s *Spec) { s.Nodes[0].Prior = math.NaN() },
		"batch: must be > 0, got 0":                                   func(s *Spec) { s.Batch = 0 },
		"dtype: must be float32 or float64, got int":                  func(s *Spec) { s.Dtype = tensor.Int },
		"steps: must be a known form, got 9":                          func(s *Spec) { s.Steps = 9 },
		"prediction of v1: gram: is for a clamped Gaussian node":      func(s *Spec) { s.Predictions[1].Gram = true },
		"prediction of v0: precise: is for a Gaussian energy, got bernoulli": func(s *Spec) {
			s.Predictions[0].Energy, s.Predictions[0].Precise = Bernoulli, true
		},
		"node v0: masked: must be set where a node of bernoulli energy is free": func(s *Spec) {
			s.Predictions[0].Energy, s.Nodes[0].Clamped = Bernoulli, false
		},
		"prediction of v1 from v2: share: must have the parameters \"w\" of the prediction of v0 from v1, weight 5 × 4, got weight 4 × 3": func(s *Spec) {
			s.Predictions[0].Edges[0].Share, s.Predictions[1].Edges[0].Share = "w", "w"
		},
	} {
		s := good()
		breakIt(&s)
		if _, err := Build(s); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PANIC") {
			t.Errorf("Build: got error %v, want one with %q", err, want)
		}
	}

	e, err := Build(good())
	must(t, err)
	m, err := Compile(e)
	must(t, err)
	if err := m.Freeze(); err == nil || !strings.Contains(err.Error(), "weight v0←v1: must be float64 of shape (5, 4), got none") {
		t.Errorf("Freeze without weights: %v", err)
	}
	bindRandom(t, e, 1)
	must(t, m.Freeze())
	rng := rand.New(rand.NewPCG(1, 1))
	v0, v2 := random(rng, tensor.Float64, 2, 5), random(rng, tensor.Float64, 2, 3)
	for want, clamps := range map[string][]*tensor.Dense{
		"must be one for each of the 3 nodes, got":                         {v0},
		"node v2: must have a clamp":                                       {v0, nil, nil},
		"node v1: is free and must have no clamp":                          {v0, v0, v2},
		"v2: must be float64 of shape (2, 3), got float64 of shape (2, 5)": {v0, nil, v0},
		"v0: must be float64 of shape (2, 5), got float32 of shape (2, 5)": {random(rng, tensor.Float32, 2, 5), nil, v2},
		"v0: must have its rows one after the other in memory":             {transposed(t, random(rng, tensor.Float64, 5, 2)), nil, v2},
	} {
		if err := m.Load(2, clamps, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load: got error %v, want one with %q", err, want)
		}
	}
}

func transposed(t *testing.T, d *tensor.Dense) *tensor.Dense {
	t.Helper()
	must(t, d.T())
	return d
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		sizes   []int
		clamped []bool
		batch   int
	}{
		{[]int{784, 256, 256, 10}, []bool{true, false, false, true}, 64},
		{[]int{10, 128, 128, 128, 784}, []bool{true, false, false, false, true}, 128},
		{[]int{1, 32, 32, 1}, []bool{true, false, false, true}, 32},
	} {
		acts := make([]*feature.Activation, len(c.sizes)-1)
		for i := range acts {
			acts[i] = feature.Tanh
		}
		acts[len(acts)-1] = feature.Identity
		b.Run(fmt.Sprintf("sizes=%v/batch=%d", strings.Trim(strings.ReplaceAll(fmt.Sprint(c.sizes), " ", "-"), "[]"), c.batch), func(b *testing.B) {
			m := loaded(b, chain{Sizes: c.sizes, Activations: acts, Clamped: c.clamped, Batch: c.batch, Dtype: tensor.Float32}.spec(), 0)
			b.ReportAllocs()
			for b.Loop() {
				m.Each((*Shard).Gradients)
			}
		})
	}
}
