package model

import (
	"context"
	"math/rand/v2"
	"slices"
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

// TestGatedRests holds that the same network is found at rest in the pass behind the one that
// ends there, at once: what rounding has left of the gradient is not looked into.
func TestGatedRests(t *testing.T) {
	n, err := New(Config{Network: "gated code=40", Layers: []int{300, 4}, Seed: 3})
	must(t, err)
	hot, err := n.OneHot(slices.Repeat([]int{0, 1, 2, 3}, 10))
	must(t, err)
	c := Clamps{"input": Hide(randomBatch(1, Float32, 40, 300), func(_, unit int) bool { return unit >= 150 }), "target": {Values: hot}}
	r, err := n.Settle(context.Background(), c, Inference{Method: GaussSeidel, Steps: 100, Tolerance: 1e-3})
	must(t, err)
	if r.Status != Converged || r.Steps != 2 {
		t.Errorf("%v after %d steps, want %v after 2", r.Status, r.Steps, Converged)
	}
	n.machines.Find(func(s *settler) bool { // looks at all
		for i, st := range s.shards {
			if took := st.search.steps; took > 3 {
				t.Errorf("shard %d: %d steps of conjugate gradients to find it at rest", i, took)
			}
		}
		return false
	})
}
