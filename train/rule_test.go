package train

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// residual is a network whose nodes are predicted past others, and whose targets are from
// two of them.
func residual() model.Config {
	edge := model.Edge{Nodes: []string{"below"}, Feature: "tanh"}
	skip := model.Edge{Nodes: []string{"first"}, Map: "identity", Scale: 0.5}
	return model.Config{
		Nodes: []model.Node{{Name: "target", Size: 10}, {Name: "last", Size: 12}, {Name: "below", Size: 8}, {Name: "first", Size: 12}, {Name: "input", Size: 64}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"last"}, Feature: "tanh"}, {Nodes: []string{"first"}}}},
			{Of: "last", From: []model.Edge{edge, skip}},
			{Of: "below", From: []model.Edge{{Nodes: []string{"first"}}}, After: "tanh"},
			{Of: "first", From: []model.Edge{{Nodes: []string{"input"}}}},
		},
	}
}

// convolving is a network of images of 8 by 8 pixels, with an identity past a convolution.
func convolving() model.Config {
	return model.Config{
		Nodes: []model.Node{{Name: "target", Size: 10}, {Name: "second", Shape: []int{4, 4, 4}}, {Name: "first", Shape: []int{4, 4, 4}}, {Name: "input", Shape: []int{8, 8, 1}}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"second"}, Feature: "tanh, flatten"}}},
			{Of: "second", From: []model.Edge{{Nodes: []string{"first"}, Feature: "tanh", Map: "conv 3 pad same"}, {Nodes: []string{"first"}, Map: "identity"}}},
			{Of: "first", From: []model.Edge{{Nodes: []string{"input"}, Map: "conv 3 stride 2 pad 1"}}},
		},
	}
}

// ruled are rules, with settings of all kinds: all that are built in but hybrid, which is for
// networks of its own.
var ruled = []string{
	"pc", "ipc", "ipc joint=true", "epc", "z-il", "fpa", "fpa rate=1 steps=4", "backprop",
	"nudging", "nudging sign=batch ramp=0.1", "nudging sign=epoch soft=true", "nudging sign=centred soft=true", "nudging sign=negative",
	"mcpc variance=0.001 mix=5 samples=10",
}

// builtinRules are those that are known before a test registers one.
var builtinRules = rule.Names()

// TestRulesResume: under each rule, on a chain, a network with edges past others and one of images, a run that was
// interrupted goes on to the same bits as one that was not, and so does one on two cores
// as one on one.
func TestRulesResume(t *testing.T) {
	left := slices.Clone(builtinRules)
	for _, text := range append(slices.Clone(ruled), "hybrid") {
		name, _, _ := strings.Cut(text, " ")
		left = slices.DeleteFunc(left, func(n string) bool { return n == name })
		shapes := map[string]model.Config{"chain": {Layers: []int{64, 12, 12, 10}, Activation: "tanh"}, "residual": residual(), "convolving": convolving()}
		if name == "hybrid" { // which is for guesses
			shapes = map[string]model.Config{"guessing": {Network: "hybrid width=12", Layers: []int{64, 10}}}
		}
		for shape, cfg := range shapes {
			t.Run(text+" "+shape, func(t *testing.T) {
				r := recipe(t, "digits", model.Discriminative, "", 1)
				r.Data.Limit, r.Data.Validation = 200, 100
				r.Model, r.Inference = cfg, model.Inference{Steps: 6, Rate: 0.3}
				r.Model.Seed = 1
				if m, wanted := rule.Method(text); wanted {
					r.Inference.Method = m
				}
				r.Learning.Rule, r.Learning.Epochs, r.Learning.Batch, r.Learning.Rate = text, 2, 64, 0.01
				sameBits(t, r)
			})
		}
	}
	if len(left) > 0 {
		t.Errorf("not tried: %v", left)
	}
}

// sameBits checks that a run by a recipe that was interrupted goes on to the same bits as one
// that was not, and that one on two cores has those of one on one.
func sameBits(t *testing.T, r Recipe) {
	t.Helper()
	must(t, r.Validate())
	sets, err := r.Data.Load()
	must(t, err)
	learner := func(workers int) *PCN {
		l, err := r.PCN()
		must(t, err)
		l.Network().SetWorkers(workers)
		return l
	}
	var files [][]byte
	want := finish(t, r, learner(1), sets, Options{Event: func(e Event) error {
		var b bytes.Buffer
		must(t, e.Checkpoint().Write(&b))
		files = append(files, b.Bytes())
		return nil
	}})
	if diff := differ(want, finish(t, r, learner(2), sets, Options{})); diff != "" {
		t.Errorf("on two cores:\n%s", diff)
	}
	for _, i := range []int{1, 4, 5} { // within an epoch, behind its last batch, and behind it
		from, err := ReadCheckpoint(files[i])
		must(t, err)
		if diff := differ(want, finish(t, r, learner(2), sets, Options{From: from})); diff != "" {
			t.Fatalf("resumed at event %d of %d:\n%s", i+1, len(files), diff)
		}
	}
}

// TestRulesLearn: by each rule a network learns handwritten digits, in a few epochs of the
// default recipe with seed 1. One that moves nothing scores 0.1, and one that moves the
// targets' weights alone 0.86.
func TestRulesLearn(t *testing.T) {
	for _, text := range ruled {
		t.Run(text, func(t *testing.T) {
			r := recipe(t, "digits", model.Discriminative, "", 1)
			r.Learning.Rule, r.Learning.Epochs, r.Inference.Steps = text, 6, 2
			if m, wanted := rule.Method(text); wanted {
				r.Inference = model.Inference{Method: m, Steps: 12}
			}
			sets, err := r.Data.Load()
			must(t, err)
			l, err := r.PCN()
			must(t, err)
			o := finish(t, r, l, sets, Options{})
			t.Logf("accuracy %.4f", o.Test.Accuracy)
			if o.Test.Accuracy < 0.9 {
				t.Errorf("accuracy %v", o.Test.Accuracy)
			}
		})
	}
}
