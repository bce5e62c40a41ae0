package model

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/dense"
)

// energyConfigs are networks of each form of energy at the bottom, with a prior
// and a learned precision above.
func energyConfigs(activation string) []Config {
	var all []Config
	for _, direction := range []Direction{Generative, Discriminative} {
		for _, bottom := range []NodeEnergy{GaussianLearned, CrossEntropy, Bernoulli, Laplace} {
			cfg := Config{Layers: []int{6, 5, 4, 6}, Direction: direction, Activation: activation, Dtype: Float64, Seed: 3,
				Energies: []NodeEnergy{bottom, GaussianLearned, Gaussian, Gaussian}, ActivityPrior: 0.05, WeightDecay: 0.01}
			if direction == Discriminative {
				slices.Reverse(cfg.Energies)
			}
			all = append(all, cfg)
		}
	}
	return all
}

// bottomClamps are ways to clamp the bottom, by name: whole, of another mass, in
// part, and not at all.
func bottomClamps(n *Network, rows int) map[string]Clamps {
	top := positiveBatch(2, rows, n.Size(n.Predictions()))
	v := positiveBatch(1, rows, n.Size(0))
	heavy := v.Clone().(*tensor.Dense)
	if n.NodeEnergy(0) == CrossEntropy {
		for i := range heavy.Float64s() {
			heavy.Float64s()[i] *= 2
		}
	}
	rng := rand.New(rand.NewPCG(5, 5))
	fixed := filled(tensor.Float64, func() float64 { return float64(rng.IntN(2)) }, rows, n.Size(0))
	broken := v.Clone().(*tensor.Dense) // what is free is not looked at
	for i, x := range fixed.Float64s() {
		if x == 0 {
			broken.Float64s()[i] = math.NaN()
		}
	}
	all := map[string]Clamps{}
	for name, bottom := range map[string]Clamp{"whole": {Values: v}, "heavy": {Values: heavy}, "part": {Values: broken, Fixed: fixed}, "free": {}} {
		c := make([]Clamp, n.Predictions()+1)
		c[0], c[n.Predictions()].Values = bottom, top
		all[name] = n.byNode(c...)
		if name != "free" {
			open := slices.Clone(c)
			open[n.Predictions()] = Clamp{}
			all[name+", top free"] = n.byNode(open...)
		}
	}
	return all
}

// TestEnergiesFall settles each form of energy by each method that is guarded by a
// bound on the curvature, with activations of no curvature: the energy falls at
// every step, and those that go by the curvature come to the same minimum. (Mere
// descent, given a rate that the bound has to lower, would take too long.)
func TestEnergiesFall(t *testing.T) {
	for _, cfg := range energyConfigs("identity") {
		n, err := New(cfg)
		must(t, err)
		for i := range n.Predictions() { // far from where the curvature is largest
			for j := range n.Weights(i).Float64s() {
				n.Weights(i).Float64s()[j] *= 1.5
			}
		}
		n.Changed()
		for name, c := range bottomClamps(n, 3) {
			what := fmt.Sprintf("%v %v, %s", cfg.Direction, cfg.Energies, name)
			lowest := math.Inf(1)
			for _, method := range []Method{Gradient, Preconditioned, GaussSeidel, SymmetricGaussSeidel, RedBlack} {
				inf := Inference{Method: method, Steps: 5000, Tolerance: 1e-7, Trace: true, Start: Zeros}
				if method == Gradient {
					inf.Rate, inf.Steps = 100, 300
				}
				r, err := n.Settle(context.Background(), c, inf)
				must(t, err)
				if r.Status != Converged && method != Gradient {
					t.Errorf("%s: %v: %v after %d steps, residual %v", what, method, r.Status, r.Steps, r.Residual)
				}
				trace := append(r.Trace, r.NodeEnergy)
				for i := 1; i < len(trace); i++ {
					if before, after := sum(trace[i-1]), sum(trace[i]); after > before+1e-9*(1+math.Abs(before)) {
						t.Fatalf("%s: %v: the energy rose from %v to %v at step %d", what, method, before, after, i)
					}
				}
				if math.Abs(r.Energy-sum(r.ExampleEnergy)) > 1e-9*(1+math.Abs(r.Energy)) {
					t.Errorf("%s: energy %v, sum over examples %v", what, r.Energy, sum(r.ExampleEnergy))
				}
				if method == Gradient {
					continue
				}
				if math.IsInf(lowest, 1) {
					lowest = r.Energy
				}
				if math.Abs(r.Energy-lowest) > 1e-6*(1+math.Abs(lowest)) {
					t.Errorf("%s: %v ends at %v, the first method at %v", what, method, r.Energy, lowest)
				}
			}
		}
	}
}

// TestMaxRateOfEnergies holds the bound on the rate against the largest eigenvalue
// of the Hessian by the free latents, by central differences where the curvature
// of the bottom is largest: at latents of 0, with two classes.
func TestMaxRateOfEnergies(t *testing.T) {
	for _, bottom := range []NodeEnergy{Gaussian, GaussianLearned, CrossEntropy, Bernoulli, Laplace} {
		for _, prior := range []float64{0, 0.7} {
			n, err := New(Config{Layers: []int{2, 4, 3}, Direction: Generative, Activation: "identity", Dtype: Float64, Seed: 4,
				Energies: []NodeEnergy{bottom, Gaussian, Gaussian}, ActivityPrior: prior})
			must(t, err)
			must(t, n.SetPrecision(1, []float64{0.1, 0.1, 0.3, 0.2}))
			if n.NodeEnergy(0).Form() == graph.Gaussian {
				must(t, n.SetPrecision(0, []float64{0.01, 5}))
			}
			for i := range n.Predictions() {
				for j := range n.Weights(i).Float64s() {
					n.Weights(i).Float64s()[j] *= 3
				}
			}
			n.Changed()
			v := matrix(Float64, [][]float64{{0.9, 0.8}})
			if bottom == CrossEntropy {
				v = matrix(Float64, [][]float64{{2, 7}})
			}
			c := n.byNode(Clamp{Values: v})
			e, err := n.Energy(c)
			must(t, err)
			m, err := graph.Compile(e)
			must(t, err)
			free := []int{1, 2}
			for l, node := range e.Latents {
				d := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, n.Size(l)))
				if l == 0 {
					d = v
				}
				must(t, gorgonia.Let(node, d))
			}
			h := mat.NewDense(7, 7, nil)
			fd.Jacobian(h, func(g, x []float64) {
				for _, l := range free {
					x = x[copy(e.Latents[l].Value().Data().([]float64), x):]
				}
				must(t, m.RunAll())
				for _, l := range free {
					g = g[copy(g, e.Gradients[l].Value().Data().([]float64)):]
				}
			}, make([]float64, 7), &fd.JacobianSettings{Formula: fd.Central})
			var svd mat.SVD
			svd.Factorize(h, mat.SVDNone)
			lambda := svd.Values(nil)[0]
			if rate := n.MaxRate(c); rate > 1.01/lambda || rate < 0.4/lambda {
				t.Errorf("%v, prior %v: rate %v, want at most and near 1/λ = %v", bottom, prior, rate, 1/lambda)
			}
		}
	}
}

// TestMissingData holds the energy and the errors of a bottom node that is fixed
// in part against their definitions over the fixed units, and its free units
// against the prediction.
func TestMissingData(t *testing.T) {
	for _, cfg := range energyConfigs("tanh") {
		n, err := New(cfg)
		must(t, err)
		if n.NodeEnergy(0).Form().Settles() {
			continue
		}
		for name, c := range bottomClamps(n, 3) {
			free := make([][]unit, 3) // by example
			for row := range free {
				free[row] = n.freeUnits(n.byNumber(c), row)
			}
			for _, inf := range []Inference{{Steps: 7}, {Steps: 4, Method: GaussSeidel}, {Steps: 3, StaleErrors: true, Start: Zeros}} {
				r, err := n.Settle(context.Background(), c, inf)
				must(t, err)
				what := fmt.Sprintf("%v %v, %s, %v", cfg.Direction, n.NodeEnergy(0), name, inf.Method)
				p := probabilities(n, r)
				energy, d := 0.0, n.Size(0)
				for row := range 3 {
					mass := 0.0
					for j := range d {
						if !slices.Contains(free[row], unit{0, j}) {
							mass += dense.At(n.byNumber(c)[0].Values, row*d+j)
						}
					}
					for j := range d {
						i := row*d + j
						fixed, v := !slices.Contains(free[row], unit{0, j}), dense.At(r.Latents[0], i)
						if !fixed && math.Abs(v-p[i]) > 1e-12 {
							t.Fatalf("%s: free unit %d is %v, predicted %v", what, i, v, p[i])
						}
						var want float64 // of the error
						switch {
						case n.NodeEnergy(0) == CrossEntropy && fixed:
							energy -= v * math.Log(p[i])
							want = v - mass*p[i]
						case n.NodeEnergy(0) == CrossEntropy:
							want = -mass * p[i]
						case fixed:
							energy -= v*math.Log(p[i]) + (1-v)*math.Log(1-p[i])
							want = v - p[i]
						}
						if fixed && v != dense.At(n.byNumber(c)[0].Values, i) {
							t.Fatalf("%s: fixed unit %d is %v, want %v", what, i, v, dense.At(n.byNumber(c)[0].Values, i))
						}
						if got := dense.At(r.Errors[0], i); !inf.StaleErrors && math.Abs(got-want) > 1e-12 {
							t.Fatalf("%s: error %d is %v, want %v", what, i, got, want)
						}
					}
				}
				energy += 3 * n.constants()[0]
				if !inf.StaleErrors && math.Abs(r.NodeEnergy[0]-energy) > 1e-9*(1+energy) {
					t.Errorf("%s: energy at the bottom %v, want %v", what, r.NodeEnergy[0], energy)
				}
			}
		}
	}
}

// probabilities returns what the settled node above the bottom predicts.
func probabilities(n *Network, r *Result) []float64 {
	rows, d, k := 3, n.Size(0), n.Size(1)
	p := make([]float64, rows*d)
	for row := range rows {
		total := 0.0
		for j := range d {
			mu := dense.At(n.Biases(0), j)
			for u := range k {
				mu += n.Spec().Predictions[0].Edges[0].Feature.(*feature.Activation).Value(dense.At(r.Latents[1], row*k+u)) * dense.At(n.Weights(0), j*k+u)
			}
			if p[row*d+j] = math.Exp(mu); n.NodeEnergy(0) == Bernoulli {
				p[row*d+j] = 1 / (1 + math.Exp(-mu))
			}
			total += p[row*d+j]
		}
		for j := range d {
			if n.NodeEnergy(0) == CrossEntropy {
				p[row*d+j] /= total
			}
		}
	}
	return p
}

// TestPredictionsAreProbabilities reads the bottom of discriminative networks by a
// pass downwards, and where a prior makes it settle.
func TestPredictionsAreProbabilities(t *testing.T) {
	for _, cfg := range energyConfigs("tanh") {
		for _, prior := range []float64{0, 0.5} {
			cfg.ActivityPrior = prior
			n, err := New(cfg)
			must(t, err)
			if n.NodeEnergy(0).Form().Settles() {
				continue
			}
			top := positiveBatch(1, 3, n.Size(n.Predictions()))
			read := n.Predict
			if cfg.Direction == Generative {
				read = n.Generate
			}
			got, r, err := read(context.Background(), top, Inference{Method: GaussSeidel, Steps: 500, Tolerance: 1e-9})
			must(t, err)
			near(t, fmt.Sprintf("%v %v", cfg.Direction, n.NodeEnergy(0)), floats(got), probabilities(n, r), 1e-9)
			for row := range 3 {
				total := 0.0
				for j := range n.Size(0) {
					total += dense.At(got, row*n.Size(0)+j)
				}
				if sums := math.Abs(total-1) < 1e-9; sums != (n.NodeEnergy(0) == CrossEntropy) {
					t.Errorf("%v: predictions sum to %v", n.NodeEnergy(0), total)
				}
			}
			if prior == 0 {
				continue
			}
			// the energy is at a minimum, which a pass downwards is not
			if r.Status != Converged || r.Steps == 0 || r.Energy >= energyOfFall(t, cfg, top) {
				t.Errorf("%v: %v at energy %v, a pass downwards is at %v", n.NodeEnergy(0), r.Status, r.Energy, energyOfFall(t, cfg, top))
			}
		}
	}
}

// energyOfFall returns the energy, prior included, after a pass downwards.
func energyOfFall(t *testing.T, cfg Config, top *tensor.Dense) float64 {
	t.Helper()
	n, err := New(cfg)
	must(t, err)
	c := make([]Clamp, n.Predictions()+1)
	c[n.Predictions()].Values = top
	r, err := n.Settle(context.Background(), n.byNode(c...), Inference{Steps: 1, Rate: 1e-12})
	must(t, err)
	return r.Energy
}

// TestPrecisionIsKept saves and loads networks with precisions unit by unit, given
// and learned, to the bit.
func TestPrecisionIsKept(t *testing.T) {
	for _, dtype := range []Dtype{Float32, Float64} {
		n, err := New(Config{Layers: []int{4, 3, 2}, Direction: Generative, Dtype: dtype, Energies: []NodeEnergy{GaussianLearned, Gaussian, Gaussian}, Precisions: []float64{2, 5, 1}, ActivityPrior: 0.1, WeightDecay: 0.2})
		must(t, err)
		must(t, n.SetPrecision(0, []float64{0.1, 1, 10, 0.3}))
		must(t, n.SetPrecision(1, []float64{1.0 / 3, 7, 1}))
		var b bytes.Buffer
		must(t, n.Write(&b))
		m, err := Read(b.Bytes(), Config{})
		must(t, err)
		if got, want := mustJSON(t, m.Config()), mustJSON(t, n.Config()); got != want {
			t.Errorf("config %s, want %s", got, want)
		}
		for i := range 3 {
			if !slices.Equal(m.Precision(i), n.Precision(i)) {
				t.Errorf("%v: precision of node %d: %v, want %v", dtype, i, m.Precision(i), n.Precision(i))
			}
		}
		if !same(m.terms[0].log, n.terms[0].log) || len(m.Parameters()) != 5 {
			t.Errorf("%v: log precisions %v, want %v", dtype, m.terms[0].log, n.terms[0].log)
		}
	}
}

// TestLearnedPrecisionIsBounded moves log Π far beyond its bound.
func TestLearnedPrecisionIsBounded(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 2}, Energies: []NodeEnergy{Gaussian, GaussianLearned}})
	must(t, err)
	log := n.Parameters()[2].Float32s()
	log[0], log[1] = 100, -100
	n.Changed()
	p := n.Precision(0)
	if want := math.Exp(MaxLogPrecision); math.Abs(p[0]/want-1) > 1e-5 || math.Abs(p[1]*want-1) > 1e-5 || log[0] != MaxLogPrecision {
		t.Errorf("precisions %v, log %v; want e^±%d", p, log, MaxLogPrecision)
	}
}

func TestBadEnergies(t *testing.T) {
	g, l, c, b := Gaussian, GaussianLearned, CrossEntropy, Bernoulli
	for want, cfg := range map[string]Config{
		"energies: must be one for each of the 2 layers, got 1":                                                      {Layers: []int{3, 2}, Energies: []NodeEnergy{g}},
		`energies[1]: must be one of bernoulli, cross-entropy, gaussian, gaussian-learned, laplace, got "nine"`:      {Layers: []int{3, 2}, Energies: []NodeEnergy{g, "nine"}},
		"energies[0]: must be gaussian at the top of a discriminative network, which has no energy, got gaussian-le": {Layers: []int{3, 2}, Energies: []NodeEnergy{l, g}},
		"energies[1]: bernoulli is for the bottom node, energies[2] of a discriminative network":                     {Layers: []int{3, 3, 2}, Energies: []NodeEnergy{g, b, g}},
		"energies[1]: bernoulli is for the bottom node, energies[0] of a generative network":                         {Layers: []int{3, 3, 2}, Energies: []NodeEnergy{g, b, g}, Direction: Generative},
		"energies[1]: must be of at least 2 classes where it is cross-entropy, got 1":                                {Layers: []int{3, 1}, Energies: []NodeEnergy{g, c}},
		"precisions[1]: must be 1 where energies[1] is cross-entropy, got 2":                                         {Layers: []int{3, 2}, Energies: []NodeEnergy{g, c}, Precisions: []float64{1, 2}},
		"precisions[1]: must be within e^±7 where it is learned, got 5000":                                           {Layers: []int{3, 2}, Energies: []NodeEnergy{g, l}, Precisions: []float64{1, 5000}},
		"weight_decay: must be a number >= 0, got -1":                                                                {Layers: []int{3, 2}, WeightDecay: -1},
		"activity_prior: must be a number >= 0, got NaN":                                                             {Layers: []int{3, 2}, ActivityPrior: math.NaN()},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: got error %v, want one with %q", err, want)
		}
	}
	n, err := New(Config{Layers: []int{3, 2, 2}, Energies: []NodeEnergy{g, l, b}})
	must(t, err)
	for want, err := range map[string]error{
		"precision of node 2: must be of a node that is predict": n.SetPrecision(2, nil),
		"precision of target: a bernoulli energy has none":       n.SetPrecision(0, []float64{1, 1}),
		"precision of hidden1: must be one for each of the 2":    n.SetPrecision(1, []float64{1}),
		"precision of hidden1: [1]: must be a number > 0, got":   n.SetPrecision(1, []float64{1, 0}),
		"precision of hidden1: [0]: must be within e^±7 where":   n.SetPrecision(1, []float64{1e-9, 1}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("SetPrecision: got error %v, want one with %q", err, want)
		}
	}
	for want, bad := range map[NodeEnergy]float64{Bernoulli: 1.5, CrossEntropy: -0.5} {
		n, err := New(Config{Layers: []int{3, 2}, Energies: []NodeEnergy{g, want}})
		must(t, err)
		y := matrix(Float32, [][]float64{{0, 1}, {1, bad}})
		_, err = n.Settle(context.Background(), n.Clamp(nil, y), Inference{})
		if text := fmt.Sprintf("at a %v node, got %v", want, bad); err == nil || !strings.Contains(err.Error(), "clamp of target: values[1, 1]: must be ") || !strings.HasSuffix(err.Error(), text) {
			t.Errorf("Settle: got error %v, want one with %q", err, text)
		}
	}
	if _, err := Read(file(t, map[string]string{metadataKey: `{"layers":[2,3],"energies":["gaussian-learned","gaussian"],"direction":"generative"}`},
		map[string][]uint64{"layers.0.W.weight": {2, 3}, "layers.0.W.bias": {2}}), Config{}); err == nil || !strings.Contains(err.Error(), "layers.0.log_precision of shape [2] is missing") {
		t.Errorf("Read: %v", err)
	}
	if _, err := Read(file(t, nil, map[string][]uint64{"layers.0.W.weight": {2, 3}, "layers.0.W.bias": {2}, "layers.0.precision": {2}}), Article); err == nil || !strings.Contains(err.Error(), "layers.0.precision: model: precision of input: [0]: must be a number > 0") {
		t.Errorf("Read: %v", err)
	}
}

// TestStepsAllocateNothing counts the allocations of settling with few steps and
// with many.
func TestStepsAllocateNothing(t *testing.T) {
	for _, cfg := range energyConfigs("tanh") {
		n, err := New(cfg)
		must(t, err)
		for name, c := range bottomClamps(n, 3) {
			for _, method := range []Method{Gradient, Preconditioned, GaussSeidel} {
				stepsAllocateNothing(t, fmt.Sprintf("%v %v, %s", cfg.Direction, n.NodeEnergy(0), name), n, c, Inference{Method: method, Plain: true})
			}
		}
	}
}
