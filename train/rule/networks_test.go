package rule_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/rule"
)

// networks are of 16 inputs and 3 targets, each of a kind that some rule may not allow.
func networks() map[string]model.Config {
	layers := []int{16, 3}
	hidden := func(e model.NodeEnergy, inputs ...string) model.Config {
		c := model.Config{Nodes: []model.Node{{Name: "target", Size: 3}, {Name: "hidden", Size: 6}}}
		c.Predictions = []model.Prediction{{Of: "target", From: []model.Edge{{Nodes: []string{"hidden"}, Feature: "tanh"}}}, {Of: "hidden", Energy: e}}
		for i, name := range inputs {
			c.Nodes = append(c.Nodes, model.Node{Name: name, Size: []int{16, 4}[i]})
			c.Predictions[1].From = append(c.Predictions[1].From, model.Edge{Nodes: []string{name}})
		}
		return c
	}
	return map[string]model.Config{
		"chain":              {Layers: []int{16, 6, 5, 3}, Activation: "tanh"},
		"no hidden node":     {Layers: layers},
		"generative":         {Layers: []int{16, 6, 5, 3}, Direction: model.Generative, Activation: "tanh"},
		"circle":             {Network: "bidirectional width=6", Layers: layers},
		"memory":             {Network: "memory", Layers: layers},
		"convolution":        {Network: "conv 2 3x3 pad same, tanh; dense", Layers: layers},
		"cross-entropy":      {Layers: []int{16, 6, 3}, Energies: []model.NodeEnergy{"", "", model.CrossEntropy}},
		"learned precisions": {Layers: []int{16, 6, 3}, Energies: []model.NodeEnergy{"", model.GaussianLearned, model.GaussianLearned}},
		"categorical hidden": hidden(model.CrossEntropy, "input"),
		"two inputs":         hidden("", "input", "context"),
		"guesses":            {Network: "hybrid width=6", Layers: layers},
		"delay":              {Network: "temporal width=6", Layers: layers},
	}
}

// refused has why rules do not learn on networks: of a network, by rules, or all.
var refused = map[string]map[string]string{
	"chain":              {"hybrid": "predictions that are guesses"},
	"no hidden node":     {"hybrid": "predictions that are guesses"},
	"generative":         circles,
	"circle":             circles,
	"memory":             circles,
	"convolution":        {"hybrid": "predictions that are guesses"},
	"cross-entropy":      {"hybrid": "predictions that are guesses", "nudging sign=centred": "energy of target: must be one that takes all values", "nudging soft=true": "must have one prediction, of the energy gaussian"},
	"learned precisions": {"hybrid": "predictions that are guesses", "backprop": precisions, "fpa": precisions, "z-il": precisions, "nudging": precisions, "nudging soft=true": precisions, "nudging sign=centred": precisions},
	"categorical hidden": {"": "model.predictions[1].energy: must be one that settles"},
	"two inputs":         circles,
	"guesses":            {"backprop": feedforward, "fpa": feedforward, "z-il": feedforward, "nudging": feedforward, "nudging soft=true": feedforward, "nudging sign=centred": feedforward},
	"delay":              {"hybrid": "predictions that are guesses"},
}

const (
	feedforward = "the network is not feedforward: its targets must follow from its inputs"
	precisions  = "must not be learned where errors are 0"
)

var circles = map[string]string{
	"hybrid": "predictions that are guesses", "backprop": feedforward, "fpa": feedforward, "z-il": feedforward,
	"nudging": feedforward, "nudging soft=true": feedforward, "nudging sign=centred": feedforward,
}

// TestRulesOnNetworks: each rule learns on each network, to a finite energy and other weights,
// or is refused with the reason before it has begun.
func TestRulesOnNetworks(t *testing.T) {
	for shape, cfg := range networks() {
		for _, text := range append(slices.Clone(builtin), "nudging soft=true", "nudging sign=centred", "ipc joint=true", "mcpc by gauss-seidel") {
			of, method, by := strings.Cut(text, " by ")
			r := train.Recipe{Data: train.Data{Dataset: "digits"}, Model: cfg, Inference: model.Inference{Method: cfg.Allowed(model.Gradient), Steps: 3, Rate: 0.01}, Learning: train.Learning{Rule: of, Rate: 0.01}}
			r.Model.Seed = 1
			if m, wanted := rule.Method(of); by {
				r.Inference.Method = model.Method(method)
			} else if wanted {
				r.Inference.Method = m
			}
			want := cmp.Or(refused[shape][text], refused[shape][""])
			switch err := r.Validate(); {
			case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%s, %s: got error %v, want %q", shape, text, err, want)
				continue
			case err != nil:
				continue
			}
			l, err := r.PCN()
			if err != nil {
				t.Errorf("%s, %s: %v", shape, text, err)
				continue
			}
			n := l.Network()
			learns(t, shape+", "+text, n, func(batch train.Batch) (float64, error) {
				step, err := l.Learn(context.Background(), batch, 0.01)
				return step.Energy, err
			})
		}
	}
}

// learns checks that a batch, of sequences of two steps where n remembers, is learned from.
func learns(t *testing.T, name string, n *model.Network, learn func(train.Batch) (energy float64, err error)) {
	t.Helper()
	steps := 1
	if n.Config().Remembers() {
		steps = 2
	}
	rng := rand.New(rand.NewPCG(1, 1))
	batch := train.Batch{Inputs: draw(rng, 8, steps*16), Targets: tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(8, steps*3))}
	for i := range 8 * steps {
		batch.Targets.Float32s()[3*i+i%3] = 1
	}
	before := n.Clone().Parameters()
	for i, x := range before {
		before[i] = x.Clone().(*tensor.Dense)
	}
	energy, err := learn(batch)
	if err != nil || math.IsNaN(energy) || math.IsInf(energy, 0) {
		t.Errorf("%s: energy %v, error %v", name, energy, err)
		return
	}
	moved := false
	for i, x := range n.Parameters() {
		moved = moved || !slices.Equal(x.Float32s(), before[i].Float32s())
	}
	if !moved {
		t.Errorf("%s: no weight has moved", name)
	}
}

// TestRulesWhereHiddenIsFixed: a lesson may fix hidden nodes, too, one or all, which are then
// further targets, and each rule learns from what is left.
func TestRulesWhereHiddenIsFixed(t *testing.T) {
	for _, fixed := range [][]string{{"hidden1"}, {"hidden1", "hidden2"}} {
		for _, text := range append(slices.Clone(builtin), "nudging soft=true", "ipc joint=true") {
			if text == "hybrid" { // which no chain allows
				continue
			}
			by, err := rule.New(text)
			if err != nil {
				t.Fatal(err)
			}
			n, err := model.New(networks()["chain"])
			if err != nil {
				t.Fatal(err)
			}
			inf := model.Inference{Steps: 3, Rate: 0.01}
			inf.Method, _ = rule.Method(text)
			if inf, err = by.Prepare(n.Config(), inf); err != nil {
				t.Fatal(err)
			}
			learns(t, fmt.Sprintf("%s, with %v fixed", text, fixed), n, func(b train.Batch) (float64, error) {
				l := &rule.Lesson{Network: n, Inference: inf, Inputs: b.Inputs, Targets: b.Targets, Clamps: n.Clamp(b.Inputs, b.Targets)}
				for i, name := range fixed {
					l.Clamps[name] = model.Clamp{Values: draw(rand.New(rand.NewPCG(2, 1)), 8, 6-i)}
				}
				l.Move = func(u *model.Update) error {
					for i, d := range u.Directions() {
						dense.AddScaled(n.Parameters()[i], 0.01, d)
					}
					n.Changed()
					return nil
				}
				r, err := by.Learn(context.Background(), l)
				if err != nil {
					return 0, err
				}
				return r.Energy, nil
			})
		}
	}
}

func draw(rng *rand.Rand, rows, size int) *tensor.Dense {
	return dense.Fill(tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, size)), func(int) float64 { return rng.NormFloat64() })
}

var builtin = rule.Names()
