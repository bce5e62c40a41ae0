package model

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/dense"
)

// longForm writes a chain down as nodes and predictions: from the bottom up, each node
// predicted by the next.
func longForm(c Config) Config {
	names := []string{"input"}
	for i := 1; i < len(c.Layers)-1; i++ {
		names = append(names, fmt.Sprintf("hidden%d", i))
	}
	names = append(names, "target")
	at := func(l int) int { // from data to label
		if c.Direction == Discriminative {
			return len(names) - 1 - l
		}
		return l
	}
	long := Config{WeightDecay: c.WeightDecay, ActivityPrior: c.ActivityPrior, WeightInit: c.WeightInit, Dtype: c.Dtype, Seed: c.Seed}
	for l := range names {
		long.Nodes = append(long.Nodes, Node{Name: names[at(l)], Size: c.Layers[at(l)]})
		if l == len(names)-1 {
			break
		}
		of := c.Activation // of the node above
		if l+1 == len(names)-1 {
			of = c.TopActivation
		}
		p := Prediction{Of: names[at(l)], From: []Edge{{Nodes: []string{names[at(l+1)]}, Feature: of, Map: "dense"}}}
		if c.After { // the activation is of the prediction, and a hidden node is behind it
			if p.From[0].Feature = ""; l+1 == len(names)-1 {
				p.From[0].Feature = c.TopActivation
			}
			if l > 0 {
				p.After = c.Activation
			}
		}
		if c.Energies != nil {
			p.Energy = c.Energies[at(l)]
		}
		if c.Precisions != nil {
			p.Precision = c.Precisions[at(l)]
		}
		long.Predictions = append(long.Predictions, p)
	}
	return long
}

// TestChainIsNodesAndPredictions: the short form and the long one are the same network,
// to the bit, by each method.
func TestChainIsNodesAndPredictions(t *testing.T) {
	for i, short := range []Config{
		{Layers: []int{7, 6, 5, 4}, Activation: "tanh", Seed: 1},
		{Layers: []int{7, 6, 5, 4}, Activation: "gelu", TopActivation: "tanh", Direction: Generative, Precisions: []float64{2, 0.5, 3, 1}, WeightInit: PyTorch, Seed: 2},
		{Layers: []int{7, 6, 5, 4}, Activation: "leaky-relu", Direction: Generative, Dtype: Float64, ActivityPrior: 0.1, WeightDecay: 0.01, Energies: []NodeEnergy{Laplace, GaussianLearned, Gaussian, Gaussian}, Seed: 3},
		{Layers: []int{7, 6, 5, 4}, Activation: "sigmoid", Dtype: Float64, Energies: []NodeEnergy{Gaussian, Gaussian, Laplace, CrossEntropy}, Seed: 4},
		{Layers: []int{7, 4}, Activation: "tanh", Direction: Generative, Dtype: Float64, Energies: []NodeEnergy{Bernoulli, Gaussian}, Seed: 5},
	} {
		for _, after := range []bool{false, true} {
			short.After = after
			a, err := New(short)
			must(t, err)
			b, err := New(longForm(short))
			must(t, err)
			for k, p := range a.Parameters() {
				if !same(p, b.Parameters()[k]) {
					t.Fatalf("%d, after %v: parameter %s differs from %s", i, after, a.Named()[k].Name, b.Named()[k].Name)
				}
			}
			if a.InputNode() != b.InputNode() || a.TargetNode() != b.TargetNode() || a.Feedforward() != b.Feedforward() {
				t.Fatalf("%d: other ends", i)
			}
			// 40 examples are several shards
			inputs := converted(positiveBatch(1, 40, 7), short.Dtype)
			targets := converted(positiveBatch(2, 40, 4), short.Dtype)
			for _, method := range allMethods() {
				for name, ends := range map[string][2]bool{"both": {true, true}, "input": {true, false}, "target": {false, true}} {
					seen := func(n *Network) (numbers [][]float64) {
						c := n.Clamp(inputs, targets)
						if !ends[0] {
							delete(c, "input")
						}
						if !ends[1] {
							delete(c, "target")
						}
						r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 9, Trace: true})
						must(t, err)
						u := n.NewUpdate()
						must(t, n.Hebbian(r, u))
						for _, d := range append(append(r.Latents, r.Errors...), u.Directions()...) {
							numbers = append(numbers, floats(d))
						}
						numbers = append(numbers, r.NodeEnergy, r.ExampleEnergy, r.NodeResidual, r.EndResidual, []float64{r.Energy, r.Rate, n.MaxRate(c)})
						return append(append(numbers, r.Trace...), r.ResidualTrace...)
					}
					if diff := cmp.Diff(seen(a), seen(b)); diff != "" {
						t.Errorf("%d, after %v, %v, %s: %s", i, after, method, name, diff)
					}
				}
			}
		}
	}
}

// TestAfterIsBehindTheWeights computes the prediction of either convention by hand.
func TestAfterIsBehindTheWeights(t *testing.T) {
	for _, after := range []bool{false, true} {
		n, err := New(Config{Layers: []int{3, 4, 2}, Activation: "sigmoid", TopActivation: "tanh", After: after, Dtype: Float64, WeightInit: PyTorch, Seed: 7})
		must(t, err)
		x := randomBatch(1, Float64, 2, 3)
		got, r, err := n.Predict(context.Background(), x, Inference{})
		must(t, err)
		sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
		var hidden, target []float64
		for row := range 2 {
			h := make([]float64, 4)
			for j := range h {
				h[j] = dense.At(n.Biases(1), j)
				for k := range 3 {
					h[j] += dense.At(n.Weights(1), j*3+k) * math.Tanh(dense.At(x, row*3+k))
				}
				if after {
					h[j] = sigmoid(h[j])
				}
			}
			hidden = append(hidden, h...)
			for j := range 2 {
				y := dense.At(n.Biases(0), j)
				for k, v := range h {
					if !after {
						v = sigmoid(v)
					}
					y += dense.At(n.Weights(0), j*4+k) * v
				}
				target = append(target, y)
			}
		}
		near(t, fmt.Sprintf("after %v: hidden", after), floats(r.Latents[1]), hidden, 1e-14)
		near(t, fmt.Sprintf("after %v: target", after), floats(got), target, 1e-14)
	}
}
