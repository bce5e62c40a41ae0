package train

import (
	"context"
	"testing"

	"example.com/pcn/model"
)

// TestDeepNetworksLearnUnderMuPC: 64 residual hidden nodes, settled almost to rest, learn
// digits as well as backpropagation teaches the same network, and nothing at all where
// edges are not scaled.
func TestDeepNetworksLearnUnderMuPC(t *testing.T) {
	if testing.Short() {
		t.Skip("learns three deep networks")
	}
	ctx := context.Background()
	r := Recipe{
		Data:      Data{Dataset: "digits", Validation: 270, Seed: 1},
		Model:     model.Config{Network: "resnet-mlp depth=64 width=32 precision=0.02", Layers: []int{64, 10}, Seed: 1},
		Inference: model.Inference{Method: model.ErrorCoordinates, Steps: 5, Rate: 0.5},
		Learning:  Learning{Epochs: 5, Batch: 32, Rate: 0.03, Schedule: "cosine", Seed: 1},
	}
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	var reached *float64
	accuracy := func(l Learner, err error) float64 {
		if err != nil {
			t.Fatal(err)
		}
		h, err := Fit(ctx, l, r.Learning, sets.Train, sets.Validation, Options{})
		if err != nil {
			t.Fatal(err)
		}
		reached = h.Epochs[len(h.Epochs)-1].Reached
		s, err := Evaluate(ctx, l, sets.Validation)
		if err != nil {
			t.Fatal(err)
		}
		return s.Accuracy
	}
	settled, err := r.PCN()
	coded := accuracy(settled, err)
	if reached == nil || *reached < 0.98 {
		t.Errorf("far from rest: %v of the fall made", reached)
	}
	backprop, err := r.Baseline().PCN()
	taught := accuracy(backprop, err)
	r.Model.Parametrization = model.Standard
	plain, err := r.PCN()
	unscaled := accuracy(plain, err)
	t.Logf("predictive coding %.3f, backprop %.3f, without scales %.3f", coded, taught, unscaled)
	if coded < 0.95 || coded < taught-0.02 {
		t.Errorf("accuracy %.3f, of backprop %.3f", coded, taught)
	}
	if unscaled > 0.5 {
		t.Errorf("accuracy %.3f without scales", unscaled)
	}
}
