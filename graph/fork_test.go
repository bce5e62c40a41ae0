package graph

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestFork: a node that predicts two others has the sum of two negated pull-backs for its
// gradient, −(3 − 2·1)·2 − (5 − 7·1)·7, with no sign lost; an edge that is scaled by −1
// turns the sign of its own.
func TestFork(t *testing.T) {
	for scale, want := range map[float64]float64{1: 12, -1: 82} {
		e, err := Build(Spec{
			Nodes: []Node{{Name: "a", Shape: []int{1}, Clamped: true}, {Name: "b", Shape: []int{1}, Clamped: true}, {Name: "top", Shape: []int{1}}},
			Predictions: []Prediction{
				{Of: "a", Edges: []Edge{{From: []string{"top"}}}},
				{Of: "b", Edges: []Edge{{From: []string{"top"}, Scale: scale}}},
			},
			Batch: 1, Dtype: tensor.Float64,
		})
		must(t, err)
		for i, values := range [][2]float64{{3, 2}, {5, 7}} {
			must(t, G.Let(e.Latents[i], tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{values[0]}))))
			must(t, G.Let(e.Terms[i].Edges[0].Parameters[0], tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{values[1]}))))
		}
		must(t, G.Let(e.Latents[2], tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{1}))))
		m, err := Compile(e)
		must(t, err)
		must(t, m.RunAll())
		if got := floats(e.Gradients[2].Value())[0]; got != want {
			t.Errorf("scale %v: gradient %v, want %v", scale, got, want)
		}
	}
}
