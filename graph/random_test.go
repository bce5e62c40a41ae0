package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// cyclic is a map of the user's own: a circular convolution with as many weights as units.
var cyclic = &linear.Own{
	Name: "cyclic",
	Shape: func(k, n int) ([]int, error) {
		if k != n {
			return nil, fmt.Errorf("must have %d units, got %d", n, k)
		}
		return []int{n}, nil
	},
	Product: func(out, psi, theta []float64) {
		for i := range out {
			out[i] = 0
			for j, w := range theta {
				out[i] += w * psi[(i+j)%len(psi)]
			}
		}
	},
	Pullback: func(psi, delta, theta []float64) {
		clear(psi)
		for i, d := range delta {
			for j, w := range theta {
				psi[(i+j)%len(psi)] += w * d
			}
		}
	},
	Add: func(into, delta, psi []float64) {
		for i, d := range delta {
			for j := range into {
				into[j] += d * psi[(i+j)%len(psi)]
			}
		}
	},
	Norm: func(theta []float64) (sum float64) {
		for _, w := range theta {
			sum += math.Abs(w)
		}
		return sum
	},
}

// convolutions of which images of 2×3, 1×2 and 4 positions take one to each other.
var convolutions = []string{"conv 2x3 stride 2 pad 0x1", "conv-transpose 2 stride 2x1", "conv 3x2 pad same groups 2", "conv 2x3 pad same"}

// shapedTexts are features that take images of these positions to others, or to vectors.
var shapedTexts = []string{"flatten", "max-pool 2 stride 1", "max-pool 1x2", "max-pool 3 stride 2 pad 1", "avg-pool 1x2", "avg-pool 2 stride 1 pad 1", "global-avg-pool", "upsample 1x2", "upsample 2", "layer-norm", "rms-norm"}

// shapedFeature draws one that is for images of a shape, the identity where none is.
func shapedFeature(t *rapid.T, of tensor.Shape) feature.Feature {
	f, err := feature.Parse(rapid.SampledFrom(shapedTexts).Draw(t, "shaped"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := f.Shape(of)
	if _, norm := f.(*feature.Normalise); err != nil || made.TotalSize() > 24 || norm && of.TotalSize() < 4 { // of which the spread may be next to none
		return feature.Identity
	}
	return f
}

// randomSpec draws a network: nodes that predict each other along any graph, circles
// among them, vectors or images, by any feature and map, in both conventions, with shared parameters,
// weights, priors, precisions, clamps and masks. Linear ones have identities alone.
func randomSpec(t *rapid.T, linearOnly bool) Spec {
	s := Spec{Batch: rapid.IntRange(1, 3).Draw(t, "batch"), Dtype: tensor.Float64}
	yes := func(of int, what string) bool { return rapid.IntRange(1, of).Draw(t, what) == 1 }
	same := rapid.IntRange(1, 4).Draw(t, "size")
	images := !linearOnly && yes(3, "images")
	for l := range rapid.IntRange(2, 5).Draw(t, "nodes") {
		n := Node{Name: fmt.Sprintf("n%d", l), Shape: tensor.Shape{same}}
		if yes(2, "other size") {
			n.Shape = tensor.Shape{rapid.IntRange(1, 4).Draw(t, "its size")}
		}
		if images {
			positions := rapid.SampledFrom([]tensor.Shape{{2, 3}, {2, 3}, {1, 2}, {4}}).Draw(t, "positions")
			n.Shape = append(positions.Clone(), rapid.IntRange(1, 2).Draw(t, "channels"))
		}
		switch rapid.IntRange(0, 4).Draw(t, "clamp") {
		case 0:
			n.Clamped = true
		case 1:
			n.Masked = true
		}
		if yes(4, "prior") {
			n.Prior = 0.3
		}
		s.Nodes = append(s.Nodes, n)
	}
	smooth := []*feature.Activation{feature.Identity, feature.Tanh, feature.Sigmoid, feature.GELU, feature.Softplus}
	if linearOnly {
		smooth = smooth[:1]
	}
	activation := func() *feature.Activation { return rapid.SampledFrom(smooth).Draw(t, "activation") }
	last := len(s.Nodes) - 1
	predict := func(l int) {
		of := s.Nodes[l]
		p := Prediction{Of: of.Name, Bias: yes(2, "bias"), Precise: yes(3, "precise")}
		if yes(3, "after") {
			p.After = activation()
			if images && p.Bias && of.Size() >= 4 && yes(3, "after of positions") {
				p.After = feature.LayerNorm
			}
		}
		if yes(3, "weight") {
			p.Weight = 0.7
		}
		if !linearOnly && yes(4, "laplace") {
			p.Energy, p.Precise = Laplace, false
		}
		for range rapid.IntRange(1, 3).Draw(t, "edges") {
			source := rapid.IntRange(0, last).Draw(t, "source")
			from := s.Nodes[source]
			e := Edge{From: []string{from.Name}, Feature: activation(), Feedback: source <= l}
			psi := from.Shape
			if yes(5, "concat") {
				other := rapid.IntRange(0, last).Draw(t, "other source")
				if side, err := (feature.Concat{}).Shape(psi, s.Nodes[other].Shape); err == nil {
					e.From = append(e.From, s.Nodes[other].Name)
					e.Feature = feature.Sequence{feature.Concat{}, activation()}
					e.Feedback = e.Feedback || other <= l
					psi = side
				}
			}
			if images && len(e.From) == 1 && yes(2, "of positions") {
				f := shapedFeature(t, psi)
				e.Feature = feature.Sequence{f, e.Feature}
				psi, _ = f.Shape(psi)
			}
			k := psi.TotalSize()
			switch rapid.IntRange(0, 5).Draw(t, "map") {
			case 0:
				if k == of.Size() {
					e.Map = linear.Diagonal{}
				}
			case 1:
				if k == of.Size() {
					e.Map = linear.Fixed{}
				}
			case 2:
				e.Map = linear.Fixed{Matrix: random(rand.New(rand.NewPCG(5, uint64(k))), s.Dtype, of.Size(), k)}
			case 4:
				if k == of.Size() {
					e.Map = cyclic
				}
			case 3:
				e.Share = fmt.Sprintf("w%d×%d", of.Size(), k)
			}
			if images && yes(2, "convolution") {
				for _, text := range convolutions {
					m, err := linear.ParseMap(text)
					if err != nil {
						t.Fatal(err)
					}
					if out, err := m.Out(psi, of.Shape); err == nil && out.Eq(of.Shape) {
						e.Map, e.Share = m, ""
						if yes(2, "share") {
							e.Share = fmt.Sprintf("%s of %v by %v", text, psi[1:], of.Shape[1:])
						}
						break
					}
				}
			}
			if yes(3, "scale") {
				e.Scale = -0.6
			}
			p.Edges = append(p.Edges, e)
		}
		s.Predictions = append(s.Predictions, p)
	}
	predict(0)
	for l := range last {
		for range rapid.IntRange(0, 2).Draw(t, "predictions") {
			predict(l)
		}
	}
	if yes(2, "of the last") {
		predict(last)
	}
	// a node that nobody has to do with has no place in an energy
	for l := range s.Nodes {
		if s.Nodes[l].Prior == 0 {
			s.Nodes[l].Prior = 0.1
		}
	}
	return s
}

// show describes a Spec, a node, a prediction and an edge a line.
func show(s Spec) string {
	out := fmt.Sprintf("batch %d\n", s.Batch)
	for _, n := range s.Nodes {
		out += fmt.Sprintf("node %+v\n", n)
	}
	for _, p := range s.Predictions {
		out += fmt.Sprintf("of %s after %v bias %v energy %v precise %v weight %v\n", p.Of, p.After, p.Bias, p.Energy, p.Precise, p.Weight)
		for _, e := range p.Edges {
			out += fmt.Sprintf("   from %v ψ %v map %v scale %v share %q feedback %v\n", e.From, e.Feature, e.Map, e.Scale, e.Share, e.Feedback)
		}
	}
	return out
}

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
					rt.Fatalf("%s∂E/∂%s[%d]: got %v, central difference %v", show(s), s.Nodes[l].Name, j, g[j], want)
				}
			}
		}
		updates := hebbianOf(m)
		for theta, got := range updates {
			for j, want := range differences(theta) {
				if !near(got[j], -want, 1e-6) {
					rt.Fatalf("%s[%d]: Hebbian %v, −∂E/∂θ %v", theta.Name(), j, got[j], -want)
				}
			}
		}

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
			if _, fixed := spec.Map.(linear.Fixed); fixed {
				continue
			}
			for _, theta := range edge.Parameters {
				into = append(into, tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(theta.Shape()...)))
			}
			outer := spec.Map.Outer(e.wiring.Features[i][j], e.wiring.Sums[i])
			outer.Prepare(delta, psi)
			for lo := range edge.Parameters[0].Shape()[0] { // in any pieces
				outer.Rows(into, delta, psi, spec.Scale, lo, lo+1)
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
				if m.lists.predict[l] >= 0 {
					shard.Predict(l)
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
