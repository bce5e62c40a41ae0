package model

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"example.com/pcn/internal/dense"
)

// halfFixed returns a random linear network, and clamps that fix its bottom, and half
// of its top: the same units of all examples, or for odd seeds of each its own.
func halfFixed(t *testing.T, seed uint64, dtype Dtype) (*Network, Clamps) {
	t.Helper()
	const rows = 3
	rng := rand.New(rand.NewPCG(seed, 7))
	layers := make([]int, 3+rng.IntN(4))
	for i := range layers {
		layers[i] = 2 + rng.IntN(13)
	}
	n, err := New(Config{Layers: layers, Activation: "identity", Dtype: dtype, Seed: seed})
	must(t, err)
	for i := range n.Predictions() {
		gain := math.Exp(2*rng.Float64() - 1)
		for j := range n.Weights(i).Shape().TotalSize() {
			dense.Set(n.Weights(i), j, gain*dense.At(n.Weights(i), j))
		}
		if rng.IntN(2) == 0 {
			p := make([]float64, n.sizes[i])
			for j := range p {
				p[j] = math.Exp(3*rng.Float64() - 1.5)
			}
			must(t, n.SetPrecision(i, p))
		}
	}
	n.Changed()
	top := n.Predictions()
	c := make([]Clamp, top+1)
	c[0].Values = randomBatch(seed, dtype, rows, n.sizes[0])
	c[top] = Clamp{Values: randomBatch(seed+1, dtype, rows, n.sizes[top]), Fixed: filled(dtype.Tensor(), func() float64 { return 0 }, rows, n.sizes[top])}
	fixed := rng.Perm(n.sizes[top])[:(n.sizes[top]+1)/2]
	for row := range rows {
		if seed%2 == 1 {
			fixed = rng.Perm(n.sizes[top])[:len(fixed)]
		}
		for _, u := range fixed {
			dense.Set(c[top].Fixed, row*n.sizes[top]+u, 1)
		}
	}
	return n, n.byNode(c...)
}

// TestConverged: what is called converged has lost nearly all of the energy that it
// could lose, by the closed form; and most networks do converge where the method is a
// good one.
func TestConverged(t *testing.T) {
	const networks = 60
	atLeast := map[Method]int{Nesterov: 50, GaussSeidel: 45, RedBlack: 45, Chain: 60} // at a tolerance of 1e-2
	for _, dtype := range []Dtype{Float64, Float32} {
		var all []*Network
		var clamps []Clamps
		var rest []float64
		for seed := range uint64(networks) {
			n, c := halfFixed(t, seed, dtype)
			e, err := n.Equilibrium(c)
			must(t, err)
			all, clamps, rest = append(all, n), append(clamps, c), append(rest, e.Energy)
		}
		for _, method := range allMethods() {
			for _, tolerance := range []float64{1e-2, 1e-3, 1e-4, 1e-6, 1e-8} {
				converged, steps, worst := 0, 0, 0.0
				for i, n := range all {
					r, err := n.Settle(context.Background(), clamps[i], Inference{Method: method, Steps: 1000, Tolerance: tolerance})
					must(t, err)
					if r.Status != Converged {
						continue
					}
					converged++
					steps += r.Steps
					left := (r.Energy - rest[i]) / (r.Began - rest[i])
					if worst = max(worst, left); left > 0.05 {
						t.Errorf("%v %v, tolerance %.0e, network %d: converged with %.2g of the fall left", dtype, method, tolerance, i, left)
					}
				}
				t.Logf("%v %v, tolerance %.0e: %d of %d converge, in %.3g steps, with at most %.2g of the fall left", dtype, method, tolerance, converged, networks, float64(steps)/float64(max(converged, 1)), worst)
				if tolerance == 1e-2 && converged < atLeast[method] {
					t.Errorf("%v %v: %d of %d networks converge, want %d", dtype, method, converged, networks, atLeast[method])
				}
			}
		}
	}
}

// TestStepsOfFreeUnitsAllocateNothing counts allocations where a node is fixed in part.
func TestStepsOfFreeUnitsAllocateNothing(t *testing.T) {
	n, c := halfFixed(t, 3, Float32)
	for _, method := range allMethods() {
		stepsAllocateNothing(t, "a part", n, c, Inference{Method: method})
	}
}

// TestSweepsFall: in a linear network no pass of a sweep and no step of the chain raises
// the energy, whatever is fixed.
func TestSweepsFall(t *testing.T) {
	for seed := range uint64(60) {
		n, c := halfFixed(t, seed, Float64)
		for _, method := range []Method{GaussSeidel, SymmetricGaussSeidel, RedBlack, Chain} {
			r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 20, Unguarded: true, Trace: true})
			must(t, err)
			energies := r.Energies()
			for i, e := range energies[1:] {
				if e > energies[i]*(1+1e-9)+1e-12*energies[0] {
					t.Fatalf("%v, network %d: energy %v after step %d, %v before it", method, seed, e, i, energies[i])
				}
			}
		}
	}
}

// TestRestOnAnyCores settles to rest, some units of each example fixed, on one core and
// on several: the bits are the same.
func TestRestOnAnyCores(t *testing.T) {
	n, err := New(Config{Layers: []int{20, 12, 9, 5}, Activation: "leaky-relu", Seed: 4})
	must(t, err)
	const rows = 70
	rng := rand.New(rand.NewPCG(4, 4))
	c := n.Clamp(nil, randomBatch(1, Float32, rows, 5))
	c["input"] = Clamp{Values: randomBatch(2, Float32, rows, 20), Fixed: filled(Float32.Tensor(), func() float64 { return float64(rng.IntN(2)) }, rows, 20)}
	for _, method := range allMethods() {
		var ends [2][]float64
		for i, workers := range []int{1, 4} {
			n.SetWorkers(workers)
			r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 60, Tolerance: 0.1, Estimate: true})
			must(t, err)
			for _, v := range r.Latents {
				ends[i] = append(ends[i], dense.Floats(v)...)
			}
			ends[i] = append(ends[i], r.ToLose, r.MeanSteps)
		}
		near(t, string(method), ends[1], ends[0], 0)
	}
}
