package graph

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

func specs(dt tensor.Dtype) map[string]Spec {
	all := map[string]chain{}
	for _, a := range builtins() {
		for name, clamped := range map[string][]bool{
			"both ends": {true, false, false, true},
			"bottom":    {true, false, false, false},
			"top":       {false, false, false, true},
			"middle":    {false, true, false, false},
			"none":      {false, false, false, false},
		} {
			for _, precise := range []bool{false, true} {
				s := chain{Sizes: []int{5, 4, 6, 3}, Activations: []*feature.Activation{a, a, feature.Identity}, Clamped: clamped, Batch: 3, Dtype: dt}
				if name == "bottom" {
					s.Activations = []*feature.Activation{a, a, a}
				}
				label := fmt.Sprintf("%v/%s", a, name)
				if precise {
					s.Precise = []bool{true, false, true}
					label += "/precision"
				}
				all[label] = s
				if name == "none" || name == "top" {
					s.Masked = []bool{true, false, true, false}
					all[label+"/masks"] = s
					s.Masked = nil
				}
				if a == feature.Tanh || a == feature.Identity { // they differ in the fusion of kernels
					with := s
					with.Prior = 0.3
					all[label+"/prior"] = with
					for _, k := range []*NodeEnergy{CrossEntropy, Bernoulli} {
						of := with
						of.Energies = []*NodeEnergy{k, Gaussian, Gaussian}
						if precise {
							of.Precise = []bool{false, true, true}
						}
						if !clamped[0] {
							of.Masked = []bool{true, false, name == "none", false}
						}
						all[fmt.Sprintf("%s/%v", label, k)] = of
					}
				}
				if clamped[0] && !precise {
					s.Gram = []bool{true, false, false}
					all[label+"/gram"] = s
				}
			}
		}
	}
	specs := map[string]Spec{}
	for name, c := range all {
		specs[name] = c.spec()
	}
	return specs
}

// TestEnergyGradient holds the machine's gradient of the whole energy by each
// free latent against central differences.
func TestEnergyGradient(t *testing.T) {
	const tol = 1e-6
	for name, s := range specs(tensor.Float64) {
		t.Run(name, func(t *testing.T) {
			e, err := Build(s)
			must(t, err)
			bindRandom(t, e, 3)
			m, err := Compile(e)
			must(t, err)
			for l, v := range e.Latents {
				if !e.wiring.descends(l) {
					if e.Gradients[l] != nil {
						t.Errorf("node %d does not descend and has a gradient", l)
					}
					continue
				}
				x := v.Value().Data().([]float64)
				at := append([]float64(nil), x...)
				want := fd.Gradient(nil, func(p []float64) float64 {
					copy(x, p)
					must(t, m.RunAll())
					return floats(e.Total.Value())[0]
				}, at, &fd.Settings{Formula: fd.Central})
				copy(x, at)
				must(t, m.RunAll())
				for j, got := range floats(e.Gradients[l].Value()) {
					if e.Masks[l] != nil {
						want[j] *= floats(e.Masks[l].Value())[j] // 0 for fixed units
					}
					if math.Abs(got-want[j]) > tol*(1+math.Abs(want[j])) {
						t.Errorf("∂E/∂v%d[%d]: got %v, central difference %v", l, j, got, want[j])
					}
				}
			}
		})
	}
}

// TestMachineIsTapeMachine runs one graph on Gorgonia's machine and on ours.
func TestMachineIsTapeMachine(t *testing.T) {
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-5} {
		for name, s := range specs(dt) {
			t.Run(fmt.Sprintf("%v/%s", dt, name), func(t *testing.T) {
				e, err := Build(s)
				must(t, err)
				bindRandom(t, e, 5)

				m, err := Compile(e) // before Read adds nodes of its own
				must(t, err)
				var outputs G.Nodes
				for _, n := range slices.Concat(G.Nodes{e.Total}, e.Energies, e.hebbian(), e.Gradients) {
					if n != nil && n.Op() != nil {
						outputs = append(outputs, n)
					}
				}
				want := make([]G.Value, len(outputs))
				for i, n := range outputs {
					G.Read(n, &want[i])
				}
				tm := G.NewTapeMachine(e.Graph)
				must(t, tm.RunAll())
				wants := make([][]float64, len(want))
				for i, v := range want {
					wants[i] = append([]float64(nil), floats(v)...)
				}
				must(t, tm.Close())

				must(t, m.RunAll())
				for i, n := range outputs {
					for j, got := range floats(n.Value()) {
						if math.Abs(got-wants[i][j]) > tol*(1+math.Abs(wants[i][j])) {
							t.Fatalf("%s[%d]: machine %v, TapeMachine %v", n.Name(), j, got, wants[i][j])
						}
					}
				}
			})
		}
	}
}

// TestInputsAreApart: edges between the same nodes have parameters of their own unless they
// share them, whatever nodes are called.
func TestInputsAreApart(t *testing.T) {
	edge := func(from string) Edge { return Edge{From: []string{from}} }
	s := Spec{
		Nodes: []Node{{Name: "a", Shape: []int{2}}, {Name: "b", Shape: []int{2}}, {Name: "weight a←b", Shape: []int{2}}, {Name: "a (2)", Shape: []int{2}}},
		Predictions: []Prediction{
			{Of: "a", Edges: []Edge{edge("b"), edge("b"), {From: []string{"b"}, Share: "w"}, {From: []string{"weight a←b"}, Share: "w"}}},
			{Of: "a", Edges: []Edge{edge("b")}, Bias: true},
			{Of: "a (2)", Edges: []Edge{edge("b")}, Bias: true},
		},
		Batch: 1, Dtype: tensor.Float64,
	}
	e, err := Build(s)
	must(t, err)
	seen := map[*G.Node]int{}
	for _, n := range append(e.frozen, e.Latents...) {
		seen[n]++
	}
	for n, times := range seen {
		if times > 1 {
			t.Errorf("%s is %d inputs", n.Name(), times)
		}
	}
	if of := e.Terms[0].Edges; of[2].Parameters[0] != of[3].Parameters[0] || of[0].Parameters[0] == of[1].Parameters[0] {
		t.Errorf("parameters %v", of)
	}
}
