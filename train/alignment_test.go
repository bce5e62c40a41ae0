package train

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// TestTargetAlignment: of one example, a linear layer goes straight to the target whatever
// the rule; a deep network at rest goes straighter than by backpropagation, which is what
// prospective configuration says; and in a run it is told for the batches that are looked at.
func TestTargetAlignment(t *testing.T) {
	ctx := context.Background()
	one := func(values ...float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(1, len(values)), tensor.WithBacking(values))
	}
	align := func(cfg model.Config, back bool) float64 {
		n, err := model.New(cfg)
		must(t, err)
		b := Batch{Inputs: one(0.5, -1, 2, 0.3), Targets: one(1, -0.5, 0.25)}
		c := n.Clamp(b.Inputs, b.Targets)
		r, err := n.Settle(ctx, c, model.Inference{Method: model.GaussSeidel, Steps: 200})
		if back {
			r, err = n.Backprop(ctx, c)
		}
		must(t, err)
		x, err := TargetAlignment(ctx, n, r, b, model.Inference{}, 1e-4)
		must(t, err)
		return x
	}
	for _, back := range []bool{false, true} {
		if x := align(model.Config{Layers: []int{4, 3}, Dtype: model.Float64, Seed: 1}, back); !(math.Abs(x-1) <= 1e-8) {
			t.Errorf("one layer: %v, want 1", x)
		}
	}
	pc, back := 0.0, 0.0
	for seed := range uint64(10) {
		cfg := model.Config{Layers: []int{4, 8, 8, 8, 8, 3}, Activation: "identity", Dtype: model.Float64, Seed: seed}
		pc, back = pc+align(cfg, false)/10, back+align(cfg, true)/10
	}
	t.Logf("deep: %.4f at rest, %.4f by backpropagation", pc, back)
	if !(pc > back+0.05 && pc <= 1) {
		t.Errorf("deep: %.4f at rest, %.4f by backpropagation", pc, back)
	}
	r := recipe(t, "digits", model.Discriminative, "", 1)
	r.Data.Limit, r.Learning.Epochs = 300, 2
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	o := finish(t, r, l, sets, Options{})
	for _, e := range o.History.Epochs {
		if e.TargetAlignment == nil || !(*e.TargetAlignment > 0 && *e.TargetAlignment <= 1) {
			t.Errorf("epoch %d: target alignment %v", e.Epoch, e.TargetAlignment)
		}
	}
}
