package model

import (
	"context"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// TestGatedSettlesAtOnce holds that of the network gated, with the class given, one pass of
// Gauss-Seidel ends at the best code, whatever is hidden of the input: hidden units follow.
func TestGatedSettlesAtOnce(t *testing.T) {
	n, err := New(Config{Network: "gated code=5", Layers: []int{30, 4}, Dtype: Float64, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(6, 30))
	for i := range x.Float64s() {
		x.Float64s()[i] = rng.NormFloat64()
	}
	hot, err := n.OneHot([]int{0, 1, 2, 3, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	for what, hidden := range map[string]func(row, unit int) bool{
		"nothing":     func(int, int) bool { return false },
		"a half":      func(_, unit int) bool { return unit >= 15 },
		"what it may": func(row, unit int) bool { return (unit*unit+row)%3 == 0 },
	} {
		for _, m := range []Method{GaussSeidel, SymmetricGaussSeidel, RedBlack} {
			c := Clamps{"input": Hide(x, hidden), "target": {Values: hot}}
			r, err := n.Infer(context.Background(), c, Inference{Method: m, Steps: 1, Trace: true})
			if err != nil {
				t.Fatal(err)
			}
			for l, begun := range r.ResidualTrace[0] {
				if name := n.Nodes()[l]; name == "code" && !(begun > 0.1) || r.EndResidual[l] > 1e-9 {
					t.Errorf("%s hidden, %v: %s: residual from %v to %v", what, m, name, begun, r.EndResidual[l])
				}
			}
		}
	}
}
