package graph

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestPast: a node that is predicted from what it was a step ago, and predicts another, has
// the gradient (7 − 2·3) − (4 − 5·7)·5; what it was is a clamped node behind the others.
func TestPast(t *testing.T) {
	e, err := Build(Spec{
		Nodes: []Node{{Name: "seen", Shape: []int{1}, Clamped: true}, {Name: "state", Shape: []int{1}}},
		Predictions: []Prediction{
			{Of: "seen", Edges: []Edge{{From: []string{"state"}}}},
			{Of: "state", Edges: []Edge{{From: []string{"state"}, Delay: 1}}},
		},
		Batch: 1, Dtype: tensor.Float64,
	})
	must(t, err)
	number := func(x float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{x}))
	}
	for l, x := range []float64{4, 7, 3} {
		must(t, G.Let(e.Latents[l], number(x)))
	}
	for i, x := range []float64{5, 2} {
		must(t, G.Let(e.Terms[i].Edges[0].Parameters[0], number(x)))
	}
	m, err := Compile(e)
	must(t, err)
	must(t, m.RunAll())
	if past := e.Spec.Nodes[2]; past.Past != "state" || past.Delay != 1 || !past.Clamped {
		t.Errorf("the third node is %+v, want the past of state", past)
	}
	if got := floats(e.Gradients[1].Value())[0]; got != 156 {
		t.Errorf("gradient %v, want 156", got)
	}
}
