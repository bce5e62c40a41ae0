package train

import (
	"context"
	"testing"

	"example.com/pcn/model"
)

// TestHybridLearns: a generative network with guesses learns handwritten digits, told by its
// guesses alone, and told by where it rests.
func TestHybridLearns(t *testing.T) {
	r := recipe(t, "digits", model.Generative, "", 1)
	r.Model = model.Config{Network: "hybrid width=64", Layers: []int{64, 10}, Seed: 1}
	r.Inference = model.Inference{Steps: 30, Rate: 0.1}
	r.Learning.Rule, r.Learning.Epochs, r.Learning.Rate = "hybrid", 25, 0.003
	must(t, r.Validate())
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	o := finish(t, r, l, sets, Options{})
	n := l.Network()
	test, err := Examples(n, sets.Test)
	must(t, err)
	s, err := n.Begin(n.Clamp(test.Inputs, nil), model.Inference{})
	must(t, err)
	guessed, err := s.Latent("target")
	must(t, err)
	at := Accuracy(model.Argmax(guessed), sets.Test.Labels())
	_, rest, err := n.Predict(context.Background(), test.Inputs, model.Inference{Steps: 30, Rate: 0.1})
	must(t, err)
	t.Logf("accuracy %.4f by guesses, %.4f settled in %.0f steps", at, o.Test.Accuracy, rest.MeanSteps)
	if at < 0.85 || o.Test.Accuracy < 0.9 {
		t.Errorf("accuracy %.4f by guesses, %.4f settled", at, o.Test.Accuracy)
	}
}
