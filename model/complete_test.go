package model

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// linearPair returns a network of 4 inputs and 3 classes, without a hidden node,
// so that everything has a closed form, and its weights (4, 3).
func linearPair(t *testing.T) (*Network, []float64) {
	t.Helper()
	n, err := New(Config{Layers: []int{4, 3}, Direction: Generative, Dtype: Float64, Seed: 3})
	must(t, err)
	return n, n.Weights(0).Float64s()
}

// With class k clamped the free inputs settle at its column of W, at no energy,
// and the fixed ones keep half their squared distance: so the posterior mean and
// the probabilities are known.
func TestCompleteIsThePosteriorMean(t *testing.T) {
	n, w := linearPair(t)
	seen := []float64{0.3, -0.4, 7, 7}
	c := Clamp{Values: matrix(Float64, [][]float64{seen}), Fixed: matrix(Float64, [][]float64{{1, 1, 0, 0}})}
	if h := Hide(c.Values, func(example, unit int) bool { return example > 0 || unit >= 2 }); h.Values != c.Values || !slices.Equal(h.Fixed.Float64s(), c.Fixed.Float64s()) {
		t.Errorf("want the first two units fixed, got %v", h.Fixed)
	}
	inf := Inference{Method: GaussSeidel, Steps: 50}
	for _, temperature := range []float64{0, 0.05, 0.5, 100} {
		done, err := n.Complete(context.Background(), c, Recall{By: ByEnergy, Temperature: temperature}, inf)
		must(t, err)
		var energies [3]float64
		best := 0
		for k := range 3 {
			for j := range 2 {
				d := seen[j] - w[j*3+k]
				energies[k] += d * d / 2
			}
			if energies[k] < energies[best] {
				best = k
			}
		}
		var p [3]float64
		sum := 0.0
		for k := range 3 {
			if temperature > 0 {
				p[k] = math.Exp(-energies[k] / temperature)
			} else if k == best {
				p[k] = 1
			}
			sum += p[k]
		}
		want := []float64{seen[0], seen[1], 0, 0}
		predicted := make([]float64, 4)
		for k := range 3 {
			p[k] /= sum
			for j := range 4 {
				predicted[j] += p[k] * w[j*3+k]
			}
		}
		copy(want[2:], predicted[2:])
		near(t, "inputs", floats(done.Inputs), want, 1e-9)
		near(t, "predictions", floats(done.Predictions), predicted, 1e-9)
		near(t, "probabilities", floats(done.Targets), p[:], 1e-9)
		near(t, "energies", floats(done.Energies), energies[:], 1e-9)
		if done.Classes[0] != best || done.Inputs.Float64s()[0] != seen[0] {
			t.Errorf("temperature %v: class %d, want %d; seen input %v, want %v", temperature, done.Classes[0], best, done.Inputs.Float64s()[0], seen[0])
		}
	}
}

// By settling, Complete with nothing hidden is Predict, in both directions.
func TestCompleteBySettlingPredicts(t *testing.T) {
	for _, direction := range []Direction{Discriminative, Generative} {
		n, err := New(Config{Layers: []int{5, 6, 3}, Direction: direction, Seed: 2})
		must(t, err)
		inputs := matrix(Float32, [][]float64{{1, 2, 3, 4, 5}, {0, -1, 0, 1, 0}})
		want, _, err := n.Predict(context.Background(), inputs, Inference{})
		must(t, err)
		done, err := n.Complete(context.Background(), Clamp{Values: inputs}, Recall{}, Inference{})
		must(t, err)
		if !same(done.Targets, want) || !same(done.Inputs, inputs) {
			t.Errorf("%v: targets %v, want %v", direction, floats(done.Targets), floats(want))
		}
		if has := done.Predictions != nil; has != (direction == Generative) {
			t.Errorf("%v: has predictions of the inputs: %v", direction, has)
		}
	}
}

// TestCompletePredicts: what is predicted of the inputs is what the settled node above
// makes of it, whatever the form of their energy, for units that are fixed and free.
func TestCompletePredicts(t *testing.T) {
	for _, energy := range NodeEnergies() {
		n, err := New(Config{Layers: []int{4, 3, 2}, Direction: Generative, Energies: []NodeEnergy{NodeEnergy(energy), Gaussian, Gaussian}, Dtype: Float64, Seed: 3})
		must(t, err)
		for i := range n.Weights(0).Float64s() {
			n.Weights(0).Float64s()[i] *= 3
		}
		n.Changed()
		seen := Hide(matrix(Float64, [][]float64{{0.9, 0.2, 0, 1}}), func(_, unit int) bool { return unit == 2 })
		done, err := n.Complete(context.Background(), seen, Recall{}, Inference{Method: GaussSeidel, Steps: 200})
		must(t, err)
		r, err := n.Settle(context.Background(), Clamps{"input": seen}, Inference{Method: GaussSeidel, Steps: 200})
		must(t, err)
		want := make([]float64, 4)
		total := 0.0
		for j := range want {
			for k := range 3 {
				want[j] += dense.At(n.Weights(0), j*3+k) * math.Tanh(dense.At(r.Latents[1], k))
			}
			total += math.Exp(want[j])
		}
		for j, mu := range want {
			switch NodeEnergy(energy) {
			case CrossEntropy:
				want[j] = math.Exp(mu) / total
			case Bernoulli:
				want[j] = 1 / (1 + math.Exp(-mu))
			}
		}
		near(t, energy, floats(done.Predictions), want, 1e-12)
	}
}

func TestCompleteRefuses(t *testing.T) {
	n, _ := linearPair(t)
	x := matrix(Float64, [][]float64{{1, 2, 3, 4}})
	for _, temperature := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := n.Complete(context.Background(), Clamp{Values: x}, Recall{Temperature: temperature}, Inference{}); err == nil {
			t.Errorf("temperature %v: no error", temperature)
		}
		if _, err := n.Sample(context.Background(), matrix(Float64, [][]float64{{1, 0, 0}}), Sampling{Temperature: temperature}, Inference{}); err == nil {
			t.Errorf("sample at temperature %v: no error", temperature)
		}
	}
	if _, err := n.Complete(context.Background(), Clamp{}, Recall{}, Inference{}); err == nil {
		t.Error("no inputs: no error")
	}
	if _, err := n.Complete(context.Background(), Clamp{Values: matrix(Float64, [][]float64{{1}})}, Recall{By: ByEnergy}, Inference{}); err == nil {
		t.Error("inputs of another width: no error")
	}
}

// Classes drawn with probability exp(−E/T) give T back: with 20,000 examples of 3
// energies its standard error is below 2 %.
func TestTemperature(t *testing.T) {
	const rows, k = 20000, 3
	rng := rand.New(rand.NewPCG(1, 2))
	for _, want := range []float64{0.01, 0.3, 5} {
		energies := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, k))
		classes := make([]int, rows)
		for i := range rows {
			var p [k]float64
			sum := 0.0
			for j := range k {
				e := 3 * want * rng.Float64()
				dense.Set(energies, i*k+j, 100+e)
				p[j] = math.Exp(-e / want)
				sum += p[j]
			}
			u := rng.Float64() * sum
			for u > p[classes[i]] && classes[i] < k-1 {
				u -= p[classes[i]]
				classes[i]++
			}
		}
		got, err := Temperature(energies, classes)
		must(t, err)
		if math.Abs(got/want-1) > 0.06 {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	sure := matrix(Float32, [][]float64{{0, 1}, {3, 2}})
	if got, err := Temperature(sure, []int{0, 1}); got != 0 || err != nil {
		t.Errorf("always the lowest: got %v, %v, want 0", got, err)
	}
	if got, err := Temperature(sure, []int{1, 0}); !(got > 1e6) || err != nil {
		t.Errorf("never the lowest: got %v, %v, want a large number", got, err)
	}
	for _, bad := range []struct {
		energies *tensor.Dense
		classes  []int
	}{
		{sure, []int{0}}, {sure, []int{0, 2}}, {sure, []int{-1, 0}}, {matrix(Float32, [][]float64{{math.NaN(), 1}}), []int{0}},
	} {
		if _, err := Temperature(bad.energies, bad.classes); err == nil {
			t.Errorf("classes %v of %v: no error", bad.classes, bad.energies.Shape())
		}
	}
}

// In a linear network the samples' mean and variance are known: 4,000 samples have
// standard errors of 1.6 % and 2.2 %.
func TestSample(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 3, 2}, Direction: Generative, Activation: "identity", Precisions: []float64{1, 4, 1}, Dtype: Float64, Seed: 5})
	must(t, err)
	const rows, temperature = 4000, 0.3
	classes := make([]int, rows)
	targets, err := n.OneHot(classes)
	must(t, err)
	ctx := context.Background()
	draw := func(temperature float64, seed uint64) *tensor.Dense {
		x, err := n.Sample(ctx, targets, Sampling{Temperature: temperature, Seed: seed}, Inference{})
		must(t, err)
		return x
	}
	mean, _, err := n.Generate(ctx, targets, Inference{})
	must(t, err)
	if !same(draw(0, 1), mean) {
		t.Error("at temperature 0 a sample is not what Generate gives")
	}
	x := draw(temperature, 1)
	if !same(x, draw(temperature, 1)) || same(x, draw(temperature, 2)) {
		t.Error("the seed does not decide the samples")
	}
	n.SetWorkers(1)
	if !same(x, draw(temperature, 1)) {
		t.Error("one worker draws other samples")
	}
	w := n.Weights(0).Float64s() // (2, 3)
	for j := range 2 {
		want, m, v := 0.0, 0.0, 0.0
		for u := range 3 {
			want += w[j*3+u] * w[j*3+u] * temperature / 4
		}
		for i := range rows {
			d := x.Float64s()[i*2+j] - mean.Float64s()[j]
			m += d / rows
			v += d * d / rows
		}
		if math.Abs(m) > 5*math.Sqrt(want/rows) || math.Abs(v/want-1) > 0.12 {
			t.Errorf("unit %d: mean off by %v and variance %v, want 0 and %v", j, m, v, want)
		}
	}
	top, err := New(Config{Layers: []int{2, 3, 2}, Seed: 5})
	must(t, err)
	few, err := top.OneHot([]int{0, 0})
	must(t, err)
	y, err := top.Sample(ctx, few, Sampling{Temperature: 1, Seed: 1}, Inference{})
	must(t, err)
	if y.Float32s()[0] == y.Float32s()[2] {
		t.Error("discriminative: two samples are the same")
	}
}

// TestSampleOfBranches samples along two branches of a linear network: the variance of an
// input is that of both.
func TestSampleOfBranches(t *testing.T) {
	one := func(from string) []Edge { return []Edge{{Nodes: []string{from}}} }
	n, err := New(Config{
		Nodes: []Node{{Name: "input", Size: 2}, {Name: "left", Size: 3}, {Name: "right", Size: 4}, {Name: "target", Size: 2}},
		Predictions: []Prediction{
			{Of: "input", From: append(one("left"), one("right")...)}, {Of: "left", From: one("target"), Precision: 4}, {Of: "right", From: one("target")},
		},
		Dtype: Float64, Seed: 5,
	})
	must(t, err)
	const rows, temperature = 4000, 0.3
	targets, err := n.OneHot(make([]int, rows))
	must(t, err)
	ctx := context.Background()
	mean, _, err := n.Generate(ctx, targets, Inference{})
	must(t, err)
	x, err := n.Sample(ctx, targets, Sampling{Temperature: temperature, Seed: 1}, Inference{})
	must(t, err)
	for j := range 2 {
		want, m, v := 0.0, 0.0, 0.0
		for edge, precision := range []float64{4, 1} {
			w := n.terms[0].edges[edge][0]
			k := w.Shape()[1]
			for u := range k {
				want += dense.At(w, j*k+u) * dense.At(w, j*k+u) * temperature / precision
			}
		}
		for i := range rows {
			d := x.Float64s()[i*2+j] - mean.Float64s()[j]
			m += d / rows
			v += d * d / rows
		}
		if math.Abs(m) > 5*math.Sqrt(want/rows) || math.Abs(v/want-1) > 0.12 {
			t.Errorf("unit %d: mean off by %v and variance %v, want 0 and %v", j, m, v, want)
		}
	}
}
