package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/pcn/internal/dense"
)

// TestLooksMoveNothing: a trace, which looks at the energy before each step, changes
// where latents go by no bit, whichever node stops before the others.
func TestLooksMoveNothing(t *testing.T) {
	for _, method := range allMethods() {
		for stop := range 4 { // the node from data to label that stops after some steps; 0 for none
			for _, after := range []int{1, 4} {
				for _, c := range []Config{
					{Layers: []int{6, 5, 4, 5, 3}, Dtype: Float64, Seed: 3},
					{Layers: []int{16, 12, 8, 6, 3}, Activation: "leaky-relu", Direction: Generative, Seed: 3},
				} {
					n, err := New(c)
					must(t, err)
					inf := Inference{Method: method, Steps: 11, Unguarded: true}
					if stop > 0 {
						inf.NodeSteps = map[string]int{chainNames(5)[stop]: after}
					}
					x, y := randomBatch(1, c.Dtype, 40, c.Layers[0]), randomBatch(2, c.Dtype, 40, 3)
					var ends [2][]float64
					for i := range ends {
						inf.Trace = i == 1
						r, err := n.Settle(context.Background(), n.Clamp(x, y), inf)
						must(t, err)
						for _, d := range append(append(r.Latents, r.Errors...), slices.Concat(r.Features...)...) {
							ends[i] = append(ends[i], dense.Floats(d)...)
						}
						ends[i] = append(ends[i], r.Residual, r.Energy)
					}
					for i, x := range ends[0] {
						if math.Float64bits(x) != math.Float64bits(ends[1][i]) {
							t.Errorf("%v, %v, node %d stops after %d: number %d is %v without a trace, %v with one", method, c.Direction, stop, after, i, x, ends[1][i])
							break
						}
					}
				}
			}
		}
	}
}

// TestStoppedNodesStay: nodes that stop stay where they were, and the others come to
// rest around them.
func TestStoppedNodesStay(t *testing.T) {
	n := linearNetwork(t, 3, 8, 7, 6, 5)
	c := n.Clamp(randomBatch(1, Float64, 4, 8), randomBatch(2, Float64, 4, 5))
	for _, method := range []Method{Gradient, Preconditioned, GaussSeidel, SymmetricGaussSeidel, RedBlack} {
		r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 3})
		must(t, err)
		held := clone(r.Latents[1])
		r, err = n.Settle(context.Background(), c, Inference{Method: method, Steps: 3000, NodeSteps: map[string]int{"hidden2": 3}})
		must(t, err)
		around := n.Clamp(randomBatch(1, Float64, 4, 8), randomBatch(2, Float64, 4, 5))
		around["hidden2"] = Clamp{Values: clone(r.Latents[1])}
		e, err := n.Equilibrium(around)
		must(t, err)
		near(t, fmt.Sprint(method, ": held"), dense.Floats(r.Latents[1]), dense.Floats(held), 1e-12)
		near(t, fmt.Sprint(method, ": around it"), dense.Floats(r.Latents[2]), dense.Floats(e.Latents[2]), 1e-9)
	}
}

// TestCancelWithinShard: a batch of one example, whose only shard takes long, ends
// soon after its deadline, and with the cause.
func TestCancelWithinShard(t *testing.T) {
	n, err := New(Config{Layers: []int{64, 32, 10}, Direction: Generative, Seed: 1})
	must(t, err)
	cause := errors.New("enough")
	x := randomBatch(1, Float32, 1, 64)
	for _, method := range allMethods() {
		for name, run := range map[string]func(context.Context, Inference) error{
			"settle": func(ctx context.Context, inf Inference) error {
				_, err := n.Settle(ctx, n.Clamp(x, nil), inf)
				return err
			},
			"predict": func(ctx context.Context, inf Inference) error {
				_, _, err := n.Predict(ctx, x, inf)
				return err
			},
			"complete": func(ctx context.Context, inf Inference) error {
				_, err := n.Complete(ctx, Hide(x, func(_, unit int) bool { return unit < 9 }), Recall{By: ByEnergy}, inf)
				return err
			},
		} {
			ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, cause)
			began := time.Now()
			err := run(ctx, Inference{Method: method, Steps: 300_000_000})
			if took := time.Since(began); took > 5*time.Second || !errors.Is(err, cause) {
				t.Errorf("%s, %v: returned after %v with error %v, want %v", name, method, took, err, cause)
			}
			cancel()
		}
	}
}

// TestCancelledPass: what takes a mere pass downwards looks at its context too.
func TestCancelledPass(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	down, err := New(Config{Layers: []int{6, 5, 3}, Seed: 1})
	must(t, err)
	up, err := New(Config{Layers: []int{6, 5, 3}, Direction: Generative, Seed: 1})
	must(t, err)
	if _, _, err := down.Predict(ctx, randomBatch(1, Float32, 2, 6), Inference{}); !errors.Is(err, cause) {
		t.Errorf("Predict: got error %v, want %v", err, cause)
	}
	if _, _, err := up.Generate(ctx, randomBatch(1, Float32, 2, 3), Inference{}); !errors.Is(err, cause) {
		t.Errorf("Generate: got error %v, want %v", err, cause)
	}
	if _, err := up.Sample(ctx, randomBatch(1, Float32, 2, 3), Sampling{Temperature: 1}, Inference{}); !errors.Is(err, cause) {
		t.Errorf("Sample: got error %v, want %v", err, cause)
	}
}

// TestNotFinite: what is not a number is refused where it is, unless it is of a unit
// that is missing; and what overflows on the way down has not converged.
func TestNotFinite(t *testing.T) {
	for _, dtype := range []Dtype{Float32, Float64} {
		for _, direction := range []Direction{Discriminative, Generative} {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				n, err := New(Config{Layers: []int{6, 5, 3}, Direction: direction, Dtype: dtype, Seed: 1})
				must(t, err)
				x := randomBatch(1, dtype, 4, 6)
				dense.Set(x, 2*6+1, bad)
				want := fmt.Sprintf("model: clamp of input: must hold finite numbers, got %v at [2, 1]", bad)
				if _, _, err := n.Classify(context.Background(), x, Inference{}); err == nil || err.Error() != want {
					t.Errorf("Classify: got error %v, want %s", err, want)
				}
				if _, err := n.Settle(context.Background(), n.Clamp(x, randomBatch(2, dtype, 4, 3)), Inference{}); err == nil || err.Error() != want {
					t.Errorf("Settle: got error %v, want %s", err, want)
				}
				done, err := n.Complete(context.Background(), Hide(x, func(example, unit int) bool { return example == 2 && unit == 1 }), Recall{}, Inference{})
				must(t, err)
				if i := notFinite(done.Inputs, 0); i >= 0 {
					t.Errorf("a missing %v ends in the completion", bad)
				}
				c := n.Clamp(nil, randomBatch(2, dtype, 4, 3))
				c["input"] = Clamp{Start: x}
				if _, err := n.Settle(context.Background(), c, Inference{}); err == nil || !strings.Contains(err.Error(), "start: must hold finite numbers") {
					t.Errorf("start: got error %v", err)
				}
			}
		}
	}
	n, err := New(Config{Layers: []int{6, 5, 3}, TopActivation: "identity", Activation: "identity", Seed: 1})
	must(t, err)
	x := randomBatch(1, Float32, 4, 6)
	dense.Set(x, 7, math.MaxFloat32)
	for i := range n.Weights(1).Shape().TotalSize() {
		dense.Set(n.Weights(1), i, 4)
	}
	n.Changed()
	if _, r, err := n.Predict(context.Background(), x, Inference{}); err != nil || r.Status != Diverged || r.Node != 0 && r.Node != 1 {
		t.Errorf("a pass that overflows: %v, %v", r, err)
	}
}
