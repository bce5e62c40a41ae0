package graph

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// TestTurnsSeeNewValues takes turns through the free nodes, and holds each step
// against the one that a machine computes from scratch where the latents then
// are: nothing out of date is used. It also holds H⁻¹ against H.
func TestTurnsSeeNewValues(t *testing.T) {
	for _, clamped := range [][]bool{{true, false, false, false, true}, {true, false, false, false, false}, {false, false, true, false, false}} {
		for kind, precise := range [][]bool{nil, {true, false, true, true}, {true, false, true, true}} {
			for _, a := range []*feature.Activation{feature.Tanh, feature.Identity} {
				for name, dir := range map[string]int{"up": 1, "down": -1, "there and back": 0} {
					s := chain{Sizes: []int{9, 5, 10, 4, 3}, Activations: []*feature.Activation{a, a, a, feature.Identity}, Clamped: clamped, Precise: precise, Steps: BlockSteps, Batch: 3, Dtype: tensor.Float64}
					if clamped[0] && precise == nil {
						s.Gram = []bool{true, false, false, false}
					}
					if !clamped[4] {
						s.Masked = []bool{false, true, false, false, true}
					}
					if a == feature.Tanh {
						s.Prior = 0.2
					}
					if kind == 2 { // another energy at the bottom
						s.Energies = []*NodeEnergy{map[*feature.Activation]*NodeEnergy{feature.Tanh: CrossEntropy, feature.Identity: Bernoulli}[a], Gaussian, Gaussian, Gaussian}
						s.Precise = append([]bool{false}, precise[1:]...)
						if !clamped[0] {
							s.Masked[0] = true
						}
					}
					e, err := Build(s.spec())
					must(t, err)
					bindRandom(t, e, 9)
					var free, order []int
					for l := range clamped {
						if e.wiring.descends(l) {
							free = append(free, l)
						}
					}
					order = append(order, free...)
					if dir <= 0 {
						slices.Reverse(order)
					}
					if dir == 0 {
						order = append(order, free[1:]...)
					}
					m, err := CompileFor(e, Options{Turns: single(order)})
					must(t, err)
					fromScratch, err := Compile(e)
					must(t, err)
					for _, m := range []*Machine{m, fromScratch} {
						must(t, m.RunAll())
					}
					shard, other := m.shards[0], fromScratch.shards[0]
					shard.Errors()
					if dir <= 0 {
						for l := len(clamped) - 2; l >= 0; l-- {
							if !clamped[l] {
								shard.Predict(l)
							}
						}
						shard.Begin()
					}
					follow := func() {
						for l := range clamped {
							if !clamped[l] {
								must(t, tensor.Copy(other.Latent(l), shard.Latent(l)))
							}
						}
					}
					follow()
					other.Errors()
					near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-9*(1+math.Abs(want)) }
					for i := range e.Terms {
						if got, want := shard.Error(i).Float64s(), other.Error(i).Float64s(); !slices.EqualFunc(got, want, near) || !near(shard.Energy(i), other.Energy(i)) {
							t.Fatalf("%v %v %v %s: before the first pass, node %d: errors %v of energy %v, from scratch %v, %v", clamped, precise, a, name, i, got, shard.Energy(i), want, other.Energy(i))
						}
					}
					for pass := range 3 {
						for turn, l := range order {
							shard.Turn(turn, pass == 0)
							follow()
							other.Gradients()
							other.Steps()
							want := other.Step(l).Float64s()
							for i, got := range shard.Step(l).Float64s() {
								if !near(got, want[i]) {
									t.Fatalf("%v %v %v %s: pass %d, node %d: step %v, from scratch %v", clamped, precise, a, name, pass, l, got, want[i])
								}
								shard.Latent(l).Float64s()[i] -= 0.3 * got
							}
						}
					}
				}
			}
		}
	}
}

// stepped returns the first shard of a machine of e, its gradients and steps computed.
func stepped(t *testing.T, e *Energy) *Shard {
	t.Helper()
	m, err := Compile(e)
	must(t, err)
	must(t, m.RunAll())
	m.shards[0].Gradients()
	m.shards[0].Steps()
	return m.shards[0]
}

// gramOf sets g to wᵀw for a w of k columns.
func gramOf(g, w []float64, k int) {
	clear(g)
	for r := 0; r < len(w); r += k {
		for i := range g {
			g[i] += w[r+i/k] * w[r+i%k]
		}
	}
}

// TestNarrowStep holds the step of a node above a much smaller one, which inverts a
// matrix of that one's size, against the gradient times H⁻¹.
func TestNarrowStep(t *testing.T) {
	for _, prior := range []float64{0, 0.4} {
		for _, bottom := range []*NodeEnergy{Gaussian, CrossEntropy} {
			s := chain{
				Sizes: []int{3, 8, 2, 6}, Activations: []*feature.Activation{feature.Sigmoid, feature.Tanh, feature.Identity}, Energies: []*NodeEnergy{bottom, Gaussian, Gaussian},
				Clamped: []bool{true, false, false, true}, Prior: prior, Steps: BlockSteps, Batch: 4, Dtype: tensor.Float64,
			}
			e, err := Build(s.spec())
			must(t, err)
			bindRandom(t, e, 9)
			shard := stepped(t, e)
			const k = 8
			w, g := floats(e.Terms[0].Edges[0].Parameters[0].Value()), floats(shard.Gradient(1))
			h := make([]float64, k*k)
			gramOf(h, w, k)
			for i := range h {
				if h[i] *= feature.Sigmoid.MaxSlope() * feature.Sigmoid.MaxSlope() * bottom.Curvature(); i%k == i/k {
					h[i] += 1 + prior
				}
			}
			for row := range s.Batch {
				for j := range k { // step H is the gradient
					sum := 0.0
					for i := range k {
						sum += floats(shard.Step(1))[row*k+i] * h[i*k+j]
					}
					if want := g[row*k+j]; math.Abs(sum-want) > 1e-12*(1+math.Abs(want)) {
						t.Errorf("prior %v, %v: (step H)[%d, %d] is %v, the gradient %v", prior, bottom, row, j, sum, want)
					}
				}
			}
		}
	}
}

// forms calls f for energies with steps of a form, over clamps, masks, precisions,
// activations and forms of the energy.
func forms(t *testing.T, form StepForm, f func(what string, e *Energy)) {
	for _, clamped := range [][]bool{{true, false, false, false, true}, {true, false, false, false, false}, {false, false, true, false, false}} {
		for _, precise := range [][]bool{nil, {true, false, true, true}} {
			for _, masked := range [][]bool{nil, {false, false, false, true, false}, {false, true, false, false, true}} {
				if masked != nil && (masked[1] && clamped[1] || masked[4] && clamped[4]) {
					continue
				}
				for _, a := range []*feature.Activation{feature.Tanh, feature.Identity, feature.Sigmoid} {
					s := chain{Sizes: []int{9, 5, 10, 4, 3}, Activations: []*feature.Activation{a, a, a, feature.Identity}, Clamped: clamped, Masked: masked, Precise: precise, Steps: form, Batch: 3, Dtype: tensor.Float64}
					switch {
					case clamped[0] && precise == nil && masked == nil:
						s.Gram = []bool{true, false, false, false}
					case clamped[0] && precise == nil:
						s.Energies = []*NodeEnergy{Bernoulli, Gaussian, Gaussian, Gaussian}
					case precise != nil:
						s.Prior = 0.3
					}
					e, err := Build(s.spec())
					must(t, err)
					bindRandom(t, e, 9)
					f(fmt.Sprintf("%v %v %v %v", clamped, precise, masked, a), e)
				}
			}
		}
	}
}

// TestStepsAreReference holds the machine's steps of each form against the
// operations' plain Do.
func TestStepsAreReference(t *testing.T) {
	for _, form := range []StepForm{BlockSteps, ChainSteps, ErrorSteps} {
		forms(t, form, func(what string, e *Energy) {
			shard := stepped(t, e)
			for l, n := range e.Steps {
				if n == nil {
					continue
				}
				want := floats(eval(t, n))
				for i, got := range shard.Step(l).Float64s() {
					if math.Abs(got-want[i]) > 1e-9*(1+math.Abs(want[i])) {
						t.Fatalf("form %d, %s: step of node %d is %v, want %v", form, what, l, got, want[i])
					}
				}
			}
		})
	}
}

// TestErrorSteps holds error steps against central differences of the energy by
// the errors, the latents below moving along.
func TestErrorSteps(t *testing.T) {
	forms(t, ErrorSteps, func(what string, e *Energy) {
		m, err := Compile(e)
		must(t, err)
		must(t, m.RunAll())
		shard := m.shards[0]
		shard.Errors()
		top := len(e.Latents) - 1
		var free []int // from the top down
		errs := make([][]float64, top+1)
		for l := top; l >= 0; l-- {
			if e.Spec.Nodes[l].Clamped {
				continue
			}
			free = append(free, l)
			if errs[l] = slices.Clone(shard.Latent(l).Float64s()); l < top {
				errs[l] = slices.Clone(shard.Error(l).Float64s())
			}
		}
		energyAt := func(l int, x []float64) float64 {
			for _, k := range free {
				v, fixed := shard.Latent(k).Float64s(), slices.Clone(shard.Latent(k).Float64s())
				clear(v)
				if k < top {
					shard.Predict(k)
				}
				of := errs[k]
				if k == l {
					of = x
				}
				for i := range v {
					v[i] += of[i]
					if mask := e.Masks[k]; mask != nil && floats(mask.Value())[i] == 0 {
						v[i] = fixed[i]
					}
				}
			}
			shard.Evaluate()
			sum := 0.0
			for i := range top {
				sum += shard.Energy(i)
			}
			return sum
		}
		shard.Gradients()
		shard.Steps()
		steps := make([][]float64, top+1)
		for _, l := range free {
			steps[l] = slices.Clone(shard.Step(l).Float64s())
		}
		for _, l := range free {
			want := fd.Gradient(nil, func(x []float64) float64 { return energyAt(l, x) }, errs[l], &fd.Settings{Formula: fd.Central})
			for i, got := range steps[l] {
				if math.Abs(got-want[i]) > 1e-5*(1+math.Abs(want[i])) {
					t.Fatalf("%s: step of node %d is %v, want %v", what, l, got, want[i])
				}
			}
		}
	})
}
