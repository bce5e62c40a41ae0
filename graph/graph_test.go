package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func builtins() []Activation {
	return []Activation{Identity, Tanh, ReLU, LeakyReLU, Sigmoid, GELU, Softplus, HardTanh,
		NewActivation("softsign",
			func(x float64) float64 { return x / (1 + math.Abs(x)) },
			func(x, _ float64) float64 { d := 1 + math.Abs(x); return 1 / (d * d) }, 1)}
}

func random(rng *rand.Rand, dt tensor.Dtype, shape ...int) *tensor.Dense {
	n := tensor.Shape(shape).TotalSize()
	if dt == tensor.Float32 {
		data := make([]float32, n)
		for i := range data {
			data[i] = float32(rng.NormFloat64())
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	data := make([]float64, n)
	for i := range data {
		data[i] = rng.NormFloat64()
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func floats(v G.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return d
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out
	case float64:
		return []float64{d}
	case float32:
		return []float64{float64(d)}
	}
	panic(fmt.Sprintf("unexpected %T", v.Data()))
}

// eval computes n by each operation's Do: the reference.
func eval(t *testing.T, n *G.Node) G.Value {
	t.Helper()
	if n.Op() == nil || len(children(n)) == 0 {
		return n.Value()
	}
	var in []G.Value
	for _, c := range children(n) {
		in = append(in, eval(t, c))
	}
	v, err := n.Op().Do(in...)
	if err != nil {
		t.Fatalf("%v: %v", n, err)
	}
	return v
}

// TestOpDerivatives holds the symbolic derivative of each operation against
// central differences of its Do, for a random upstream gradient. The Gram energy
// has its derivative as an input, and is tested by TestEnergyGradient.
func TestOpDerivatives(t *testing.T) {
	const tol = 1e-6
	mat, vect, scalar := []int{3, 4}, []int{4}, []int(nil)
	type input struct {
		shape []int
		diff  bool
	}
	cases := []struct {
		name string
		op   G.Op
		in   []input
		out  []int // shape, nil for a scalar
	}{
		{"affine", newAffine(), []input{{mat, true}, {[]int{5, 4}, false}, {[]int{5}, false}}, []int{3, 5}},
		{"error", newDifference(), []input{{mat, true}, {mat, true}}, mat},
		{"gaussian", newGaussian(false), []input{{mat, true}}, scalar},
		{"gaussian with precision", newGaussian(true), []input{{mat, true}, {vect, false}}, scalar},
		{"prior", newPrior(0.7), []input{{mat, true}}, scalar},
		{"total", newTotal(3), []input{{scalar, true}, {scalar, true}, {scalar, true}}, scalar},
	}
	for _, a := range builtins() {
		cases = append(cases, struct {
			name string
			op   G.Op
			in   []input
			out  []int
		}{"activate " + a.String(), newActivate(a), []input{{mat, true}}, mat})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			g := G.NewGraph()
			var in G.Nodes
			for i, x := range c.in {
				var n *G.Node
				switch name := G.WithName(fmt.Sprintf("x%d", i)); len(x.shape) {
				case 0:
					n = G.NewScalar(g, G.Float64, name, G.WithValue(rng.NormFloat64()))
				case 1:
					n = G.NewVector(g, G.Float64, name, G.WithShape(x.shape...), G.WithValue(random(rng, G.Float64, x.shape...)))
				default:
					n = G.NewMatrix(g, G.Float64, name, G.WithShape(x.shape...), G.WithValue(random(rng, G.Float64, x.shape...)))
				}
				in = append(in, n)
			}
			out, err := G.ApplyOp(c.op, in...)
			if err != nil {
				t.Fatal(err)
			}
			upstream := G.NewConstant(1.0)
			if c.out != nil {
				upstream = G.NewMatrix(g, G.Float64, G.WithName("g"), G.WithShape(c.out...), G.WithValue(random(rng, G.Float64, c.out...)))
			} else {
				upstream = g.AddNode(upstream)
			}
			up := floats(upstream.Value())
			sd := c.op.(G.SDOp)
			grads, err := sd.SymDiff(in, out, upstream)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range c.in {
				if got := sd.DiffWRT(len(in))[i]; got != x.diff {
					t.Fatalf("DiffWRT(%d) = %v, want %v", i, got, x.diff)
				}
				if !x.diff {
					if grads[i] != nil {
						t.Fatalf("a derivative by frozen input %d was built", i)
					}
					continue
				}
				got := append([]float64(nil), floats(eval(t, grads[i]))...) // may be the input itself
				at := append([]float64(nil), floats(in[i].Value())...)
				want := fd.Gradient(nil, func(p []float64) float64 {
					if x.shape == nil {
						must(t, G.Let(in[i], p[0]))
					} else {
						copy(in[i].Value().Data().([]float64), p)
					}
					sum := 0.0
					for j, y := range floats(eval(t, out)) {
						sum += y * up[j]
					}
					return sum
				}, at, &fd.Settings{Formula: fd.Central})
				for j := range want {
					if math.Abs(got[j]-want[j]) > tol*(1+math.Abs(want[j])) {
						t.Errorf("derivative by input %d, element %d: got %v, central difference %v", i, j, got[j], want[j])
					}
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bindRandom binds random values to all inputs of e.
func bindRandom(t *testing.T, e *Energy, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	for _, nodes := range []G.Nodes{e.Latents, e.Weights, e.Biases} {
		for _, n := range nodes {
			must(t, G.Let(n, random(rng, e.Spec.Dtype, n.Shape()...)))
		}
	}
	for _, n := range e.Masks {
		if n == nil {
			continue
		}
		m := random(rng, e.Spec.Dtype, n.Shape()...)
		for i := range n.Shape().TotalSize() {
			switch data := m.Data().(type) {
			case []float32:
				data[i] = float32(i % 2)
			case []float64:
				data[i] = float64(i % 2)
			}
		}
		must(t, G.Let(n, m))
	}
	for _, n := range e.Precisions {
		if n == nil {
			continue
		}
		p := random(rng, e.Spec.Dtype, n.Shape()...)
		for i := range n.Shape()[0] {
			p.Set(i, map[bool]any{true: float32(0.5 + float64(i)), false: 0.5 + float64(i)}[e.Spec.Dtype == tensor.Float32])
		}
		must(t, G.Let(n, p))
	}
}

func specs(dt tensor.Dtype) map[string]Spec {
	all := map[string]Spec{}
	for _, a := range builtins() {
		for name, clamped := range map[string][]bool{
			"both ends": {true, false, false, true},
			"bottom":    {true, false, false, false},
			"top":       {false, false, false, true},
			"middle":    {false, true, false, false},
			"none":      {false, false, false, false},
		} {
			for _, precise := range []bool{false, true} {
				s := Spec{Sizes: []int{5, 4, 6, 3}, Activations: []Activation{a, a, Identity}, Clamped: clamped, Batch: 3, Dtype: dt}
				if name == "bottom" {
					s.Activations = []Activation{a, a, a}
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
				if a == Tanh || a == Identity { // they differ in the fusion of kernels
					with := s
					with.Prior = 0.3
					all[label+"/prior"] = with
					for _, k := range []NodeEnergy{CrossEntropy, Bernoulli} {
						of := with
						of.Energies = []NodeEnergy{k, Gaussian, Gaussian}
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
	return all
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
				if !s.descends(l) {
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
				for _, n := range append(append(append(G.Nodes{e.Total}, e.Terms...), e.Errors...), e.Gradients...) {
					if n != nil {
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

// TestWeightsAreFrozen proves that nothing in the graph, and so nothing in a
// program, is a gradient by a weight: no node has the shape of a weight matrix
// but the weights, and asking Grad for one is refused.
func TestWeightsAreFrozen(t *testing.T) {
	s := Spec{Sizes: []int{7, 5, 4}, Activations: []Activation{Tanh, Tanh}, Clamped: []bool{true, false, true}, Batch: 3, Dtype: tensor.Float64}
	e, err := Build(s)
	must(t, err)
	weights := map[*G.Node]bool{}
	for _, n := range append(append(G.Nodes{}, e.Weights...), e.Biases...) {
		weights[n] = true
		if n.Deriv() != nil {
			t.Errorf("%s has a derivative", n.Name())
		}
	}
	for _, n := range e.Graph.AllNodes() {
		if !weights[n] && n.Op() != nil && n.Dims() > 0 && n.Shape()[0] != s.Batch {
			t.Errorf("%v of shape %v has no row for each example", n, n.Shape())
		}
	}
	m, err := compile[float64](e, Options{})
	must(t, err)
	for i, n := range m.memory.nodes {
		if m.needs[i] && n.Shape()[0] != s.Batch {
			t.Errorf("the program computes %v of shape %v", n, n.Shape())
		}
	}
	if _, err := G.Grad(e.Total, e.Weights[0]); err == nil {
		t.Error("Grad by a weight was accepted")
	}
}

func TestClampedWorkIsDoneOnceABatch(t *testing.T) {
	e, err := Build(Spec{Sizes: []int{3, 4, 9}, Activations: []Activation{Tanh, Identity}, Clamped: []bool{true, false, true}, Batch: 2, Dtype: tensor.Float64})
	must(t, err)
	r := rates(e, false)
	for want, nodes := range map[rate]G.Nodes{
		rateWeights: {e.Weights[0], e.Biases[1]},
		rateBatch:   {e.Latents[0], e.Latents[2], e.Predictions[1]},
		rateStep:    {e.Latents[1], e.Predictions[0], e.Errors[0], e.Errors[1], e.Gradients[1], e.Total},
	} {
		for _, n := range nodes {
			if r[n] != want {
				t.Errorf("%s has rate %d, want %d", n.Name(), r[n], want)
			}
		}
	}
	m, err := compile[float64](e, Options{})
	must(t, err)
	// the clamped top's product is the batch's; a step has those of the layer below
	if got := len(m.program.batch); got != 1 {
		t.Errorf("%d kernels once a batch, want 1", got)
	}
	if got := len(m.program.gradients); got != 5 { // φ, ε0, ε1, pullback, slope
		t.Errorf("%d kernels a step, want 5", got)
	}
}

func loaded(t testing.TB, s Spec, workers int) *Machine {
	t.Helper()
	e, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(11, 7))
	for _, nodes := range []G.Nodes{e.Weights, e.Biases} {
		for _, n := range nodes {
			G.Let(n, random(rng, s.Dtype, n.Shape()...))
		}
	}
	m, err := Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	m.SetWorkers(workers)
	if err := m.Freeze(); err != nil {
		t.Fatal(err)
	}
	clamps := make([]*tensor.Dense, len(s.Sizes))
	for l, c := range s.Clamped {
		if c {
			clamps[l] = random(rng, s.Dtype, s.Batch, s.Sizes[l])
		}
	}
	if err := m.Load(s.Batch, clamps, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		cases := map[string]Spec{}
		for _, a := range builtins() {
			s := Spec{Sizes: []int{20, 12, 12, 5}, Activations: []Activation{a, a, Identity}, Clamped: []bool{true, false, false, true}, Gram: []bool{true, false, false}, Batch: 40, Dtype: dt}
			cases[a.String()] = s
			if a == Tanh {
				s.Gram, s.Prior = nil, 0.1
				for _, k := range []NodeEnergy{CrossEntropy, Bernoulli} {
					s.Energies = []NodeEnergy{k, Gaussian, Gaussian}
					cases[k.String()] = s
				}
			}
		}
		for name, spec := range cases {
			m := loaded(t, spec, 1)
			step := func(s *Shard) {
				s.Predict(1)
				s.Gradients()
				s.Evaluate()
				s.Errors()
				s.Activate()
				s.Energy(0)
			}
			if n := testing.AllocsPerRun(10, func() {
				for _, s := range m.shards {
					step(s)
				}
			}); n != 0 {
				t.Errorf("%v %v: %v allocations a step", dt, name, n)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	good := Spec{Sizes: []int{5, 4, 3}, Activations: []Activation{Tanh, Tanh}, Clamped: []bool{true, false, true}, Batch: 2, Dtype: tensor.Float64}
	for want, breakIt := range map[string]func(*Spec){
		"sizes[1]: must be > 0, got -4":                      func(s *Spec) { s.Sizes = []int{5, -4, 3} },
		"sizes: must name at least 2 nodes, got 1":           func(s *Spec) { s.Sizes = []int{5} },
		"activations: must be one for each of the 2 layers":  func(s *Spec) { s.Activations = nil },
		"activations[1]: must not be nil":                    func(s *Spec) { s.Activations = []Activation{Tanh, nil} },
		"clamped: must be one for each of the 3 nodes":       func(s *Spec) { s.Clamped = []bool{true} },
		"batch: must be > 0, got 0":                          func(s *Spec) { s.Batch = 0 },
		"dtype: must be float32 or float64, got int":         func(s *Spec) { s.Dtype = tensor.Int },
		"precise: must be one for each of the 2 layers, got": func(s *Spec) { s.Precise = []bool{true} },
		"gram: must be one for each of the 2 layers, got 1":  func(s *Spec) { s.Gram = []bool{true} },
		"gram[1]: is for a clamped Gaussian node without pr": func(s *Spec) { s.Gram = []bool{false, true} },
	} {
		s := good
		breakIt(&s)
		if _, err := Build(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Build: got error %v, want one with %q", err, want)
		}
	}

	e, err := Build(good)
	must(t, err)
	m, err := Compile(e)
	must(t, err)
	if err := m.Freeze(); err == nil || !strings.Contains(err.Error(), "W1 has no value") {
		t.Errorf("Freeze without weights: %v", err)
	}
	bindRandom(t, e, 1)
	must(t, m.Freeze())
	rng := rand.New(rand.NewPCG(1, 1))
	v0, v2 := random(rng, tensor.Float64, 2, 5), random(rng, tensor.Float64, 2, 3)
	for want, clamps := range map[string][]*tensor.Dense{
		"one entry for each of the 3 nodes, got": {v0},
		"node 2 is clamped and has no value":     {v0, nil, nil},
		"node 1 is free and takes no clamp":      {v0, v0, v2},
		"v2 must have shape (2, 3), got (2, 5)":  {v0, nil, v0},
		"v0 must hold []float64, got float32":    {random(rng, tensor.Float32, 2, 5), nil, v2},
		"v0 must be a contiguous row-major tens": {transposed(t, random(rng, tensor.Float64, 5, 2)), nil, v2},
	} {
		if err := m.Load(2, clamps, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load: got error %v, want one with %q", err, want)
		}
	}
}

func transposed(t *testing.T, d *tensor.Dense) *tensor.Dense {
	t.Helper()
	must(t, d.T())
	return d
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		sizes   []int
		clamped []bool
		batch   int
	}{
		{[]int{784, 256, 256, 10}, []bool{true, false, false, true}, 64},
		{[]int{10, 128, 128, 128, 784}, []bool{true, false, false, false, true}, 128},
		{[]int{1, 32, 32, 1}, []bool{true, false, false, true}, 32},
	} {
		acts := make([]Activation, len(c.sizes)-1)
		for i := range acts {
			acts[i] = Tanh
		}
		acts[len(acts)-1] = Identity
		b.Run(fmt.Sprintf("sizes=%v/batch=%d", strings.Trim(strings.ReplaceAll(fmt.Sprint(c.sizes), " ", "-"), "[]"), c.batch), func(b *testing.B) {
			m := loaded(b, Spec{Sizes: c.sizes, Activations: acts, Clamped: c.clamped, Batch: c.batch, Dtype: tensor.Float32}, 0)
			b.ReportAllocs()
			for b.Loop() {
				m.Each((*Shard).Gradients)
			}
		})
	}
}

// TestSweepSeesNewValues takes turns through the free nodes, and holds each step
// against the one that a machine computes from scratch where the latents then
// are: nothing out of date is used. It also holds H⁻¹ against H.
func TestSweepSeesNewValues(t *testing.T) {
	for _, clamped := range [][]bool{{true, false, false, false, true}, {true, false, false, false, false}, {false, false, true, false, false}} {
		for kind, precise := range [][]bool{nil, {true, false, true, true}, {true, false, true, true}} {
			for _, a := range []Activation{Tanh, Identity} {
				for name, dir := range map[string]int{"up": 1, "down": -1, "there and back": 0} {
					s := Spec{Sizes: []int{9, 5, 10, 4, 3}, Activations: []Activation{a, a, a, Identity}, Clamped: clamped, Precise: precise, Steps: BlockSteps, Batch: 3, Dtype: tensor.Float64}
					if clamped[0] && precise == nil {
						s.Gram = []bool{true, false, false, false}
					}
					if !clamped[4] {
						s.Masked = []bool{false, true, false, false, true}
					}
					if a == Tanh {
						s.Prior = 0.2
					}
					if kind == 2 { // another energy at the bottom
						s.Energies = []NodeEnergy{map[Activation]NodeEnergy{Tanh: CrossEntropy, Identity: Bernoulli}[a], Gaussian, Gaussian, Gaussian}
						s.Precise = append([]bool{false}, precise[1:]...)
						if !clamped[0] {
							s.Masked[0] = true
						}
					}
					e, err := Build(s)
					must(t, err)
					bindRandom(t, e, 9)
					var free, order []int
					for l := range clamped {
						if s.descends(l) {
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
					m, err := CompileFor(e, Options{Order: order})
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
					for i := range e.Errors {
						if got, want := shard.Error(i).Float64s(), other.Error(i).Float64s(); !slices.EqualFunc(got, want, near) || !near(shard.Energy(i), other.Energy(i)) {
							t.Fatalf("%v %v %v %s: before the first sweep, node %d: errors %v of energy %v, from scratch %v, %v", clamped, precise, a, name, i, got, shard.Energy(i), want, other.Energy(i))
						}
					}
					for sweep := range 3 {
						for turn, l := range order {
							shard.Turn(turn, sweep == 0)
							follow()
							other.Gradients()
							other.Steps()
							want := other.Step(l).Float64s()
							for i, got := range shard.Step(l).Float64s() {
								if !near(got, want[i]) {
									t.Fatalf("%v %v %v %s: sweep %d, node %d: step %v, from scratch %v", clamped, precise, a, name, sweep, l, got, want[i])
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

// TestInverse holds H⁻¹ H against the identity.
func TestInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n, k = 12, 7
	w, p := random(rng, tensor.Float64, n, k).Float64s(), []float64{1, 2, 3, 4, 5, 6, 7}
	g := make([]float64, k*k)
	gramRef[float64](k)(g, [][]float64{w})
	h := make([]float64, k*k)
	o := newInverse(true, true)
	o.scale = 0.25
	inverseRef[float64](o, k)(h, [][]float64{g, p})
	for i := range k {
		for j := range k {
			sum := 0.0
			for r := range k {
				a := g[r*k+j] / 4
				if r == j {
					a += p[r]
				}
				sum += h[i*k+r] * a
			}
			if want := map[bool]float64{true: 1}[i == j]; math.Abs(sum-want) > 1e-12 {
				t.Errorf("(H⁻¹ H)[%d, %d] = %v", i, j, sum)
			}
		}
	}
}

// TestFreeStep holds the step of units that are free, of each example its own, against
// the solution by a dense matrix, where H is as good as singular too.
func TestFreeStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rows := range []int{3, 12, 60} { // of W: H = WᵀW + ridge
		const k, batch = 20, 6
		var w mat.Dense
		w.CloneFrom(mat.NewDense(rows, k, random(rng, tensor.Float64, rows, k).Float64s()))
		var h mat.SymDense
		h.SymOuterK(1, w.T())
		g, free := random(rng, tensor.Float64, batch, k).Float64s(), make([]float64, batch*k)
		for i := range k {
			h.SetSym(i, i, h.At(i, i)+0.01)
		}
		for i := range free {
			free[i] = float64(rng.IntN(2))
			g[i] *= free[i]
		}
		x := make([]float64, batch*k)
		freeStepRef[float64](k)(x, [][]float64{g, mat.DenseCopyOf(&h).RawMatrix().Data, free})
		for b := range batch {
			masked := mat.NewDense(k, k, nil)
			for i := range k {
				for j := range k {
					masked.Set(i, j, h.At(i, j)*free[b*k+i]*free[b*k+j])
				}
				masked.Set(i, i, masked.At(i, i)+1-free[b*k+i])
			}
			var want mat.VecDense
			must(t, want.SolveVec(masked, mat.NewVecDense(k, g[b*k:(b+1)*k])))
			norm := mat.Norm(&want, 2)
			for i := range k {
				if math.Abs(x[b*k+i]-want.AtVec(i)) > 1e-2*norm || free[b*k+i] == 0 && x[b*k+i] != 0 {
					t.Fatalf("H of rank %d: example %d: x[%d] = %v, want %v", rows, b, i, x[b*k+i], want.AtVec(i))
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

// TestNarrowStep holds the step of a node above a much smaller one, which inverts a
// matrix of that one's size, against the gradient times H⁻¹.
func TestNarrowStep(t *testing.T) {
	for _, prior := range []float64{0, 0.4} {
		for _, bottom := range []NodeEnergy{Gaussian, CrossEntropy} {
			s := Spec{
				Sizes: []int{3, 8, 2, 6}, Activations: []Activation{Sigmoid, Tanh, Identity}, Energies: []NodeEnergy{bottom, Gaussian, Gaussian},
				Clamped: []bool{true, false, false, true}, Prior: prior, Steps: BlockSteps, Batch: 4, Dtype: tensor.Float64,
			}
			e, err := Build(s)
			must(t, err)
			bindRandom(t, e, 9)
			shard := stepped(t, e)
			const k = 8
			w, g := floats(e.Weights[0].Value()), floats(shard.Gradient(1))
			h := make([]float64, k*k)
			gramRef[float64](k)(h, [][]float64{w})
			for i := range h {
				if h[i] *= Sigmoid.MaxSlope() * Sigmoid.MaxSlope() * bottom.Curvature(); i%k == i/k {
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
				for _, a := range []Activation{Tanh, Identity, Sigmoid} {
					s := Spec{Sizes: []int{9, 5, 10, 4, 3}, Activations: []Activation{a, a, a, Identity}, Clamped: clamped, Masked: masked, Precise: precise, Steps: form, Batch: 3, Dtype: tensor.Float64}
					switch {
					case clamped[0] && precise == nil && masked == nil:
						s.Gram = []bool{true, false, false, false}
					case clamped[0] && precise == nil:
						s.Energies = []NodeEnergy{Bernoulli, Gaussian, Gaussian, Gaussian}
					case precise != nil:
						s.Prior = 0.3
					}
					e, err := Build(s)
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
			if e.Spec.Clamped[l] {
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

// TestInverter inverts by blocks what is inverted row by row, sizes that fill no
// block among them.
func TestInverter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var v inverter[float64]
	for _, k := range []int{1, 31, 32, 33, 64, 97, 128} {
		w := random(rng, tensor.Float64, 2*k, k).Float64s()
		a := make([]float64, k*k)
		gramRef[float64](k)(a, [][]float64{w})
		want := slices.Clone(a)
		invert(want, k, k)
		v.invert(a, k)
		for i, x := range a {
			if math.Abs(x-want[i]) > 1e-9*(1+math.Abs(want[i])) {
				t.Fatalf("%d: element %d is %v, want %v", k, i, x, want[i])
			}
		}
	}
}

func BenchmarkInverse(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, k := range []int{64, 128, 256} {
		w := random(rng, tensor.Float32, 2*k, k).Float32s()
		h := make([]float32, k*k)
		gramRef[float32](k)(h, [][]float32{w})
		a := make([]float32, k*k)
		var v inverter[float32]
		for name, by := range map[string]func(){"blocks": func() { v.invert(a, k) }, "rows": func() { invert(a, k, k) }} {
			b.Run(fmt.Sprintf("size=%d/by=%s", k, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					copy(a, h)
					by()
				}
			})
		}
	}
}
