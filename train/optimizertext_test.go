package train

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOptimizerText: an optimiser's String makes it again, with its settings.
func TestOptimizerText(t *testing.T) {
	for text, want := range map[string]Optimizer{
		"sgd": &SGD{}, "momentum": &SGD{Momentum: 0.9}, "sgd momentum=0.95": &SGD{Momentum: 0.95},
		"adam": &Adam{}, "adamw": &Adam{WeightDecay: 0.01}, "adamw weight_decay=0.3": &Adam{WeightDecay: 0.3},
		"adam beta1=0.8 beta2=0.99 epsilon=1e-06": &Adam{Beta1: 0.8, Beta2: 0.99, Epsilon: 1e-6},
		"adamw beta1=0.8 weight_decay=0.0001":     &Adam{Beta1: 0.8, WeightDecay: 1e-4},
	} {
		o, err := NewOptimizer(text)
		if err != nil || o.String() != text {
			t.Errorf("%q: %v, %v", text, o, err)
		}
		if diff := cmp.Diff(want, o, cmpopts.IgnoreUnexported(SGD{}, Adam{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{"adamw weight_decay=0", "adamw weight_decay=x", "adamw weight_decay", "adamw rate=1", "adam weight_decay=0.1", "sgd 0.1", "adamw weight_decay=NaN", "adam beta1=1", "adam beta2=-1", "sgd momentum=1"} {
		if _, err := NewOptimizer(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestOptimizerMapping: in a file the name and the settings may be a mapping.
func TestOptimizerMapping(t *testing.T) {
	r, err := ParseRecipe([]byte("optimizer: {name: adamw, weight_decay: 1e-4, beta1: 0.8}\nlearning:\n  rule:\n    name: nudging\n    beta: 0.3\n"))
	must(t, err)
	if r.Optimizer != "adamw weight_decay=1e-4 beta1=0.8" || r.Learning.Rule != "nudging beta=0.3" {
		t.Errorf("got %q, %q", r.Optimizer, r.Learning.Rule)
	}
	for text, want := range map[string]string{
		"optimizer: {weight_decay: 1}":        "must be a text, or a mapping of a name and its settings, got a mapping",
		"optimizer: {name: adam, beta1: [1]}": "must be a text, or a mapping of a name and its settings, got a mapping",
		"optimizer: [adam]":                   "got a list",
	} {
		if _, err := ParseRecipe([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
