package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestMatrixAndRows(t *testing.T) {
	for _, d := range []Dtype{Float32, Float64} {
		m, err := d.Matrix([]float64{1, 2, 3}, []float64{4, 5, 6})
		if err != nil {
			t.Fatal(err)
		}
		if m.Dtype() != d.Tensor() || fmt.Sprint(m.Shape()) != "(2, 3)" {
			t.Errorf("%v: got %v %v", d, m.Dtype(), m.Shape())
		}
		if got := fmt.Sprint(Rows(m)); got != "[[1 2 3] [4 5 6]]" {
			t.Errorf("%v: rows %s", d, got)
		}
	}
	for _, rows := range [][][]float64{nil, {{}}, {{1, 2}, {3}}} {
		if _, err := Float64.Matrix(rows...); err == nil {
			t.Errorf("rows %v: want an error", rows)
		}
	}
}

// TestResultSaysHowItEnded: the energies of the trace start where settling did
// and end at the result's, and the text names what ended it.
func TestResultSaysHowItEnded(t *testing.T) {
	n, err := New(Config{Layers: []int{3, 4, 2}, Direction: Generative, Activation: "identity", Dtype: Float64})
	if err != nil {
		t.Fatal(err)
	}
	x, err := Float64.Matrix([]float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	settle := func(inf Inference) *Result {
		r, err := n.Settle(context.Background(), n.Clamp(x, nil), inf)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := settle(Inference{Steps: 30, Trace: true})
	energies := r.Energies()
	if len(energies) != r.Steps+1 || energies[0] != sum(r.Trace[0]) || energies[r.Steps] != r.Energy {
		t.Errorf("%d energies of %d steps, %v to %v, want %v to %v", len(energies), r.Steps, energies[0], energies[len(energies)-1], sum(r.Trace[0]), r.Energy)
	}
	for i := 1; i < len(energies); i++ {
		if energies[i] > energies[i-1] {
			t.Errorf("energy rose in step %d", i)
		}
	}
	if s := r.String(); !strings.HasPrefix(s, "step-limit after 30 steps of rate 0.1: energy ") {
		t.Errorf("got %q", s)
	}
	if s := settle(Inference{Steps: 60, Rate: 1e6, Unguarded: true}).String(); !strings.HasPrefix(s, "diverged after ") || !strings.Contains(s, " at input of rate ") {
		t.Errorf("got %q", s)
	}
	if s := settle(Inference{Steps: 1}).String(); !strings.HasPrefix(s, "step-limit after 1 step of rate 0.1: energy ") || strings.Contains(s, "residual") {
		t.Errorf("after one step: got %q", s)
	}
	if settle(Inference{}).Energies() != nil {
		t.Error("want no energies without a trace")
	}
}

// TestEndResidual settles by a step more: what is left of the gradient before that
// step is what the shorter settling ended with, and asking for it changes nothing.
func TestEndResidual(t *testing.T) {
	n, err := New(Config{Layers: []int{5, 7, 6, 4}, Dtype: Float64, Seed: 3})
	must(t, err)
	x, y := make([][]float64, 70), make([][]float64, 70)
	for i := range x {
		for j := range 5 {
			x[i] = append(x[i], math.Sin(float64(7*i+3*j)))
		}
		y[i] = make([]float64, 4)
		y[i][i%4] = 1
	}
	inputs, err := Float64.Matrix(x...)
	must(t, err)
	targets, err := Float64.Matrix(y...)
	must(t, err)
	c := n.Clamp(inputs, targets)
	for _, method := range allMethods() {
		if method.moves().Turns != nil || method == Nesterov {
			continue // a trace has the gradient as of a node's turn, or at the extrapolated point
		}
		for _, steps := range []int{1, 2, 5} {
			plain, err := n.Settle(t.Context(), c, Inference{Method: method, Steps: steps, Unguarded: true})
			must(t, err)
			latents := floats(plain.Latents[1])
			if plain.EndResidual != nil {
				t.Errorf("%v: measured without being asked", method)
			}
			r, err := n.Settle(t.Context(), c, Inference{Method: method, Steps: steps, Unguarded: true, Trace: true})
			must(t, err)
			near(t, string(method), floats(r.Latents[1]), latents, 0)
			end, residual := r.EndResidual, r.ResidualTrace[0]
			longer, err := n.Settle(t.Context(), c, Inference{Method: method, Steps: steps + 1, Unguarded: true, Trace: true})
			must(t, err)
			scale := longer.ResidualTrace[0][1] / residual[1] // of another largest gradient
			for l := range end {
				end[l] *= scale
			}
			near(t, fmt.Sprintf("%v, T = %d", method, steps), end, longer.ResidualTrace[steps], 1e-9)
		}
	}
	sweep := func(inf Inference) *Result {
		inf.Method = GaussSeidel
		r, err := n.Settle(t.Context(), c, inf)
		must(t, err)
		return r
	}
	if r := sweep(Inference{Steps: 1, Estimate: true}); r.Residual != 1 || r.EndResidual[1]+r.EndResidual[2] <= 0 || r.EndResidual[0]+r.EndResidual[3] != 0 {
		t.Errorf("one sweep: residual %v, and %v in the end", r.Residual, r.EndResidual)
	}
	r := sweep(Inference{Steps: 1, Trace: true})
	again := n.Clamp(inputs, targets)
	for _, l := range []int{1, 2} {
		again[n.Nodes()[l]] = Clamp{Start: r.Latents[l].Clone().(*tensor.Dense)}
	}
	end := r.EndResidual
	from, err := n.Settle(t.Context(), again, Inference{Steps: 1})
	must(t, err)
	near(t, "one sweep, and gradients from where it ended", []float64{end[1] / end[2]}, []float64{from.NodeResidual[1] / from.NodeResidual[2]}, 1e-9)
	if r := sweep(Inference{Steps: 2000, Trace: true}); r.EndResidual[1] > 1e-6 || r.EndResidual[2] > 1e-6 {
		t.Errorf("at rest: %v in the end", r.EndResidual)
	}
	if r := sweep(Inference{Steps: 2, Trace: true, StaleErrors: true}); r.EndResidual != nil {
		t.Error("stale errors: measured")
	}
	if r := sweep(Inference{Steps: 3}); r.MeanSteps != 3 {
		t.Errorf("%v steps on the mean of 70 examples that took 3", r.MeanSteps)
	}
}

// TestSymmetricSweepRests: where one sweep ends at the minimum the next one finds rest,
// although it measures rounding alone on the way back.
func TestSymmetricSweepRests(t *testing.T) {
	n, err := New(Config{
		Nodes:       []Node{{Name: "target", Size: 1}, {Name: "hidden", Size: 1, Prior: 0.3}, {Name: "input", Size: 1, Prior: 0.3}},
		Predictions: []Prediction{{Of: "target", From: []Edge{{Nodes: []string{"hidden"}}}, Unbiased: true, Precision: 2.43}},
		Dtype:       Float64, Seed: 1,
	})
	must(t, err)
	for _, method := range []Method{GaussSeidel, SymmetricGaussSeidel, RedBlack} {
		for seed := range uint64(50) {
			r, err := n.Settle(t.Context(), n.Clamp(nil, randomBatch(seed, Float64, 2, 1)), Inference{Method: method, Tolerance: 1e-12})
			must(t, err)
			if r.Status != Converged || r.Steps > 3 {
				t.Fatalf("%v: %v", method, r)
			}
		}
	}
}
