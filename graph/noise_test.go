package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// TestNoiseHasTheInverseCurvature: where the noise of a node is each unit in turn, the steps
// that it makes, C = Σ s sᵀ, are a root of H⁻¹: with H as differences of gradients, C H is the
// identity on the units that are free.
func TestNoiseHasTheInverseCurvature(t *testing.T) {
	const by = 1e6 // so that the gradient is nothing beside it
	for _, dtype := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		for _, precise := range [][]bool{nil, {true, false, true, true}} {
			for _, masked := range [][]bool{nil, {false, true, false, true, false}} {
				for _, prior := range []float64{0, 0.3} {
					what := fmt.Sprintf("%v, precise %v, masked %v, prior %v", dtype, precise, masked, prior)
					tolerance := 1e-6
					if masked != nil || dtype == tensor.Float32 { // which are solved to a thousandth
						tolerance = 1e-2
					}
					i := feature.Identity
					s := chain{
						Sizes: []int{9, 5, 10, 4, 3}, Activations: []*feature.Activation{i, i, i, i}, Clamped: []bool{false, false, false, false, true},
						Masked: masked, Precise: precise, Prior: prior, Steps: BlockSteps, Batch: 3, Dtype: dtype,
					}.spec()
					s.Noise, s.Predictions[0].Weight = true, 2
					e, err := Build(s)
					must(t, err)
					bindRandom(t, e, 9)
					shard := stepped(t, e)
					for l, xi := range e.Noise {
						if xi == nil {
							continue
						}
						k := e.Spec.Nodes[l].Size()
						with := func(x *tensor.Dense, j int, add float64, of func(int) *tensor.Dense) []float64 { // of the first example
							old := slices.Clone(floats(x)[:k])
							set(x, j, old[j]+add)
							shard.Gradients()
							shard.Steps()
							row := slices.Clone(floats(of(l))[:k])
							set(x, j, old[j])
							return row
						}
						still, rest := with(shard.Noise(l), 0, 0, shard.Step), with(shard.Latent(l), 0, 0, shard.Gradient)
						c, h := mat.NewDense(k, k, nil), mat.NewDense(k, k, nil)
						var free []int
						for j := range k {
							step := mat.NewVecDense(k, with(shard.Noise(l), j, by, shard.Step))
							step.SubVec(step, mat.NewVecDense(k, still))
							step.ScaleVec(1/by, step)
							c.RankOne(c, 1, step, step)
							if e.Masks[l] != nil && floats(e.Masks[l].Value())[j] == 0 {
								continue
							}
							free = append(free, j)
							for i, g := range with(shard.Latent(l), j, 1, shard.Gradient) {
								h.Set(i, j, g-rest[i])
							}
						}
						var product mat.Dense
						product.Mul(c, h)
						for _, i := range free {
							for _, j := range free {
								want := 0.0
								if i == j {
									want = 1
								}
								if got := product.At(i, j); !(math.Abs(got-want) <= tolerance) {
									t.Errorf("%s: node %d: (C H)[%d, %d] = %.6f, want %v", what, l, i, j, got, want)
								}
							}
						}
					}
				}
			}
		}
	}
}

// set sets element i of x.
func set(x *tensor.Dense, i int, to float64) {
	if x.Dtype() == tensor.Float32 {
		x.Float32s()[i] = float32(to)
	} else {
		x.Float64s()[i] = to
	}
}

// TestNoiseIsDrawnAnew: a turn takes noise as it has been set since the node's last one.
func TestNoiseIsDrawnAnew(t *testing.T) {
	i := feature.Identity
	s := chain{Sizes: []int{3, 4, 2}, Activations: []*feature.Activation{i, i}, Clamped: []bool{true, false, true}, Steps: BlockSteps, Batch: 2, Dtype: tensor.Float64}.spec()
	s.Noise = true
	e, err := Build(s)
	must(t, err)
	bindRandom(t, e, 9)
	m, err := CompileFor(e, Options{Turns: single([]int{1, 1})})
	must(t, err)
	must(t, m.RunAll())
	shard := m.shards[0]
	shard.Look()
	var before []float64
	for at := range 4 {
		set(shard.Noise(1), 0, float64(at))
		shard.Turn(at%2, at < 2)
		steps := slices.Clone(shard.Step(1).Float64s())
		if at > 0 && (slices.Equal(steps[:4], before[:4]) || !slices.Equal(steps[4:], before[4:])) {
			t.Errorf("turn %d: steps %v, after %v", at, steps, before)
		}
		before = steps
	}
}

// TestNoiseRefused: of a node of which the curvature differs by example there is none.
func TestNoiseRefused(t *testing.T) {
	s := Spec{
		Nodes:       []Node{{Name: "data", Shape: tensor.Shape{4}, Clamped: true}, {Name: "code", Shape: tensor.Shape{2}}, {Name: "class", Shape: tensor.Shape{3}, Clamped: true}},
		Predictions: []Prediction{{Of: "data", Edges: []Edge{{From: []string{"code", "class"}, Feature: feature.Outer{}}}}},
		Steps:       BlockSteps, Noise: true, Batch: 1, Dtype: tensor.Float32,
	}
	if _, err := Build(s); err == nil || !strings.Contains(err.Error(), "node code: its curvature differs from example to example") {
		t.Errorf("got error %v", err)
	}
}
