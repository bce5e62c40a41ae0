package model

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/graph"
)

// residual is a chain with a skip around each hidden node but the first: hidden2 is
// predicted by hidden1 itself and by what a layer makes of it, and so on.
func residual(after bool) Config {
	edge := func(from string) Edge { return Edge{Nodes: []string{from}, Feature: "tanh"} }
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
			c.Predictions[i].From[0].Feature = ""
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
			{Of: "target", From: []Edge{{Nodes: []string{"left"}, Feature: "tanh"}, {Nodes: []string{"right below"}, Feature: "sigmoid", Scale: 0.7}}},
			{Of: "left", From: []Edge{{Nodes: []string{"input"}}}},
			{Of: "right below", From: []Edge{{Nodes: []string{"right"}, Map: "diagonal", Feature: "tanh"}}, Unbiased: true},
			{Of: "right", From: []Edge{{Nodes: []string{"input"}}}, After: "softplus"},
		},
		Dtype: Float64, Seed: 2,
	}
}

// circle is three hidden nodes that predict each other in a circle, between the ends.
func circle() Config {
	edge := func(from string) Edge { return Edge{Nodes: []string{from}, Feature: "tanh"} }
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
		return Edge{Nodes: []string{from}, Feature: "tanh", Feedback: feedback}
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

// sideBySide is a Y whose branches are side by side in front of one map.
func sideBySide() Config {
	c := branching()
	c.Predictions[0].From = []Edge{{Nodes: []string{"right below", "left"}, Feature: "tanh"}}
	return c
}

// sharing is two nodes that are predicted by one matrix, and two by one gain, with
// precisions of their own.
func sharing() Config {
	shared := func(from string) []Edge {
		return []Edge{{Nodes: []string{from}, Feature: "tanh", Share: "w"}, {Nodes: []string{from}, Map: "diagonal", Share: "gains", Scale: 0.4}}
	}
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "hidden2", Size: 5, Prior: 0.1}, {Name: "hidden1", Size: 5}, {Name: "top", Size: 5}, {Name: "input", Size: 4}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"hidden2"}, Feature: "tanh"}}},
			{Of: "hidden2", From: shared("hidden1"), Energy: GaussianLearned},
			{Of: "hidden1", From: shared("top"), After: "softplus"},
			{Of: "top", From: []Edge{{Nodes: []string{"input"}}, {Nodes: []string{"input"}, Feature: "relu"}}, Unbiased: true},
			{Of: "input", From: []Edge{{Nodes: []string{"target"}, Feedback: true}}, Weight: 0.3},
		},
		WeightDecay: 0.01, Dtype: Float64, Seed: 6,
	}
}

// images is a network of convolutions: an image is predicted by one of another, and by
// itself through the same kernels.
func images() Config {
	kernels := func(from string) Edge {
		return Edge{Nodes: []string{from}, Feature: "tanh", Map: "conv 3x2 pad same groups 2", Share: "kernels", Scale: 0.5, Feedback: from == "upper"}
	}
	return Config{
		Nodes: []Node{
			{Name: "target", Size: 3}, {Name: "hidden", Size: 5}, {Name: "upper", Shape: []int{2, 3, 2}},
			{Name: "lower", Shape: []int{2, 3, 2}}, {Name: "input", Shape: []int{2, 2, 1}},
		},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"hidden"}, Feature: "tanh"}}},
			{Of: "hidden", From: []Edge{{Nodes: []string{"upper"}, Feature: "tanh"}}},
			{Of: "upper", From: []Edge{kernels("lower"), kernels("upper")}},
			{Of: "lower", From: []Edge{{Nodes: []string{"input"}, Map: "conv-transpose 1x2"}}},
		},
		WeightDecay: 0.01, Dtype: Float64, Seed: 7,
	}
}

// refusal returns what is said where a network of another shape cannot settle by a method.
func refusal(name string, m Method) string {
	switch {
	case m == Chain:
		return "graph: chain: "
	case name == "images" && m.moves().Form == graph.BlockSteps:
		return "the map conv 3x2 pad same groups 2 has no known curvature: a method without blocks must be taken"
	}
	return ""
}

// graphs are networks that are no chain.
func graphs() map[string]Config {
	return map[string]Config{"residual": residual(false), "residual after": residual(true), "Y": branching(), "circle": circle(), "two-way": twoWay(), "side by side": sideBySide(), "sharing": sharing(), "images": images()}
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
					if want := refusal(name, method); want != "" {
						if err == nil || !strings.Contains(err.Error(), want) {
							t.Errorf("%s: got error %v, want %s", what, err, want)
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
				if r.Status == Diverged || !(r.Energy < first) || method != Lion && r.Energy > first-0.1*math.Abs(first) {
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

// TestToLoseOnGraphs holds the estimate of the energy still to lose against the closed
// form, on networks of other shapes.
func TestToLoseOnGraphs(t *testing.T) {
	for name, cfg := range graphs() {
		for i := range cfg.Predictions {
			p := &cfg.Predictions[i]
			p.After, p.Energy = "", Gaussian
			for j := range p.From {
				p.From[j].Feature = ""
			}
		}
		n, err := New(cfg)
		must(t, err)
		c := n.Clamp(randomBatch(1, Float64, estimateExamples, 4), randomBatch(2, Float64, estimateExamples, 3))
		e, err := n.Equilibrium(c)
		must(t, err)
		r, err := n.Settle(context.Background(), c, Inference{Steps: 3, Estimate: true, Start: Zeros})
		must(t, err)
		if left := r.Energy - e.Energy; left < 0 || r.ToLose < 0.45*left || r.ToLose > left*(1+1e-9) {
			t.Errorf("%s: %v to lose, want %v", name, r.ToLose, left)
		}
	}
}

// TestGraphsAreKept writes networks of other shapes into files of both kinds, with unit
// precisions and learned ones, and reads them: they are the same to the bit.
func TestGraphsAreKept(t *testing.T) {
	for name, cfg := range graphs() {
		for _, dtype := range []Dtype{Float64, Float32} {
			cfg.Dtype = dtype
			n, err := New(cfg)
			must(t, err)
			learned(t, n)
			must(t, n.SetMetadata("pcn.note", "hello"))
			for i, l := range n.wiring.Of {
				if i%2 == 0 && n.wiring.Predictions[i].Energy == graph.Gaussian {
					must(t, n.setPrecision(i, filledWith(1.5+float64(i), n.sizes[l])))
				}
			}
			dir := t.TempDir()
			for _, file := range []string{"model.safetensors", "model.npz"} {
				path := filepath.Join(dir, file)
				must(t, n.Save(path))
				m, err := Load(path, Config{})
				must(t, err)
				what := fmt.Sprintf("%s, %v, %s", name, dtype, file)
				if diff := cmp.Diff(n.Config(), m.Config()); diff != "" || m.Metadata("pcn.note") != "hello" || m.String() != n.String() {
					t.Errorf("%s: %s", what, diff)
				}
				for i, p := range n.Named() {
					if got := m.Named()[i]; got.Name != p.Name || !same(got.Value, p.Value) {
						t.Errorf("%s: %s differs from %s", what, got.Name, p.Name)
					}
				}
				m.norms = n.norms.clone(n) // how far norms have been followed is in no file
				m.version = n.version
				if diff := cmp.Diff(answers(t, n.Clone(), 1), answers(t, m, 1)); diff != "" {
					t.Errorf("%s: %s", what, diff)
				}
				again, err := n.As(dtype)
				must(t, err)
				if diff := cmp.Diff(answers(t, n.Clone(), 1), answers(t, again, 1)); diff != "" {
					t.Errorf("%s, as: %s", what, diff)
				}
			}
		}
	}
}

// TestBadGraphs: what is wrong with nodes and predictions is said where a network is
// made, and names what it is of.
func TestBadGraphs(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"layers: must be left out where there are nodes":                                                         func(c *Config) { c.Layers = []int{3, 2} },
		`input: must be one of the nodes, got "here"`:                                                            func(c *Config) { c.Input = "here" },
		`predictions[1].after: must be one of`:                                                                   func(c *Config) { c.Predictions[1].After = "tahn" },
		`predictions[1].energy: must be one of`:                                                                  func(c *Config) { c.Predictions[1].Energy = "none" },
		`predictions[1].precision: must be a number > 0`:                                                         func(c *Config) { c.Predictions[1].Precision = -1 },
		`predictions[1].precision: must be 1 where predictions[1].energy is laplace, got 2`:                      func(c *Config) { c.Predictions[1].Precision, c.Predictions[1].Energy = 2, Laplace },
		`predictions[1].precision: must be within e^±7 where it is learned`:                                      func(c *Config) { c.Predictions[1].Precision, c.Predictions[1].Energy = 5000, GaussianLearned },
		`predictions[1].from[1].map: must be one of`:                                                             func(c *Config) { c.Predictions[1].From[1].Map = "weave" },
		`predictions[1].from[0].feature: must be one of`:                                                         func(c *Config) { c.Predictions[1].From[0].Feature = "tahn" },
		`prediction of target: from: must be of the nodes hidden1, hidden2, hidden3, input, target, got "there"`: func(c *Config) { c.Predictions[0].From[0].Nodes = []string{"there"} },
		`predictions[2].of: must be one of the nodes, got "there"`:                                               func(c *Config) { c.Predictions[2].Of = "there" },
		`prediction of hidden2 from hidden1: feedback: must be set on one of the edges of a circle`:              func(c *Config) { c.Predictions[3].From[0].Nodes = []string{"hidden2"} },
		`share: must have the parameters "w" of the prediction of target from hidden3, weight 3 × 5`:             func(c *Config) { c.Predictions[0].From[0].Share, c.Predictions[1].From[0].Share = "w", "w" },
		`share: must have the parameters "w" of the prediction of hidden3 from hidden2, none, got weight`: func(c *Config) {
			c.Predictions[1].From[1].Share, c.Predictions[2].From[0].Share = "w", "w"
		},
		"must have parameters of different names, got target.hidden3.a.weight twice": func(c *Config) {
			c.Nodes = append(c.Nodes, Node{Name: "target.hidden3", Size: 2}, Node{Name: "a", Size: 1}, Node{Name: "hidden3.a", Size: 1})
			c.Predictions = append(c.Predictions, Prediction{Of: "target.hidden3", From: []Edge{{Nodes: []string{"a"}}}})
			c.Predictions[0].From = append(c.Predictions[0].From, Edge{Nodes: []string{"hidden3.a"}})
		},
		"must have parameters of different names, got hidden1.2.precision twice": func(c *Config) {
			c.Nodes = append(c.Nodes, Node{Name: "hidden1.2", Size: 5})
			again := Prediction{Of: "hidden1", From: []Edge{{Nodes: []string{"input"}}}, Unbiased: true}
			c.Predictions = append(c.Predictions, again, Prediction{Of: "hidden1.2", From: []Edge{{Nodes: []string{"hidden1"}}}, Unbiased: true})
		},
	} {
		c := residual(false)
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// TestGraphsToTheBit settles networks of other shapes on one core and on several, and with
// looks at the energy before each step and without: the bits are the same, and steps
// allocate nothing.
func TestGraphsToTheBit(t *testing.T) {
	for name, cfg := range graphs() {
		cfg.Predictions[0].Energy = Laplace
		cfg.Predictions[1].Energy = Laplace
		n, err := New(cfg)
		must(t, err)
		const rows = 70
		coin := randomNumbers(5)
		some := Clamp{Values: randomBatch(3, Float64, rows, 5), Fixed: filled(Float64.Tensor(), func() float64 { return float64(min(1, int(math.Abs(coin())))) }, rows, 5)}
		both := n.Clamp(randomBatch(1, Float64, rows, 4), randomBatch(2, Float64, rows, 3))
		part := n.Clamp(randomBatch(1, Float64, rows, 4), nil)
		part[n.Nodes()[1]] = some
		for _, method := range allMethods() {
			if refusal(name, method) != "" {
				continue
			}
			for what, c := range map[string]Clamps{"both ends": both, "a part": part} {
				seen := func(workers int, trace bool) (numbers []float64) {
					n.SetWorkers(workers)
					r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 11, Unguarded: true, Trace: trace})
					must(t, err)
					u := n.NewUpdate()
					must(t, n.Hebbian(r, u))
					for _, d := range slices.Concat(r.Latents, r.Errors, r.Deltas, slices.Concat(r.Features...), u.Directions()) {
						numbers = append(numbers, floats(d)...)
					}
					return append(numbers, r.Energy, r.Residual)
				}
				want := seen(1, false)
				near(t, fmt.Sprintf("%s, %v, %s: on 4 cores", name, method, what), seen(4, false), want, 0)
				near(t, fmt.Sprintf("%s, %v, %s: with a trace", name, method, what), seen(1, true), want, 0)
				stepsAllocateNothing(t, name+", "+what, n, c, Inference{Method: method})
			}
		}
	}
}
