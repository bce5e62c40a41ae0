package model

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// wandering is a linear network and what is fixed of it, the same for all examples.
type wandering struct {
	cfg   Config
	fixed map[string][]float64 // by node: the values
}

// hidden stands where a unit is free.
const hidden = 99

// clamps returns the network and clamps of so many examples.
func (w wandering) clamps(t *testing.T, rows int) (*Network, Clamps) {
	t.Helper()
	w.cfg.Dtype, w.cfg.Seed = Float64, 5
	n, err := New(w.cfg)
	must(t, err)
	for _, x := range n.Parameters() {
		dense.Scale(x, 0.7) // so that it does not take long
	}
	n.Changed()
	c := Clamps{}
	for name, values := range w.fixed {
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, len(values)))
		dense.Fill(x, func(i int) float64 { return values[i%len(values)] })
		if c[name] = (Clamp{Values: x}); slices.Contains(values, hidden) {
			c[name] = Hide(x, func(_, unit int) bool { return values[unit] == hidden })
		}
	}
	return n, c
}

// posterior returns the free units, and the mean and the covariance of exp(−E / variance).
func posterior(t *testing.T, n *Network, c Clamps, variance float64) (units []unit, mean []float64, covariance *mat.Dense) {
	t.Helper()
	system, err := n.equations()
	must(t, err)
	units = n.freeUnits(n.byNumber(c), 0)
	s, err := system.solver(units)
	must(t, err)
	var h, inverse mat.Dense
	h.Mul(s.of.T(), s.of)
	must(t, inverse.Inverse(&h))
	inverse.Scale(variance, &inverse)
	e, err := n.Equilibrium(c)
	must(t, err)
	for _, u := range units {
		mean = append(mean, e.Latents[u.node].Float64s()[u.index])
	}
	return units, mean, &inverse
}

// moments returns the mean of units over all examples and steps behind the first mix, and
// their covariance about a mean that is given.
func moments(t *testing.T, n *Network, c Clamps, inf Inference, how Langevin, units []unit, about []float64) (mean []float64, covariance *mat.Dense) {
	t.Helper()
	s, err := n.Begin(c, inf)
	must(t, err)
	covariance, mean = mat.NewDense(len(units), len(units), nil), make([]float64, len(units))
	count := 0.0
	must(t, s.Wander(context.Background(), how, func() error {
		var of [][]float64 // by node
		for l := range n.sizes {
			of = append(of, s.settler.machine.Latent(l).Float64s())
		}
		x := mat.NewVecDense(len(units), nil)
		for row := range s.settler.machine.Rows() {
			for i, u := range units {
				v := of[u.node][row*n.sizes[u.node]+u.index]
				x.SetVec(i, v-about[i])
				mean[i] += v
			}
			covariance.RankOne(covariance, 1, x, x)
			count++
		}
		return nil
	}))
	for i := range mean {
		mean[i] /= count
	}
	covariance.Scale(1/count, covariance)
	return mean, covariance
}

// TestNoiseByBlocks: along moves by blocks the free units of a linear network come to have the
// mean and the covariance of the closed form within 3 %, under Gauss–Seidel and its like at
// any rate below 2: where both ends are fixed, where one is, where nodes are fixed in part,
// above a much smaller node, and below maps that are no matrices. Under preconditioned they do
// at a small rate, at which they take long.
func TestNoiseByBlocks(t *testing.T) {
	const variance = 0.3
	chain := Config{Layers: []int{3, 4, 3, 2}, Direction: Generative, Activation: "identity", Precisions: []float64{2, 3, 0.5, 1}}
	narrow := Config{Layers: []int{2, 6, 2}, Direction: Generative, Activation: "identity", ActivityPrior: 0.5}
	diagonal := Config{
		Nodes: []Node{{Name: "input", Size: 3}, {Name: "gains", Size: 3}, {Name: "same", Size: 3}, {Name: "target", Size: 2}},
		Predictions: []Prediction{
			{Of: "input", From: []Edge{{Nodes: []string{"gains"}, Map: "diagonal"}, {Nodes: []string{"same"}, Map: "identity", Scale: 0.5}}, Precision: 4},
			{Of: "gains", From: []Edge{{Nodes: []string{"target"}}}},
			{Of: "same", From: []Edge{{Nodes: []string{"target"}}}, Precision: 2},
		},
	}
	ends := map[string][]float64{"input": {1, -0.5, 2}, "target": {1, -1}}
	for name, w := range map[string]wandering{
		"both ends":     {chain, ends},
		"the top":       {chain, map[string][]float64{"target": {1, -1}}},
		"parts":         {chain, map[string][]float64{"input": {1, hidden, 2}, "hidden1": {hidden, 0.5, hidden, hidden}, "target": {1, -1}}},
		"a small node":  {narrow, map[string][]float64{"input": {1, -1}, "target": {1, 2}}},
		"other maps":    {diagonal, ends},
		"and all parts": {diagonal, map[string][]float64{"input": {1, hidden, 2}, "gains": {hidden, hidden, 1}, "target": {1, -1}}},
	} {
		n, c := w.clamps(t, 500)
		units, mean, want := posterior(t, n, c, variance)
		for _, inf := range []Inference{
			{Method: GaussSeidel, Rate: 0.5}, {Method: GaussSeidel, Rate: 1}, {Method: GaussSeidel, Rate: 1.5},
			{Method: SymmetricGaussSeidel, Rate: 1}, {Method: RedBlack, Rate: 1.2}, {Method: Preconditioned, Rate: 0.04},
		} {
			how := Langevin{Variance: variance, Mix: 60, Samples: 150, Seed: 1}
			if inf.Method == Preconditioned {
				if how.Mix, how.Samples = 300, 600; name != "other maps" {
					continue
				}
			}
			inf.Steps = 1
			middle, got := moments(t, n, c, inf, how, units, mean)
			size := mat.Norm(want, 2)
			for i, u := range units {
				if d := middle[i] - mean[i]; !(math.Abs(d) <= 0.03*math.Sqrt(size)) {
					t.Errorf("%s, %v at %v: mean of %s[%d] is off by %.4f", name, inf.Method, inf.Rate, n.Nodes()[u.node], u.index, d)
				}
			}
			got.Sub(got, want)
			off := max(mat.Max(got), -mat.Min(got)) / size
			if t.Logf("%s, %v at %v: off by %.4f", name, inf.Method, inf.Rate, off); !(off <= 0.03) {
				t.Errorf("%s, %v at %v: the covariance is off by %.4f of its norm", name, inf.Method, inf.Rate, off)
			}
		}
	}
}

// TestNoiseUnderABound: where H is but a bound of the curvature A, as of a node that is in one
// prediction twice, the variance is (2 − γ) / (2 − γ A/H) of what it should be: right where
// the rate is small, and too small by at most half the rate.
func TestNoiseUnderABound(t *testing.T) {
	const variance = 0.3
	n, c := wandering{Config{
		Nodes: []Node{{Name: "input", Size: 2}, {Name: "hidden", Size: 2}, {Name: "target", Size: 2}},
		Predictions: []Prediction{
			{Of: "input", From: []Edge{{Nodes: []string{"hidden"}}, {Nodes: []string{"hidden"}, Map: "identity"}}},
			{Of: "hidden", From: []Edge{{Nodes: []string{"target"}}}},
		},
	}, map[string][]float64{"input": {1, -0.5}, "target": {1, -1}}}.clamps(t, 2000)
	const w = -0.5 // of single units
	copy(n.EdgeWeights(0, 0).Float64s(), []float64{w, 0, 0, w})
	n.Changed()
	a, h := 1+(1+w)*(1+w), 1+2*(1+w*w)
	units, mean, of := posterior(t, n, c, variance)
	for _, rate := range []float64{0.1, 1, 1.5} {
		_, got := moments(t, n, c, Inference{Method: GaussSeidel, Rate: rate, Steps: 1}, Langevin{Variance: variance, Mix: 300, Samples: 200, Seed: 1}, units, mean)
		share, want := mat.Trace(got)/mat.Trace(of), (2-rate)/(2-rate*a/h)
		if t.Logf("rate %v: %.4f of the variance, %.4f by the formula", rate, share, want); !(math.Abs(share/want-1) <= 0.03) {
			t.Errorf("rate %v: %.4f of the variance, want %.4f", rate, share, want)
		}
	}
}

// TestNoiseByBlocksIsTheSame: samples do not depend on the number of workers, and those of a
// batch not on the one before, with which noise began.
func TestNoiseByBlocksIsTheSame(t *testing.T) {
	const rows = 300
	for _, dtype := range []Dtype{Float32, Float64} {
		n, err := New(Config{Layers: []int{5, 8, 6, 3}, Direction: Generative, Activation: "tanh", Dtype: dtype, Seed: 5})
		must(t, err)
		for _, m := range []Method{GaussSeidel, SymmetricGaussSeidel, RedBlack, Preconditioned} {
			var all []*tensor.Dense
			var s *Settling
			for _, workers := range []int{1, 2} {
				n.SetWorkers(workers)
				for range 2 {
					c := n.Clamp(randomBatch(1, dtype, rows, 5), nil)
					if inf := (Inference{Method: m, Steps: 3}); s == nil {
						s, err = n.Begin(c, inf)
					} else {
						err = s.Again(c, inf)
					}
					must(t, err)
					must(t, s.Wander(context.Background(), Langevin{Variance: 0.1, Mix: 4, Samples: 1, Seed: 3}, func() error {
						if shards := s.settler.machine.Shards(); shards < 2 {
							t.Errorf("%d shards", shards)
						}
						all = append(all, dense.Copy(tensor.New(tensor.Of(dtype.Tensor()), tensor.WithShape(rows, 6)), s.settler.machine.Latent(2)))
						return nil
					}))
				}
			}
			for i, x := range all[1:] {
				if !same(x, all[0]) {
					t.Errorf("%v, %v: batch %d differs from the first", dtype, m, i+1)
				}
			}
		}
	}
}

// TestNoiseKeepsWhatSettled: where noise begins latents are where they were, and what a step
// takes is made of the weights as they are, whatever the lag.
func TestNoiseKeepsWhatSettled(t *testing.T) {
	ctx := context.Background()
	n, err := New(Config{Layers: []int{5, 8, 3}, Activation: "tanh", Dtype: Float64, Seed: 5})
	must(t, err)
	c := n.Clamp(randomBatch(1, Float64, 40, 5), randomBatch(2, Float64, 40, 3))
	s, err := n.Begin(c, Inference{Method: GaussSeidel, Lag: LagOf(10)})
	must(t, err)
	must(t, s.Step(ctx))
	noisy := func() bool { return s.settler.machine.Energy().Noise[1] != nil }
	if noisy() {
		t.Error("a machine is made for noise before there is any")
	}
	want := clone(s.settler.machine.Latent(1))
	dense.AddScaled(n.Weights(0), 0.5, randomBatch(3, Float64, 3, 8))
	n.Changed()
	must(t, s.Noise(0, 1, 1))
	if !same(s.settler.machine.Latent(1), want) || s.Steps() != 1 || !noisy() {
		t.Errorf("after %d steps latents are elsewhere, or without noise", s.Steps())
	}
	must(t, s.Step(ctx))
	fresh, err := n.Begin(Clamps{"input": c["input"], "target": c["target"], "hidden1": {Start: want}}, Inference{Method: GaussSeidel, Lag: LagOf(0)})
	must(t, err)
	must(t, fresh.Step(ctx))
	if !same(s.settler.machine.Latent(1), fresh.settler.machine.Latent(1)) {
		t.Error("a step without variance is not the one without noise")
	}
}

// TestWandersRefuses: where latents cannot have noise it is said why.
func TestWandersRefuses(t *testing.T) {
	chain := Config{Layers: []int{4, 5, 3}}
	gated := Config{Network: "gated code=5", Layers: []int{8, 3}}
	for want, of := range map[string]struct {
		cfg Config
		inf Inference
	}{
		"inference.method: must be gradient, momentum, error-coordinates, preconditioned, gauss-seidel": {chain, Inference{Method: Chain}},
		"red-black, under which it is known how noise spreads, got nesterov":                            {chain, Inference{Method: Nesterov}},
		"inference.rate: must be below 2 at each node":                                                  {chain, Inference{Method: GaussSeidel, NodeRates: map[string]float64{"hidden1": 2}}},
		"node code: its curvature differs from example to example":                                      {gated, Inference{Method: GaussSeidel}},
	} {
		if err := of.cfg.Wanders(of.inf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
		n, err := New(of.cfg)
		must(t, err)
		s, err := n.Begin(n.Clamp(randomBatch(1, Float32, 2, of.cfg.Layers[0]), randomBatch(2, Float32, 2, 3)), of.inf)
		must(t, err)
		if err := s.Noise(1, 1, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
		must(t, s.Step(context.Background())) // as before
	}
	if err := chain.Wanders(Inference{Method: GaussSeidel, Rate: 1.9}); err != nil {
		t.Error(err)
	}
	if err := (Config{Layers: []int{-1}}).Wanders(Inference{}); err == nil {
		t.Error("a network of -1 units wanders")
	}
}
