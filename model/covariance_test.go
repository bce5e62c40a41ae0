package model

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// TestMemoryIsTheCovariance: what the network memory learns is how each unit regresses on
// all others, W_ij = −Λ_ij / Λ_ii with Λ the inverse of the covariance and a diagonal of 0.
// Where the errors of shown units hardly count, hidden ones settle to their regression on
// what is shown, μ_h + Σ_hs Σ_ss⁻¹ (x_s − μ_s).
func TestMemoryIsTheCovariance(t *testing.T) {
	const d, rows, shown = 6, 40, 2
	n, err := New(Config{Network: "memory", Layers: []int{d, 1}, Dtype: Float64, Seed: 1})
	must(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	mix := mat.NewDense(d, d, nil)
	mix.Apply(func(i, j int, _ float64) float64 {
		if i == j {
			return 1
		}
		return 0.3 * rng.NormFloat64()
	}, mix)
	x := mat.NewDense(rows, d, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
	x.Mul(mat.DenseCopyOf(x), mix)
	mean, sigma := make([]float64, d), mat.NewDense(d, d, nil)
	for j := range d {
		mean[j] = mat.Sum(x.ColView(j)) / rows
	}
	centred := mat.DenseCopyOf(x)
	centred.Apply(func(_, j int, v float64) float64 { return v - mean[j] }, centred)
	sigma.Mul(centred.T(), centred)
	var lambda mat.Dense
	must(t, lambda.Inverse(sigma))

	learned := map[string]*tensor.Dense{}
	for _, p := range n.Named() {
		learned[p.Name] = p.Value
	}
	w, b := learned["input.input.weight"].Float64s(), learned["input.bias"].Float64s()
	for i := range d {
		if w[i*d+i] != 0 || w[i*d+(i+1)%d] == 0 {
			t.Fatalf("the weights begin at %v", w)
		}
		b[i] = mean[i]
		for j := range d {
			if j != i {
				w[i*d+j] = -lambda.At(i, j) / lambda.At(i, i)
				b[i] -= w[i*d+j] * mean[j]
			}
		}
	}
	n.Changed()
	all := tensor.New(tensor.WithShape(rows, d), tensor.WithBacking(slices.Clone(x.RawMatrix().Data)))
	r, err := n.Settle(context.Background(), n.Clamp(all, tensor.New(tensor.WithShape(rows, 1), tensor.Of(tensor.Float64))), Inference{})
	must(t, err)
	u := n.NewUpdate()
	must(t, n.Hebbian(r, u))
	for i, direction := range u.Directions() {
		if n.Named()[i].Prediction != 0 { // the target's, which is not learned here
			continue
		}
		for j, x := range direction.Float64s() {
			if !(x <= 1e-12 && x >= -1e-12) {
				t.Errorf("%s[%d]: at the optimum an update of %.3g", n.Named()[i].Name, j, x)
			}
		}
	}

	const little = 1e-9
	must(t, n.SetPrecision(n.InputNode(), []float64{little, little, 1, 1, 1, 1}))
	clamps := n.Clamp(nil, nil)
	clamps["input"] = Hide(all, func(_, unit int) bool { return unit >= shown })
	at, err := n.Equilibrium(clamps)
	must(t, err)
	var shift, back mat.Dense
	must(t, back.Solve(sigma.Slice(0, shown, 0, shown), sigma.Slice(0, shown, shown, d)))
	shift.Mul(centred.Slice(0, rows, 0, shown), &back)
	var got, want []float64
	for i := range rows {
		for j := shown; j < d; j++ {
			got = append(got, floats(at.Latents[n.InputNode()])[i*d+j])
			want = append(want, mean[j]+shift.At(i, j-shown))
		}
	}
	near(t, "recalled", got, want, 1e-6)
	settled, err := n.Settle(context.Background(), clamps, Inference{Method: GaussSeidel, Steps: 1000})
	must(t, err)
	near(t, "settled", floats(settled.Latents[n.InputNode()]), floats(at.Latents[n.InputNode()]), 1e-6)
}

func TestZeroDiagonalInFiles(t *testing.T) {
	n, err := New(Config{Network: "memory", Layers: []int{4, 2}, Seed: 1})
	must(t, err)
	path := filepath.Join(t.TempDir(), "memory.safetensors")
	must(t, n.Save(path))
	if _, err := Load(path, Config{}); err != nil {
		t.Error(err)
	}
	n.Weights(0).Float32s()[5] = 0.5
	must(t, n.Save(path))
	if _, err := Load(path, Config{}); err == nil || !strings.Contains(err.Error(), "input.input.weight: [1, 1]: must be 0, on the diagonal, got 0.5") {
		t.Errorf("a unit that predicts itself: %v", err)
	}
}
