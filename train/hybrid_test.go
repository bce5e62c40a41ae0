package train

import (
	"context"
	"testing"

	"example.com/pcn/model"
)

// TestHybridLearns: a generative network with guesses learns handwritten digits by its recipe, told by its
// guesses alone, and told by where it rests.
func TestHybridLearns(t *testing.T) {
	r, tuned := recipe(t, "digits", model.Generative, "", 1).ForNetwork("hybrid width=64")
	if !tuned {
		t.Fatal("no recipe")
	}
	r.SetSeed(1)
	r.Model.Network = "hybrid width=64"
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
	_, rest, err := n.Predict(context.Background(), test.Inputs, r.Inference)
	must(t, err)
	t.Logf("accuracy %.4f by guesses, %.4f settled in %.0f steps", at, o.Test.Accuracy, rest.MeanSteps)
	if at < 0.85 || o.Test.Accuracy < 0.9 {
		t.Errorf("accuracy %.4f by guesses, %.4f settled", at, o.Test.Accuracy)
	}
}
