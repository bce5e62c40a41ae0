package model

import (
	"context"
	"fmt"
	"strings"
	"testing"
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
	if s := settle(Inference{Steps: 60, Rate: 1e6, Unguarded: true}).String(); !strings.HasPrefix(s, "diverged after ") || !strings.Contains(s, " at node ") {
		t.Errorf("got %q", s)
	}
	if settle(Inference{}).Energies() != nil {
		t.Error("want no energies without a trace")
	}
}
