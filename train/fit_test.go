package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TestSameSeedSameBits trains twice, on one core and on several.
func TestSameSeedSameBits(t *testing.T) {
	run := func(workers int) [][]float32 {
		r := recipe(t, "digits", model.Discriminative, "", 3)
		r.Learning.Epochs = 1
		l, err := r.PCN()
		must(t, err)
		l.Network().SetWorkers(workers)
		fit(t, r, l)
		var all [][]float32
		for _, p := range l.Network().Parameters() {
			all = append(all, p.Float32s())
		}
		return all
	}
	if diff := cmp.Diff(run(1), run(4)); diff != "" {
		t.Errorf("weights differ between 1 worker and 4:\n%s", diff)
	}
}

func TestFitStops(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	batches := 0
	h, err := Fit(ctx, l, r.Learning, sets.Train, sets.Validation, Options{Event: func(e Event) error {
		if batches++; e.Epoch == 2 && e.Batch == 3 {
			cancel(cause)
		}
		return nil
	}})
	if !errors.Is(err, cause) || len(h.Epochs) != 1 {
		t.Errorf("got %v after %d epochs, want %v after 1", err, len(h.Epochs), cause)
	}

	// An unguarded rate far too high: the energy overflows, and the weights are
	// not touched by it.
	r.Inference.Unguarded, r.Inference.Rate, r.Inference.Steps = true, 50, 200
	r.Model.Activation = "identity"
	if l, err = r.PCN(); err != nil {
		t.Fatal(err)
	}
	h, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
	must(t, err)
	if h.Status != model.Diverged || len(h.Epochs) != 1 {
		t.Errorf("status %v after %d epochs, want %v after 1", h.Status, len(h.Epochs), model.Diverged)
	}
	for i, p := range l.Network().Parameters() {
		for _, w := range p.Float32s() {
			if w-w != 0 {
				t.Fatalf("parameter %d holds %v", i, w)
			}
		}
	}
}

func BenchmarkTrainBatch(b *testing.B) {
	mnist, deep := []int{784, 256, 256, 10}, []int{784, 128, 128, 128, 10}
	steps := func(n int) model.Inference { return model.Inference{Steps: n} }
	for _, c := range []struct {
		name      string
		model     model.Config
		rows      int
		inference model.Inference
	}{
		{"sizes=784-256-256-10/direction=generative/batch=64/steps=50", model.Config{Layers: mnist, Direction: model.Generative}, 64, steps(50)},
		{"sizes=784-256-256-10/direction=generative/batch=256/steps=50", model.Config{Layers: mnist, Direction: model.Generative}, 256, steps(50)},
		{"sizes=784-128-128-128-10/direction=discriminative/batch=128/steps=20", model.Config{Layers: deep}, 128, steps(20)},
		{"sizes=784-128-128-128-10/direction=discriminative/batch=128/method=gauss-seidel", model.Config{Layers: deep}, 128, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=784-512-256-128-10/direction=discriminative/batch=100/method=gauss-seidel", model.Config{Layers: []int{784, 512, 256, 128, 10}}, 100, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=784-512-512-10/direction=discriminative/batch=250/method=gauss-seidel", model.Config{Layers: []int{784, 512, 512, 10}}, 250, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=1-32-32-1/direction=discriminative/batch=32/steps=20", model.Config{Layers: []int{1, 32, 32, 1}}, 32, steps(20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := Recipe{Model: c.model, Inference: c.inference}.PCN()
			must(b, err)
			room := func(size int) *tensor.Dense {
				x := make([]float32, c.rows*size)
				for i := range x {
					x[i] = rand.Float32()
				}
				return tensor.New(tensor.WithShape(c.rows, size), tensor.WithBacking(x))
			}
			x, y := room(c.model.Layers[0]), room(c.model.Layers[len(c.model.Layers)-1])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Learn(context.Background(), Batch{Inputs: x, Targets: y}, 1e-4); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWarmStart begins each visit of an example where the last one ended: settled
// on, latents come nearer to rest than they do anew, however the examples are
// shuffled.
func TestWarmStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const examples = 70
	x, y := normal(rng, examples, 12), normal(rng, examples, 5)
	residual := func(start model.Start) float64 {
		n, err := model.New(model.Config{Layers: []int{12, 9, 7, 5}, Direction: model.Generative, Dtype: model.Float64, Seed: 1})
		must(t, err)
		l, err := NewPCN(n, nil, model.Inference{Steps: 3, Start: start}, &SGD{})
		must(t, err)
		total := 0.0
		for range 20 {
			total = 0
			order := rng.Perm(examples)
			for lo := 0; lo < examples; lo += 40 {
				rows := order[lo:min(lo+40, examples)]
				b := Batch{Inputs: tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 12)), Targets: tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 5)), Examples: rows}
				for i, r := range rows {
					dense.CopyRow(b.Inputs, i, x, r)
					dense.CopyRow(b.Targets, i, y, r)
				}
				step, err := l.Learn(context.Background(), b, 1e-12) // the weights stay
				must(t, err)
				total += step.Energy * float64(len(rows))
			}
		}
		return total
	}
	if anew, warm := residual(model.TopDown), residual(model.Warm); warm > 0.9*anew {
		t.Errorf("settled energy %v from warm starts, %v anew: want it well below", warm, anew)
	}
}

// TestMeansOfEpoch: what is the same in all batches of an epoch is so in its record,
// to the bit, whatever the sizes of the batches.
func TestMeansOfEpoch(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	r.Model.Layers, r.Learning.Epochs, r.Learning.Batch = []int{64, 8, 10}, 1, 48
	for _, limit := range []int{500, 777, 1257} {
		r.Data.Limit = limit
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		energy, count := 0.0, 0
		h, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{Event: func(e Event) error {
			if e.Done == nil {
				n := min(48, limit-count)
				count += n
				energy += float64(n) * e.Step.Energy
			}
			return nil
		}})
		must(t, err)
		e := h.Epochs[0]
		if e.Steps != 1 || e.Residual != 1 {
			t.Errorf("%d examples: %v steps and residual %v, want 1 and 1", limit, e.Steps, e.Residual)
		}
		if want := energy / float64(limit); math.Abs(e.Energy-want) > 1e-12 {
			t.Errorf("%d examples: energy %v, want %v", limit, e.Energy, want)
		}
		if e.Reached == nil || len(e.EndResidual) != 3 || !(e.EndResidual[1] > 0) || e.EndResidual[0]+e.EndResidual[2] != 0 {
			t.Errorf("%d examples: %v of the fall made, and %v of the gradient left", limit, e.Reached, e.EndResidual)
		}
	}
}
