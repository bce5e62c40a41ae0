package train

import (
	"context"
	"testing"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TestBidirectionalClassifiesAndGenerates: one network tells digits, and makes for each class
// an image that is nearest to that class's mean.
func TestBidirectionalClassifiesAndGenerates(t *testing.T) {
	ctx := context.Background()
	r := Recipe{
		Data:      Data{Dataset: "digits", Validation: 270, Seed: 1},
		Model:     model.Config{Network: "bidirectional width=64", Layers: []int{64, 10}, Seed: 1},
		Inference: model.Inference{Method: model.GaussSeidel, Steps: 1, Rate: 1},
		Learning:  Learning{Epochs: 20, Batch: 32, Rate: 0.003, Schedule: "cosine", Seed: 1},
	}
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	_, err = Fit(ctx, l, r.Learning, sets.Train, sets.Validation, Options{})
	must(t, err)
	score, err := Evaluate(ctx, l, sets.Validation)
	must(t, err)
	if score.Accuracy < 0.95 {
		t.Errorf("accuracy %.3f", score.Accuracy)
	}
	n := l.Network()
	classes, err := n.OneHot([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	must(t, err)
	images, _, err := n.Generate(ctx, classes, model.Inference{Method: model.GaussSeidel, Steps: 100})
	must(t, err)
	all, err := Examples(n, sets.Train)
	must(t, err)
	var counts [10]float64
	var mean [10][64]float64
	for i, class := range sets.Train.Labels() {
		counts[class]++
		for j := range 64 {
			mean[class][j] += dense.At(all.Inputs, i*64+j)
		}
	}
	right := 0
	for i := range 10 {
		best, least := -1, 0.0
		for class := range 10 {
			distance := 0.0
			for j := range 64 {
				d := dense.At(images, i*64+j) - mean[class][j]/counts[class]
				distance += d * d
			}
			if best < 0 || distance < least {
				best, least = class, distance
			}
		}
		if best == i {
			right++
		}
	}
	t.Logf("accuracy %.3f, %d of 10 images are of their class", score.Accuracy, right)
	if right < 9 {
		t.Errorf("%d of 10 images are of their class", right)
	}
}
