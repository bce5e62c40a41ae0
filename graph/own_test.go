package graph

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// TestOwnTerm adds a term of two nodes to an energy: gradients are central differences,
// and the machine is TapeMachine.
func TestOwnTerm(t *testing.T) {
	must(t, RegisterTerm("agree", OwnTerm{
		Energy: func(v [][]float64) (e float64) {
			for i, a := range v[0] {
				d := a - v[1][i]
				e += d*d/2 + math.Cos(a)
			}
			return e
		},
		Gradient: func(g, v [][]float64) {
			for i, a := range v[0] {
				g[0][i], g[1][i] = a-v[1][i]-math.Sin(a), v[1][i]-a
			}
		},
		Curvature: 3,
	}))
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		s := chain{Sizes: []int{3, 4, 4, 2}, Activations: []*feature.Activation{feature.Tanh, feature.Tanh, feature.Identity}, Clamped: []bool{true, false, false, true}, Steps: BlockSteps, Batch: 5, Dtype: dt}.spec()
		s.Own = []Own{{"agree", []string{"v1", "v2"}}}
		e, err := Build(s)
		must(t, err)
		bindRandom(t, e, 2)
		m, err := Compile(e)
		must(t, err)
		must(t, m.RunAll())
		tolerance := map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-12}[dt]
		for _, l := range []int{1, 2} {
			got := slices.Clone(floats(e.Gradients[l].Value()))
			for i, want := range floats(eval(t, e.Gradients[l])) {
				if !near(got[i], want, tolerance) {
					t.Errorf("%v: gradient %d of node %d: %v, by Do %v", dt, i, l, got[i], want)
				}
			}
			if dt == tensor.Float32 {
				continue
			}
			x := e.Latents[l].Value().Data().([]float64)
			want := fd.Gradient(nil, func(p []float64) float64 {
				copy(x, p)
				must(t, m.RunAll())
				return floats(e.Total.Value())[0]
			}, slices.Clone(x), &fd.Settings{Formula: fd.Central})
			for i := range got {
				if !near(got[i], want[i], 1e-6) {
					t.Errorf("gradient %d of node %d: %v, central difference %v", i, l, got[i], want[i])
				}
			}
		}
		if n := testing.AllocsPerRun(5, func() { m.shards[0].Evaluate() }); n != 0 {
			t.Errorf("%v allocations a step", n)
		}
	}
	s := chain{Sizes: []int{3, 2}, Activations: []*feature.Activation{feature.Tanh}, Clamped: []bool{true, false}, Batch: 1, Dtype: tensor.Float64}.spec()
	for want, own := range map[string]Own{
		`own[0]: term: must be one of agree, got "none"`: {"none", []string{"v0"}},
		`own[0]: nodes: must be nodes, got "w"`:          {"agree", []string{"w"}},
		"own[0]: nodes: must name one, got none":         {"agree", nil},
	} {
		s.Own = []Own{own}
		if _, err := Build(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
