package train

import (
	"context"
	"testing"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TestMemoryRecalls: from the upper half of each of 50 images of MNIST that it has seen, with
// no label fixed, the network memory recalls the lower one, and so does the generator
// hierarchical-memory.
func TestMemoryRecalls(t *testing.T) {
	if testing.Short() {
		t.Skip("settles 50 images of 784 units")
	}
	for _, c := range []struct {
		network string
		inf     model.Inference
		epochs  int
	}{
		{"memory", model.Inference{Method: model.Gradient, Steps: 1}, 300},
		{"hierarchical-memory width=256 top=128", model.Inference{Method: model.GaussSeidel, Steps: 5}, 100},
	} {
		t.Run(c.network, func(t *testing.T) {
			r := Recipe{
				Data:      Data{Dataset: "mnist", Limit: 50, Seed: 1, Dir: mnist(t)},
				Model:     model.Config{Network: c.network, Layers: []int{784, 10}, Seed: 1},
				Inference: c.inf,
				Learning:  Learning{Epochs: c.epochs, Batch: 50, Rate: 0.001, Seed: 1},
			}
			ctx := context.Background()
			sets, err := r.Data.Load()
			must(t, err)
			l, err := r.PCN()
			must(t, err)
			_, err = Fit(ctx, l, r.Learning, sets.Train, nil, Options{})
			must(t, err)
			n := l.Network()
			seen, err := Examples(n, sets.Train)
			must(t, err)
			hidden := func(_, pixel int) bool { return pixel >= 392 }
			done, err := n.Complete(ctx, model.Hide(seen.Inputs, hidden), model.Recall{}, model.Inference{Method: model.Nesterov, Steps: 300, Rate: 1})
			must(t, err)
			nearest, err := Nearest(ctx, model.Clamp{Values: done.Inputs}, seen.Inputs)
			must(t, err)
			recalled, worst := 0, 0.0
			for i, at := range nearest {
				mse := 0.0
				for j := 392; j < 784; j++ {
					d := dense.At(done.Inputs, i*784+j) - dense.At(seen.Inputs, i*784+j)
					mse += d * d / 392
				}
				if worst = max(worst, mse); at == i && mse <= 0.01 {
					recalled++
				}
			}
			t.Logf("%d of %d, the worst with a mean squared error of %.3g", recalled, len(nearest), worst)
			if recalled < 48 {
				t.Errorf("%d of %d images are recalled", recalled, len(nearest))
			}
		})
	}
}
