package graph

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/dense"
)

// near reports whether two numbers are the same to a tolerance, relative above 1.
func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*(1+math.Abs(want)) || math.IsNaN(got) && math.IsNaN(want)
}

// TestRandomGraphs holds on random graphs: the machine is TapeMachine; gradients are the
// central differences of the energy by each free latent; and δ ⊗ ψ, scaled, is −∂E/∂θ.
func TestRandomGraphs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := randomSpec(rt, false)
		e, err := Build(s)
		if err != nil {
			rt.Fatal(err)
		}
		bindRandom(t, e, 5)
		m, err := Compile(e) // before Read adds nodes of its own
		if err != nil {
			rt.Fatal(err)
		}
		must(t, m.RunAll())
		outputs := slices.DeleteFunc(slices.Concat(G.Nodes{e.Total}, e.Energies, e.hebbian(), e.Gradients), func(n *G.Node) bool { return n == nil || n.Op() == nil })
		var got [][]float64
		for _, n := range outputs {
			got = append(got, slices.Clone(floats(n.Value())))
		}

		differencesHold(t, rt.Fatalf, m)

		want := make([]G.Value, len(outputs))
		for i, n := range outputs {
			G.Read(n, &want[i])
		}
		tape := G.NewTapeMachine(e.Graph)
		defer tape.Close()
		must(t, tape.RunAll())
		for i, n := range outputs {
			for j, x := range floats(want[i]) {
				if !near(got[i][j], x, 1e-12) {
					rt.Fatalf("%s[%d]: machine %v, TapeMachine %v", n.Name(), j, got[i][j], x)
				}
			}
		}
	})
}

// differencesHold fails where the gradient by a latent, or a Hebbian update, is not the
// central difference of the energy. The machine has been run.
func differencesHold(t *testing.T, fatalf func(format string, a ...any), m *Machine) {
	t.Helper()
	e := m.energy
	s := e.Spec
	energy := func() float64 {
		must(t, m.RunAll())
		return floats(e.Total.Value())[0]
	}
	differences := func(n *G.Node) []float64 {
		x := n.Value().Data().([]float64)
		at := slices.Clone(x)
		d := fd.Gradient(nil, func(p []float64) float64 {
			copy(x, p)
			return energy()
		}, at, &fd.Settings{Formula: fd.Central})
		copy(x, at)
		energy()
		return d
	}
	gradients := make([][]float64, len(e.Latents))
	for l, n := range e.Gradients {
		if n != nil {
			gradients[l] = slices.Clone(floats(n.Value()))
		}
	}
	for l, g := range gradients {
		if g == nil {
			continue
		}
		for j, want := range differences(e.Latents[l]) {
			if e.Masks[l] != nil {
				want *= floats(e.Masks[l].Value())[j] // 0 for fixed units
			}
			if !near(g[j], want, 1e-6) {
				fatalf("%s∂E/∂%s[%d]: got %v, central difference %v", show(s), s.Nodes[l].Name, j, g[j], want)
			}
		}
	}
	for theta, got := range hebbianOf(m) {
		for j, want := range differences(theta) {
			if !near(got[j], -want, 1e-6) {
				fatalf("%s%s[%d]: Hebbian %v, −∂E/∂θ %v", show(s), theta.Name(), j, got[j], -want)
			}
		}
	}
}

// hebbianOf returns the Hebbian update of each parameter that is learned, summed over the
// batch: Σ a δ ⊗ ψ over the edges that have it, and the sum of δ for a bias.
func hebbianOf(m *Machine) map[*G.Node][]float64 {
	e, of := m.energy, map[*G.Node][]float64{}
	for i, t := range e.Terms {
		delta := m.Delta(i)
		if t.Bias != nil {
			n := e.wiring.Biases[i]
			of[t.Bias] = make([]float64, n)
			for j, d := range delta.Float64s() {
				of[t.Bias][j%n] += d
			}
		}
		for j, edge := range t.Edges {
			psi, into := m.Feature(i, j), []*tensor.Dense{}
			spec := e.Spec.Predictions[i].Edges[j]
			if of := spec.Map.Parameters(e.wiring.Features[i][j], e.wiring.Sums[i]); len(of) == 0 || of[0].Value != nil {
				continue // nothing is learned
			}
			for _, theta := range edge.Parameters {
				into = append(into, tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(theta.Shape()...)))
			}
			outer := spec.Map.Outer(e.wiring.Features[i][j], e.wiring.Sums[i])
			outer.Prepare(delta, psi)
			for lo := range edge.Parameters[0].Shape()[0] { // in any pieces
				var rows []*tensor.Dense
				for _, x := range into {
					rows = append(rows, dense.Rows(x, lo, lo+1))
				}
				outer.Rows(rows, delta, psi, spec.Scale, lo, lo+1)
			}
			for k, theta := range edge.Parameters {
				if of[theta] == nil {
					of[theta] = make([]float64, theta.Shape().TotalSize())
				}
				for at, x := range into[k].Float64s() {
					of[theta][at] += x
				}
			}
		}
	}
	return of
}

// TestRandomTurns takes turns through the nodes of random graphs and holds each step
// against the one that a machine computes from scratch where the latents then are.
func TestRandomTurns(t *testing.T) {
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := randomSpec(rt, false)
		s.Steps = BlockSteps
		e, err := Build(s)
		if err != nil {
			rt.Skip("a feature has no curvature of single units")
		}
		bindRandom(t, e, 9)
		var order []int
		for l, n := range e.Steps {
			if n != nil {
				order = append(order, l)
			}
		}
		if len(order) == 0 {
			return
		}
		taken++
		order = rapid.Permutation(order).Draw(rt, "order")
		m, err := CompileFor(e, Options{Turns: single(order)})
		must(t, err)
		fromScratch, err := Compile(e)
		must(t, err)
		for _, m := range []*Machine{m, fromScratch} {
			must(t, m.RunAll())
		}
		shard, other := m.shards[0], fromScratch.shards[0]
		if rapid.Bool().Draw(rt, "predicted") {
			for _, l := range e.wiring.Order {
				if first := e.wiring.First[l]; first >= 0 && m.lists.predict[first] >= 0 {
					shard.Predict(first)
				}
			}
			shard.Begin()
		} else {
			shard.Errors()
		}
		for pass := range 3 {
			for turn, l := range order {
				shard.Turn(turn, pass == 0)
				for k := range e.Latents {
					if shard.Latent(k) != nil {
						must(t, tensor.Copy(other.Latent(k), shard.Latent(k)))
					}
				}
				other.Gradients()
				other.Steps()
				want := other.Step(l).Float64s()
				gradient := other.Gradient(l).Float64s()
				for i, got := range shard.Step(l).Float64s() {
					if g := shard.Gradient(l).Float64s()[i]; !near(g, gradient[i], 1e-9) {
						rt.Fatalf("pass %d, %s: gradient %v, from scratch %v", pass, s.Nodes[l].Name, g, gradient[i])
					}
					if !near(got, want[i], 1e-9) {
						rt.Fatalf("pass %d, %s: step %v, from scratch %v", pass, s.Nodes[l].Name, got, want[i])
					}
					shard.Latent(l).Float64s()[i] -= 0.3 * got
				}
			}
		}
	})
	if taken == 0 {
		t.Error("no graph had blocks")
	}
}

// randomChain draws a chain of dense layers above a clamped bottom, which has steps of every
// form; a prior of the top makes the wide ones' curvature one that rounding can invert.
func randomChain(t *rapid.T) Spec {
	sizes := rapid.SliceOfN(rapid.IntRange(1, 4), 2, 5).Draw(t, "sizes")
	activations := make([]*feature.Activation, len(sizes)-1)
	for i := range activations {
		activations[i] = rapid.SampledFrom([]*feature.Activation{feature.Identity, feature.Tanh, feature.GELU}).Draw(t, "activation")
	}
	s := Chain(sizes, activations, rapid.IntRange(1, 3).Draw(t, "batch"), tensor.Float64)
	s.Nodes[0].Clamped, s.Nodes[len(sizes)-1].Prior = true, 0.3
	return s
}

// TestRandomSteps holds the machine's steps of each form, on random graphs that have them
// and on random chains, which have all, against the operations' plain Do.
func TestRandomSteps(t *testing.T) {
	taken := map[StepForm]int{}
	rapid.Check(t, func(rt *rapid.T) {
		graph, chain := randomSpec(rt, false), randomChain(rt)
		for _, form := range []StepForm{BlockSteps, ChainSteps, ErrorSteps} {
			for i, s := range []Spec{graph, chain} {
				s.Steps = form
				e, err := Build(s)
				if err != nil && i == 0 && form != ErrorSteps {
					continue // the form is not for this graph
				}
				must(t, err)
				bindRandom(t, e, 9)
				shard := stepped(t, e)
				for l, n := range e.Steps {
					if n == nil {
						continue
					}
					taken[form]++
					want := floats(eval(t, n))
					for i, got := range shard.Step(l).Float64s() {
						if !near(got, want[i], 1e-9) {
							rt.Fatalf("%sform %d: step of %s is %v, want %v", show(s), form, s.Nodes[l].Name, got, want[i])
						}
					}
				}
			}
		}
	})
	t.Logf("steps by form: %v", taken)
}
