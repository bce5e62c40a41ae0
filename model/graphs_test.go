package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
)

// residual is a chain with a skip around each hidden node but the first: hidden2 is
// predicted by hidden1 itself and by what a layer makes of it, and so on.
func residual(after bool) Config {
	edge := func(from string) Edge { return Edge{Nodes: []string{from}, Activation: "tanh"} }
	c := Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "hidden3", Size: 5}, {Name: "hidden2", Size: 5}, {Name: "hidden1", Size: 5}, {Name: "input", Size: 4}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{edge("hidden3")}},
			{Of: "hidden3", From: []Edge{edge("hidden2"), {Nodes: []string{"hidden2"}, Map: "identity", Scale: 0.5}}},
			{Of: "hidden2", From: []Edge{edge("hidden1"), {Nodes: []string{"hidden1"}, Map: "identity", Scale: 0.5}}},
			{Of: "hidden1", From: []Edge{{Nodes: []string{"input"}}}},
		},
		Dtype: Float64, Seed: 1,
	}
	if after {
		for i := range c.Predictions[:3] {
			c.Predictions[i].From[0].Activation = ""
			if i > 0 {
				c.Predictions[i].After = "tanh"
			}
		}
		c.Predictions[3].After = "tanh"
	}
	return c
}

// branching is a Y: two branches leave the input, one through gains, and meet at the
// target.
func branching() Config {
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "left", Size: 5}, {Name: "right", Size: 4}, {Name: "right below", Size: 4}, {Name: "input", Size: 4}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"left"}, Activation: "tanh"}, {Nodes: []string{"right below"}, Activation: "sigmoid", Scale: 0.7}}},
			{Of: "left", From: []Edge{{Nodes: []string{"input"}}}},
			{Of: "right below", From: []Edge{{Nodes: []string{"right"}, Map: "diagonal", Activation: "tanh"}}, Unbiased: true},
			{Of: "right", From: []Edge{{Nodes: []string{"input"}}}, After: "softplus"},
		},
		Dtype: Float64, Seed: 2,
	}
}

// circle is three hidden nodes that predict each other in a circle, between the ends.
func circle() Config {
	edge := func(from string) Edge { return Edge{Nodes: []string{from}, Activation: "tanh"} }
	back := edge("a")
	back.Feedback = true
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "a", Size: 5}, {Name: "b", Size: 4}, {Name: "c", Size: 6}, {Name: "input", Size: 4}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{edge("a")}},
			{Of: "a", From: []Edge{edge("b")}},
			{Of: "b", From: []Edge{edge("c")}},
			{Of: "c", From: []Edge{back, edge("input")}},
		},
		Dtype: Float64, Seed: 3,
	}
}

// twoWay is a chain whose nodes are predicted from both sides.
func twoWay() Config {
	edge := func(from string, feedback bool) Edge {
		return Edge{Nodes: []string{from}, Activation: "tanh", Feedback: feedback}
	}
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "hidden", Size: 5}, {Name: "input", Size: 4}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{edge("hidden", false)}},
			{Of: "hidden", From: []Edge{edge("input", false)}},
			{Of: "hidden", From: []Edge{edge("target", true)}, Weight: 0.3},
			{Of: "input", From: []Edge{edge("hidden", true)}, Weight: 0.3},
		},
		Dtype: Float64, Seed: 4,
	}
}

// graphs are networks that are no chain.
func graphs() map[string]Config {
	return map[string]Config{"residual": residual(false), "residual after": residual(true), "Y": branching(), "circle": circle(), "two-way": twoWay()}
}

// TestMethodsOnGraphs: each method lowers the energy of networks of other shapes, to
// where the others come too; chain says why it is for none of them.
func TestMethodsOnGraphs(t *testing.T) {
	for name, cfg := range graphs() {
		for _, energy := range []NodeEnergy{Gaussian, Laplace, GaussianLearned} {
			for i := range cfg.Predictions {
				cfg.Predictions[i].Energy = energy
			}
			n, err := New(cfg)
			must(t, err)
			c := n.Clamp(randomBatch(1, Float64, 4, 4), randomBatch(2, Float64, 4, 3))
			lowest := map[Method]float64{}
			for _, method := range allMethods() {
				what := fmt.Sprintf("%s, %v, %v", name, energy, method)
				settle := func(steps int) *Result {
					r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: steps, Trace: steps == 1, Tolerance: 1e-6})
					if method == Chain {
						if err == nil || !strings.Contains(err.Error(), "graph: chain: ") {
							t.Errorf("%s: got error %v, want why it is no chain", what, err)
						}
						return nil
					}
					must(t, err)
					return r
				}
				r := settle(1)
				if r == nil {
					continue
				}
				first := sum(r.Trace[0])
				if method != Adam && method != Lion && !(r.Energy < first) { // one step goes down
					t.Errorf("%s: energy %v after a step, %v before", what, r.Energy, first)
				}
				r = settle(20)
				if r.Status == Diverged || !(r.Energy < first-0.1*math.Abs(first)) {
					t.Errorf("%s: %v", what, r)
				}
				r = settle(2000)
				if method != Adam && method != Lion {
					lowest[method] = r.Energy
				}
				if math.Abs(r.Energy-lowest[ErrorCoordinates]) > 1e-5*(1+math.Abs(r.Energy)) && method != Adam && method != Lion {
					t.Errorf("%s: %v, by others %v", what, r.Energy, lowest)
				}
			}
		}
	}
}
