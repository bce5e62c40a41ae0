package model

import (
	"context"
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// scaled returns a network of cfg that has settled a batch, as inf says, and has had its
// parameters scaled since; and the batch.
func scaled(t *testing.T, cfg Config, inf Inference, by float64) (*Network, Clamps) {
	t.Helper()
	n, err := New(cfg)
	must(t, err)
	c := n.Clamp(randomBatch(1, cfg.Dtype, 70, n.Size(n.InputNode())), randomBatch(2, cfg.Dtype, 70, n.Size(n.TargetNode())))
	_, err = n.Settle(context.Background(), c, inf)
	must(t, err)
	for _, x := range n.Parameters() {
		dense.AddScaled(x, by-1, clone(x))
	}
	n.Changed()
	return n, c
}

// fresh returns a network of the parameters of n that has never settled.
func fresh(t *testing.T, n *Network) *Network {
	t.Helper()
	c, err := New(n.Config())
	must(t, err)
	for i, x := range n.Parameters() {
		must(t, tensor.Copy(c.Parameters()[i], x))
	}
	c.Changed()
	return c
}

// settled returns where a batch settles.
func settled(t *testing.T, n *Network, c Clamps, inf Inference) (latents []float64, renewed bool) {
	t.Helper()
	r, err := n.Settle(context.Background(), c, inf)
	must(t, err)
	for _, v := range r.Latents {
		latents = append(latents, floats(v)...)
	}
	return latents, r.Renewed
}

// TestLag: curvature is of parameters as they once were as long as these have moved by no
// more than the lag, and exact beyond, in all methods that have one; without a lag always.
func TestLag(t *testing.T) {
	for _, dtype := range []Dtype{Float32, Float64} {
		for _, layers := range [][]int{{5, 12, 9, 4}, {6, 8, 3, 7}} {
			for _, method := range []Method{Preconditioned, GaussSeidel, SymmetricGaussSeidel, RedBlack, Chain} {
				for _, precisions := range [][]float64{nil, {1, 3, 2, 1}} {
					cfg := Config{Layers: layers, Dtype: dtype, Seed: 3, Precisions: precisions}
					for _, of := range []struct {
						lag    Lag
						by     float64
						steps  int
						renews bool
					}{
						{LagOf(0.1), 1.05, 2, false}, {LagOf(0.1), 0.95, 2, false}, {LagOf(0.1), 1.2, 2, true}, {LagOf(0), 1.05, 1, true},
						{Lag{}, 1.05, 1, false}, {Lag{}, 1.2, 1, true}, {Lag{}, 1.05, 2, true},
					} {
						what := fmt.Sprintf("%v %v %v %v, lag %v, scaled by %v, %d steps", dtype, layers, method, precisions, of.lag, of.by, of.steps)
						inf := Inference{Method: method, Steps: of.steps, Lag: of.lag}
						n, c := scaled(t, cfg, inf, of.by)
						exact, first := settled(t, fresh(t, n), c, inf)
						got, renewed := settled(t, n, c, inf)
						if !first || renewed != of.renews {
							t.Errorf("%s: made anew %v and at first %v, want %v and true", what, renewed, first, of.renews)
						}
						if same := fmt.Sprint(got) == fmt.Sprint(exact); same != of.renews {
							t.Errorf("%s: settles as exactly %v, want %v", what, same, of.renews)
						}
						if again, renewed := settled(t, n, c, inf); renewed || fmt.Sprint(again) != fmt.Sprint(got) {
							t.Errorf("%s: settles elsewhere the second time", what)
						}
					}
				}
			}
		}
	}
}

// TestLagIsOfOldWeights holds a step of a network with one free node against g H⁻¹ with the
// gradient of its weights and the H of those that it had.
func TestLagIsOfOldWeights(t *testing.T) {
	for _, targets := range []int{2, 7} { // of which the first takes the narrow form
		inf := Inference{Method: GaussSeidel, Steps: 1, Lag: LagOf(0.1)}
		cfg := Config{Layers: []int{3, 5, targets}, Dtype: Float64, Seed: 2}
		old, err := New(cfg)
		must(t, err)
		w := mat.NewDense(targets, 5, floats(old.Weights(0)))
		h := mat.NewDense(5, 5, nil)
		h.Mul(w.T(), w)
		for i := range 5 {
			h.Set(i, i, h.At(i, i)+1)
		}
		n, c := scaled(t, cfg, inf, 1.08)
		s, err := n.Begin(c, inf)
		must(t, err)
		v, err := s.Latent("hidden1")
		must(t, err)
		from := mat.NewDense(70, 5, floats(v))
		g, err := s.Gradient("hidden1")
		must(t, err)
		var step mat.Dense
		var inverse mat.Dense
		must(t, inverse.Inverse(h))
		step.Mul(mat.NewDense(70, 5, floats(g)), &inverse)
		step.Sub(from, &step)
		must(t, s.Step(context.Background()))
		near(t, "by steps", floats(v), step.RawMatrix().Data, 1e-12)
		r, err := n.Settle(context.Background(), c, inf)
		must(t, err)
		near(t, "at once", floats(r.Latents[1]), step.RawMatrix().Data, 1e-12)
	}
}

// TestGuardRenews: where weights have grown so that an old H⁻¹ leads uphill, it is made anew
// however long it may lag, and the batch settles as it does with a fresh one.
func TestGuardRenews(t *testing.T) {
	for _, workers := range []int{1, 3} {
		inf := Inference{Method: GaussSeidel, Steps: 1, Lag: LagOf(100)}
		n, c := scaled(t, Config{Layers: []int{5, 20, 20, 20, 4}, Activation: "identity", Dtype: Float64, Seed: 1}, inf, 4)
		n.SetWorkers(workers)
		unguarded := inf
		unguarded.Unguarded = true
		up, err := n.Settle(context.Background(), c, unguarded)
		must(t, err)
		if up.Renewed || !(up.Energy > up.Began) {
			t.Fatalf("with an old H⁻¹ the energy goes from %v to %v, want it to rise", up.Began, up.Energy)
		}
		want, _ := settled(t, fresh(t, n), c, inf)
		got, renewed := settled(t, n, c, inf)
		if !renewed || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("made anew: %v; not as with a fresh one", renewed)
		}
	}
}

// TestPredictsExactly: what a network predicts does not depend on what it has learned from.
func TestPredictsExactly(t *testing.T) {
	inf := Inference{Method: GaussSeidel, Steps: 2, Lag: LagOf(0.5)}
	n, _ := scaled(t, Config{Layers: []int{6, 9, 8, 3}, Direction: Generative, Dtype: Float64, Seed: 4}, inf, 1.2)
	x := randomBatch(5, Float64, 40, 6)
	for range 2 {
		got, _, err := n.Predict(context.Background(), x, inf)
		must(t, err)
		want, _, err := fresh(t, n).Predict(context.Background(), x, inf)
		must(t, err)
		if !same(got, want) {
			t.Error("predicts otherwise than a network of the same weights")
		}
		settled(t, n, n.Clamp(x, got), inf)
	}
}

// TestLagIsState: with a network's state goes what its curvature is of.
func TestLagIsState(t *testing.T) {
	inf := Inference{Method: GaussSeidel, Steps: 2, Lag: LagOf(0.5)}
	cfg := Config{Layers: []int{6, 9, 8, 3}, Energies: []NodeEnergy{Gaussian, GaussianLearned, GaussianLearned, Gaussian}, Dtype: Float32, Seed: 4}
	n, c := scaled(t, cfg, inf, 1.2)
	with, err := New(cfg)
	must(t, err)
	must(t, with.SetState(n.State().Clone()))
	clone := n.Clone()
	as, err := n.As(Float32)
	must(t, err)
	want, _ := settled(t, n, c, inf)
	for name, m := range map[string]*Network{"of its state": with, "a clone": clone, "of its type": as} {
		if got, _ := settled(t, m, c, inf); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: settles elsewhere", name)
		}
	}
	if got, _ := settled(t, fresh(t, n), c, inf); fmt.Sprint(got) == fmt.Sprint(want) {
		t.Error("nothing lags")
	}
}
