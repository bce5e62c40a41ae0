package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/gemm"
)

// direction returns all that Hebbian makes of r.
func direction(t *testing.T, n *Network, r *Result) (all []float64) {
	t.Helper()
	u := n.NewUpdate()
	must(t, n.Hebbian(r, u))
	for _, d := range u.Directions() {
		all = append(all, floats(d)...)
	}
	return all
}

// TestFixed: errors that move by 1 under fixed predictions, all at once as often as there
// are levels or level by level, are backpropagation's; at another rate they come to be; and
// sooner than they can be there, they are 0.
func TestFixed(t *testing.T) {
	ctx := context.Background()
	for name, cfg := range feedforwards() {
		for _, energy := range []NodeEnergy{Gaussian, CrossEntropy, Bernoulli} {
			if len(cfg.Layers) > 0 {
				cfg.Energies = make([]NodeEnergy, len(cfg.Layers))
				cfg.Energies[len(cfg.Layers)-1] = energy
			} else {
				cfg.Predictions = slices.Clone(cfg.Predictions)
				cfg.Predictions[0].Energy = energy
			}
			cfg.WeightDecay = 0.01
			n, err := New(cfg)
			must(t, err)
			for i, p := range n.Parameters() {
				dense.AddScaled(p, 0.3, filled(p.Dtype(), randomNumbers(uint64(i)), p.Shape()...))
			}
			n.Changed()
			if l := n.TargetNode() + 1; l < len(n.sizes) && n.Predicted(l) {
				must(t, n.SetPrecision(l, filledWith(7, n.Size(l)))) // whose errors are 0
			}
			inputs, targets := randomBatch(1, Float64, 40, 4), positiveBatch(2, 40, 3)
			want, err := n.Backprop(ctx, n.Clamp(inputs, targets))
			must(t, err)
			gradient := direction(t, n, want)
			for course, take := range map[string]func(f *Fixed) error{
				"at once": func(f *Fixed) (err error) {
					for range f.Levels() {
						err = errors.Join(err, f.Step(ctx, 1))
					}
					return err
				},
				"by level": func(f *Fixed) error { return f.StepLevels(ctx, 1) },
				"at rate 0.5": func(f *Fixed) (err error) {
					for range 80 {
						err = errors.Join(err, f.Step(ctx, 0.5))
					}
					return err
				},
			} {
				what := fmt.Sprintf("%s, %v, %s", name, energy, course)
				f, err := n.Fix(n.Clamp(inputs, targets))
				must(t, err)
				must(t, take(f))
				r := f.Result()
				near(t, what, direction(t, n, r), gradient, 1e-10)
				near(t, what+": loss", []float64{r.Energy}, []float64{want.Energy}, 1e-12)
				if course == "at rate 0.5" && f.Levels() > 0 && !(r.Residual < 1e-12 && r.Steps == 80) {
					t.Errorf("%s: residual %v after %d steps", what, r.Residual, r.Steps)
				}
			}
		}
	}
}

// TestFixedSpreads: a step takes an error one prediction further.
func TestFixedSpreads(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 6, 5, 3}, Activation: "tanh", Dtype: Float64, Seed: 1})
	must(t, err)
	f, err := n.Fix(n.Clamp(randomBatch(1, Float64, 5, 4), randomBatch(2, Float64, 5, 3)))
	must(t, err)
	if f.Levels() != 2 {
		t.Errorf("got %d levels, want 2 hidden nodes", f.Levels())
	}
	for steps := range 3 {
		for i, d := range f.Result().Deltas { // of the bottom, the targets, first
			if zero := halfSquares(d) == 0; zero != (i > steps) {
				t.Errorf("after %d steps: δ of prediction %d is 0: %v", steps, i, zero)
			}
		}
		must(t, f.Step(context.Background(), 1))
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := f.Step(ctx, 1); !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
	if e := f.Result().Energy; math.IsNaN(e) {
		t.Errorf("energy %v", e)
	}
}

// TestPassesMultiplyOnce: a batch of backpropagation, or of errors that move level by level,
// takes each weight matrix once forwards and all but the first once back, for each example.
func TestPassesMultiplyOnce(t *testing.T) {
	ctx := context.Background()
	layers := []int{7, 6, 5, 4, 3}
	const rows = 9
	want := 0
	for i := 1; i < len(layers); i++ {
		want += rows * layers[i-1] * layers[i]
		if i > 1 {
			want += rows * layers[i-1] * layers[i]
		}
	}
	n, err := New(Config{Layers: layers, Activation: "gelu", Dtype: Float64, Seed: 1})
	must(t, err)
	c := n.Clamp(randomBatch(1, Float64, rows, 7), randomBatch(2, Float64, rows, 3))
	for name, pass := range map[string]func() error{
		"backprop": func() error { _, err := n.Backprop(ctx, c); return err },
		"fixed, by level": func() error {
			f, err := n.Fix(c)
			if err != nil {
				return err
			}
			err = f.StepLevels(ctx, 1)
			f.Result()
			return err
		},
	} {
		var multiplied atomic.Int64
		gemm.Watch(func(rows, cols, depth int) { multiplied.Add(int64(rows * cols * depth)) })
		err := pass()
		gemm.Watch(nil)
		must(t, err)
		if got := int(multiplied.Load()); got != want {
			t.Errorf("%s: %d multiply-adds, want %d", name, got, want)
		}
	}
}
