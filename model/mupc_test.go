package model

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// residualMLP is a residual network of so many hidden nodes of a width.
func residualMLP(depth, width int) Config {
	c := Config{Nodes: []Node{{Name: "input", Size: 20}, {Name: "target", Size: 10}}, Parametrization: MuPC, Dtype: Float64, Seed: 1}
	before := "input"
	for l := range depth {
		name := fmt.Sprintf("hidden%d", l+1)
		c.Nodes = append(c.Nodes, Node{Name: name, Size: width})
		p := Prediction{Of: name, From: []Edge{{Nodes: []string{before}}}, Unbiased: true}
		if l > 0 {
			p.From = []Edge{{Nodes: []string{before}, Map: "identity"}, {Nodes: []string{before}, Feature: "tanh"}}
		}
		c.Predictions = append(c.Predictions, p)
		before = name
	}
	c.Predictions = append(c.Predictions, Prediction{Of: "target", From: []Edge{{Nodes: []string{before}, Feature: "tanh"}}, Unbiased: true})
	return c
}

func root(x float64) float64 { return math.Sqrt(x) }

// scales returns those of a network's edges, by the names of their nodes.
func scales(t *testing.T, c Config) map[string]float64 {
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]float64{}
	for _, p := range n.Spec().Predictions {
		for _, e := range p.Edges {
			of[fmt.Sprint(strings.Join(e.From, "+"), " ", e.Map, " ", p.Of)] = e.Scale
		}
	}
	return of
}

func TestMuPCScalesEdgesByFanAndDepth(t *testing.T) {

	gained := residualMLP(3, 64)
	gained.Predictions[1].From[1].Scale = 2
	merged := Config{ // two branches of weights meet at the end, and one has a gain
		Nodes: []Node{{Name: "input", Size: 20}, {Name: "left", Size: 8}, {Name: "right", Size: 8}, {Name: "sum", Size: 6}, {Name: "target", Size: 6}},
		Predictions: []Prediction{
			{Of: "left", From: []Edge{{Nodes: []string{"input"}}}},
			{Of: "right", From: []Edge{{Nodes: []string{"left"}, Map: "diagonal"}}},
			{Of: "sum", From: []Edge{{Nodes: []string{"left"}}, {Nodes: []string{"input", "right"}}}},
			{Of: "target", From: []Edge{{Nodes: []string{"sum"}, Map: "identity"}, {Nodes: []string{"sum"}, Feature: "tanh"}}},
		},
		Parametrization: MuPC,
	}
	for name, c := range map[string]struct {
		cfg  Config
		want map[string]float64
	}{
		"chain": {
			Config{Layers: []int{20, 64, 32, 10}, Parametrization: MuPC},
			map[string]float64{"input dense hidden1": 1 / root(20), "hidden1 dense hidden2": 1 / root(64), "hidden2 dense target": 1. / 32},
		},
		"generative chain": {
			Config{Layers: []int{20, 64, 10}, Direction: Generative, Parametrization: MuPC},
			map[string]float64{"target dense hidden1": 1 / root(10), "hidden1 dense input": 1. / 64},
		},
		"residual": {gained, map[string]float64{ // of 4 layers
			"input dense hidden1": 1 / root(20), "hidden1 identity hidden2": 1, "hidden1 dense hidden2": 2 / root(64*4),
			"hidden2 identity hidden3": 1, "hidden2 dense hidden3": 1 / root(64*4), "hidden3 dense target": 1. / 64,
		}},
		"branches": {merged, map[string]float64{
			"input dense left": 1 / root(20), "left diagonal right": 1, "left dense sum": 1 / root(8*2), "input+right dense sum": 1 / root(28*2),
			"sum identity target": 1, "sum dense target": 1. / 6,
		}},
	} {
		got := scales(t, c.cfg)
		for edge, want := range c.want {
			if a, ok := got[edge]; !ok || math.Abs(a-want) > 1e-12 {
				t.Errorf("%s: the scale of %s is %v, want %v", name, edge, a, want)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: edges %v", name, got)
		}
	}
}

func TestMuPCKeepsTheVarianceOfActivationsInDepth(t *testing.T) {
	variance := func(depth int) float64 {
		n, err := New(residualMLP(depth, 64))
		if err != nil {
			t.Fatal(err)
		}
		_, r, err := n.Predict(context.Background(), randomBatch(1, Float64, 200, 20), Inference{})
		if err != nil {
			t.Fatal(err)
		}
		last, err := n.Node(fmt.Sprintf("hidden%d", depth))
		if err != nil {
			t.Fatal(err)
		}
		return stat.Variance(r.Latents[last].Float64s(), nil)
	}
	shallow, deep := variance(8), variance(128)
	t.Logf("variance at depth 8 %.3f, at depth 128 %.3f", shallow, deep)
	if ratio := deep / shallow; !(ratio > 0.5 && ratio < 2) {
		t.Errorf("variance %.3g at depth 8 and %.3g at depth 128", shallow, deep)
	}
}

func TestMuPCIsSavedAndLoaded(t *testing.T) {
	c := residualMLP(4, 16)
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := Load(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Config().Parametrization != MuPC {
		t.Errorf("loaded as %v", m.Config().Parametrization)
	}
	x := randomBatch(1, Float64, 5, 20)
	want, _, err := n.Predict(context.Background(), x, Inference{})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := m.Predict(context.Background(), x, Inference{})
	if err != nil {
		t.Fatal(err)
	}
	for i, y := range want.Float64s() {
		if got.Float64s()[i] != y {
			t.Fatalf("output %d is %v, and was %v", i, got.Float64s()[i], y)
		}
	}
}

func TestMuPCIsRefused(t *testing.T) {
	circle := residualMLP(3, 8)
	circle.Predictions[0].From = append(circle.Predictions[0].From, Edge{Nodes: []string{"hidden3"}, Feedback: true})
	for name, c := range map[string]struct {
		cfg  Config
		wish string
	}{
		"circle": {circle, "parametrization: must be standard where nodes predict each other in a circle"},
		"init":   {Config{Layers: []int{3, 2}, Parametrization: MuPC, WeightInit: PyTorch}, "weight_init: must be normal where the parametrization is mupc, got pytorch"},
		"name":   {Config{Layers: []int{3, 2}, Parametrization: "ntk"}, `parametrization: must be one of standard, mupc, got "ntk"`},
	} {
		err := c.cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), c.wish) {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := New(c.cfg); again == nil {
			t.Errorf("%s: made", name)
		}
	}
}
