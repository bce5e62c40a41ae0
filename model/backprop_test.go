package model

import (
	"context"
	"errors"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
)

// TestBackprop: what one error step at the top-down start leaves makes Hebbian backprop's
// gradient, −∂L/∂θ / B, of a chain and of any other feedforward network.
func TestBackprop(t *testing.T) {
	const rows = 4
	networks := graphs()
	networks["chain"] = Config{Layers: []int{5, 4, 6, 4, 3}, Dtype: Float64, Seed: 3}
	networks["chain, after"] = Config{Layers: []int{5, 4, 6, 3}, After: true, Dtype: Float64, Seed: 3}
	for name, cfg := range networks {
		n, err := New(cfg)
		must(t, err)
		x, y := randomBatch(1, Float64, rows, n.Size(n.InputNode())), randomBatch(2, Float64, rows, n.Size(n.TargetNode()))
		r, err := n.Backprop(context.Background(), x, y)
		if !n.Feedforward() {
			if !errors.Is(err, ErrNotFeedforward) {
				t.Errorf("%s: got error %v, want %v", name, err, ErrNotFeedforward)
			}
			continue
		}
		must(t, err)
		u := n.NewUpdate()
		must(t, n.Hebbian(r, u))
		for i, p := range n.Named() {
			live := p.Value.Float64s()
			at := append([]float64(nil), live...)
			want := fd.Gradient(nil, func(w []float64) float64 {
				copy(live, w)
				n.Changed()
				predicted, _, err := n.Predict(context.Background(), x, Inference{})
				must(t, err)
				loss := 0.0
				for j, v := range predicted.Float64s() {
					d := y.Float64s()[j] - v
					loss -= d * d / 2 / rows
				}
				return loss
			}, at, &fd.Settings{Formula: fd.Central})
			copy(live, at)
			n.Changed()
			near(t, name+": "+p.Name, u.Directions()[i].Float64s(), want, 1e-6)
		}
	}
}
