package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// keeps is the identity to a shape of its own, that of the feature, as a map with geometry
// has it: what comes after the sum turns it into the node's.
type keeps struct{ linear.Fixed }

func (keeps) String() string                                { return "keeps" }
func (keeps) Out(psi, _ tensor.Shape) (tensor.Shape, error) { return psi, nil }

// shapedCase is a feature that knows positions, and the shapes of its sources.
type shapedCase struct {
	text string
	in   []tensor.Shape
}

var shapedCases = []shapedCase{
	{"max-pool 2", []tensor.Shape{{4, 6, 3}}},
	{"max-pool 2", []tensor.Shape{{5, 7, 2}}}, // an edge that no window reaches
	{"max-pool 3x3 stride 2 pad 1", []tensor.Shape{{6, 5, 2}}},
	{"max-pool 1x2 stride 1x3", []tensor.Shape{{2, 7, 1}}},
	{"max-pool 3 stride 1", []tensor.Shape{{7, 2}}},
	{"avg-pool 2", []tensor.Shape{{4, 6, 3}}},
	{"avg-pool 3 stride 2 pad 1", []tensor.Shape{{6, 5, 2}}},
	{"avg-pool 2", []tensor.Shape{{6, 3}}},
	{"global-avg-pool", []tensor.Shape{{3, 4, 5}}},
	{"global-avg-pool", []tensor.Shape{{4, 5}}},
	{"upsample 2", []tensor.Shape{{2, 3, 3}}},
	{"upsample 3x1", []tensor.Shape{{2, 3, 1}}},
	{"upsample 2", []tensor.Shape{{4, 2}}},
	{"flatten", []tensor.Shape{{2, 3, 2}}},
	{"reshape 2x3x2", []tensor.Shape{{12}}},
	{"concat", []tensor.Shape{{2, 3, 1}, {2, 3, 2}}},
	{"concat", []tensor.Shape{{4, 3}, {4, 2}}},
	{"outer", []tensor.Shape{{3}, {4}}},
	{"outer, tanh", []tensor.Shape{{1}, {5}}},
	{"layer-norm", []tensor.Shape{{2, 3, 2}}},
	{"rms-norm", []tensor.Shape{{7}}},
	{"tanh, layer-norm, avg-pool 2", []tensor.Shape{{4, 4, 2}}},
	{"gelu, max-pool 2, flatten", []tensor.Shape{{4, 4, 2}}},
	{"concat, tanh, avg-pool 2", []tensor.Shape{{2, 4, 1}, {2, 4, 2}}},
}

func (c shapedCase) String() string { return fmt.Sprintf("%s of %v", c.text, c.in) }

// spec has the feature as ψ, and, where it is of one source, in front of an energy in Gram
// form and behind a sum: all of free nodes, so that what reaches one by several ways is added
// up.
func (c shapedCase) spec(t *testing.T, batch int, dtype tensor.Dtype) Spec {
	t.Helper()
	f, err := feature.Parse(c.text)
	must(t, err)
	out, err := f.Shape(c.in...)
	must(t, err)
	s := Spec{Batch: batch, Dtype: dtype, Nodes: []Node{{Name: "of", Shape: out, Clamped: true}}}
	var names []string
	for i, in := range c.in {
		names = append(names, fmt.Sprintf("from%d", i))
		s.Nodes = append(s.Nodes, Node{Name: names[i], Shape: in, Prior: 0.3})
	}
	s.Predictions = []Prediction{{Of: "of", Bias: true, Edges: []Edge{{From: names, Feature: f, Map: linear.Diagonal{}, Scale: -0.7}}}}
	if len(c.in) == 1 {
		s.Predictions = append(s.Predictions, Prediction{Of: "of", After: f, Bias: true, Edges: []Edge{{From: names, Feature: feature.Tanh, Map: keeps{}}, {From: names, Map: keeps{}, Scale: 0.4}}})
		s.Nodes = append(s.Nodes, Node{Name: "below", Shape: tensor.Shape{5}, Clamped: true})
		s.Predictions = append(s.Predictions, Prediction{Of: "below", Bias: true, Gram: true, Edges: []Edge{{From: names, Feature: f}}})
		mixes := linear.Conv{Kernel: [2]int{1, 1}}
		if sum, err := mixes.Out(c.in[0], out); err == nil && sum.Eq(c.in[0]) { // as many channels in front and behind
			s.Predictions = append(s.Predictions, Prediction{Of: "of", After: f, Weight: 0.4, Edges: []Edge{{From: names, Map: mixes}}})
		}
	}
	return s
}

// TestShapedFeatures holds, of each feature as ψ and behind a sum: the gradient by latents is
// the energy's central difference, and so are the Hebbian updates; the machine is the plain Do; its steps allocate nothing;
// and no bit depends on the number of cores.
func TestShapedFeatures(t *testing.T) {
	for _, c := range shapedCases {
		t.Run(c.String(), func(t *testing.T) {
			differencesHold(t, t.Fatalf, loaded(t, c.spec(t, 2, tensor.Float64), 1))
			for dtype, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-12} {
				s := c.spec(t, 40, dtype)
				m := loaded(t, s, 1)
				all := some(slices.Concat(G.Nodes{m.energy.Total}, m.energy.hebbian(), m.energy.Gradients))
				var got [][]float64
				for _, n := range all {
					got = append(got, slices.Clone(floats(n.Value())))
				}
				for i, n := range all {
					for j, want := range floats(eval(t, n)) {
						if !near(got[i][j], want, tolerance) {
							t.Fatalf("%v: %s[%d]: machine %v, plain %v", dtype, n.Name(), j, got[i][j], want)
						}
					}
				}
				if n := testing.AllocsPerRun(5, func() {
					for _, s := range m.shards {
						s.Gradients()
						s.Evaluate()
						s.Errors()
					}
				}); n != 0 {
					t.Errorf("%v: %v allocations a step", dtype, n)
				}
				for _, workers := range []int{2, 3} {
					other := loaded(t, s, workers)
					for l := range m.energy.Latents {
						if g := m.Gradient(l); g != nil && !slices.Equal(floats(g), floats(other.Gradient(l))) {
							t.Errorf("%v: the gradient of %s depends on the number of cores", dtype, s.Nodes[l].Name)
						}
					}
				}
			}
		})
	}
}

// TestMaxSlopes holds the bound on a feature's derivative against the largest singular
// value that it has at some random places, and that features without overlap meet it.
func TestMaxSlopes(t *testing.T) {
	for _, c := range shapedCases {
		if strings.Contains(c.text, "norm") || strings.Contains(c.text, "outer") {
			continue // which has no bound
		}
		f, err := feature.Parse(c.text)
		must(t, err)
		largest := 0.0
		for seed := range uint64(5) {
			e, err := Build(c.spec(t, 1, tensor.Float64))
			must(t, err)
			bindRandom(t, e, seed)
			largest = max(largest, norm2OfDerivative(t, e.Terms[0].Edges[0].Feature, e.Latents[1:]))
		}
		bound := f.MaxSlope(c.in...)
		if largest > bound*(1+1e-6) {
			t.Errorf("%v: the derivative has norm %v, and the bound is %v", c, largest, bound)
		}
		if !strings.Contains(c.text, "stride") && !strings.Contains(c.text, "gelu") && !strings.Contains(c.text, "tanh") && largest < bound*(1-1e-6) {
			t.Errorf("%v: the bound is %v, and the derivative has norm %v at most", c, bound, largest)
		}
	}
}

// TestOuterSlope holds that of a class the derivative by the other source has norm 1.
func TestOuterSlope(t *testing.T) {
	s := shapedCase{"outer", []tensor.Shape{{3}, {4}}}.spec(t, 1, tensor.Float64)
	s.Nodes[1].Clamped, s.Nodes[1].Prior = true, 0
	e, err := Build(s)
	must(t, err)
	bindRandom(t, e, 1)
	copy(e.Latents[1].Value().Data().([]float64), []float64{0, 1, 0})
	if got := norm2OfDerivative(t, e.Terms[0].Edges[0].Feature, e.Latents[2:]); !near(got, (feature.Outer{}).MaxSlope(s.Nodes[1].Shape, s.Nodes[2].Shape), 1e-6) {
		t.Errorf("norm %v", got)
	}
}

// norm2OfDerivative returns the spectral norm of the derivative of a feature by its sources,
// which hold one example.
func norm2OfDerivative(t *testing.T, psi *G.Node, sources G.Nodes) float64 {
	t.Helper()
	const h = 1e-6
	var columns []float64 // one after the other
	units := 0
	for _, n := range sources {
		x := n.Value().Data().([]float64)
		for j, at := range x {
			x[j] = at + h
			up := slices.Clone(floats(eval(t, psi)))
			x[j] = at - h
			for i, down := range floats(eval(t, psi)) {
				columns = append(columns, (up[i]-down)/(2*h))
			}
			x[j] = at
		}
		units += len(x)
	}
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(units, len(columns)/units, columns), mat.SVDNone) {
		t.Fatal("no singular values")
	}
	return svd.Values(nil)[0]
}

// TestMaxPoolTies holds that of equal ones the first has the slope, and that NaN stays.
func TestMaxPoolTies(t *testing.T) {
	pool := feature.MaxPool{Window: feature.Window{Size: []int{2}}}
	nan := math.NaN()
	for _, dtype := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		s := Spec{Batch: 1, Dtype: dtype, Nodes: []Node{{Name: "of", Shape: tensor.Shape{1, 3, 1}, Clamped: true}, {Name: "from", Shape: tensor.Shape{2, 6, 1}}}}
		s.Predictions = []Prediction{{Of: "of", Edges: []Edge{{From: []string{"from"}, Feature: pool, Map: linear.Fixed{}}}}}
		e, err := Build(s)
		must(t, err)
		values := func(x ...float64) *tensor.Dense {
			d := tensor.New(tensor.Of(dtype), tensor.WithShape(1, len(x)))
			for i, v := range x {
				if dtype == tensor.Float32 {
					d.Float32s()[i] = float32(v)
				} else {
					d.Float64s()[i] = v
				}
			}
			return d
		}
		must(t, G.Let(e.Latents[0], values(0, 0, 0)))
		must(t, G.Let(e.Latents[1], values(5, 5, -1, 2, nan, 1, 5, 5, 2, 2, 1, nan)))
		m, err := Compile(e)
		must(t, err)
		must(t, m.RunAll())
		if got, want := fmt.Sprint(floats(m.Feature(0, 0))), "[5 2 NaN]"; got != want {
			t.Errorf("%v: pooled %s, want %s", dtype, got, want)
		}
		if got, want := fmt.Sprint(floats(m.Gradient(1))[:4]), "[5 0 0 2]"; got != want {
			t.Errorf("%v: gradient %s, want %s", dtype, got, want)
		}
	}
}

// TestConcatBlocks holds, for nodes whose channels stand side by side, that a step is the
// gradient times the inverse of the node's own block of the Hessian, which a linear network
// has at once: the step times the block, as the change of the gradient along it, is the
// gradient.
func TestConcatBlocks(t *testing.T) {
	for _, m := range []linear.Map{linear.Dense{}, linear.Diagonal{}} {
		s := Spec{Batch: 2, Dtype: tensor.Float64, Steps: BlockSteps, Nodes: []Node{
			{Name: "of", Shape: tensor.Shape{18}, Clamped: true}, {Name: "a", Shape: tensor.Shape{2, 3, 1}, Prior: 0.2}, {Name: "b", Shape: tensor.Shape{2, 3, 2}, Prior: 0.3},
		}}
		s.Predictions = []Prediction{{Of: "of", Precise: true, Edges: []Edge{{From: []string{"a", "b"}, Feature: feature.Sequence{feature.Concat{}, feature.Flatten{}}, Map: m}}}}
		e, err := Build(s)
		must(t, err)
		bindRandom(t, e, 3)
		for l := 1; l <= 2; l++ {
			x := e.Latents[l].Value().Data().([]float64)
			gradient, step := slices.Clone(floats(eval(t, e.Gradients[l]))), slices.Clone(floats(eval(t, e.Steps[l])))
			for i := range x {
				x[i] += step[i]
			}
			for i, moved := range floats(eval(t, e.Gradients[l])) {
				if !near(moved-gradient[i], gradient[i], 1e-9) {
					t.Errorf("%v: %s[%d]: the gradient changes by %v along the step, want %v", m, s.Nodes[l].Name, i, moved-gradient[i], gradient[i])
				}
				x[i] -= step[i]
			}
		}
	}
}

// turned is feature.Outer laid out the other way, as another feature of products may be.
type turned struct{ feature.Outer }

func (turned) Build(b *op.Builder, shapes []tensor.Shape, in ...*G.Node) *G.Node {
	return feature.Outer{}.Build(b, shapes, in[1], in[0])
}

func (turned) Strides(in ...tensor.Shape) [2]int { return [2]int{1, in[0][0]} }

// TestOuterBlocks holds, for nodes of which products are taken, that a step is the gradient
// times the inverse of the node's own block of an example's Hessian, on its free units: the
// gradient is 0 behind it, since the energy is quadratic in each node by itself.
func TestOuterBlocks(t *testing.T) {
	for at, products := range []feature.Feature{feature.Outer{}, feature.Outer{}, turned{}, turned{}} {
		masked := at%2 == 1
		s := Spec{Batch: 3, Dtype: tensor.Float64, Steps: BlockSteps, Nodes: []Node{
			{Name: "of", Shape: tensor.Shape{9}, Clamped: true}, {Name: "a", Shape: tensor.Shape{2}, Prior: 0.2, Masked: masked}, {Name: "b", Shape: tensor.Shape{19}, Prior: 0.3},
			{Name: "more", Shape: tensor.Shape{4}, Clamped: true},
		}}
		s.Predictions = []Prediction{
			{Of: "of", Precise: true, Edges: []Edge{{From: []string{"a", "b"}, Feature: products, Scale: 0.7}}},
			{Of: "more", Edges: []Edge{{From: []string{"b"}}}},
			{Of: "b", Precise: true, Edges: []Edge{{From: []string{"a"}}}},
		}
		e, err := Build(s)
		must(t, err)
		bindRandom(t, e, 3)
		if masked {
			copy(e.Masks[1].Value().Data().([]float64), []float64{1, 0, 0, 1, 1, 1})
		}
		for l := 1; l <= 2; l++ {
			x := e.Latents[l].Value().Data().([]float64)
			gradient, step := slices.Clone(floats(eval(t, e.Gradients[l]))), slices.Clone(floats(eval(t, e.Steps[l])))
			for i := range x {
				x[i] -= step[i]
			}
			for i, left := range floats(eval(t, e.Gradients[l])) {
				if !near(left, 0, 1e-3*math.Abs(gradient[i])+1e-9) || masked && l == 1 && i == 1 && step[i] != 0 {
					t.Errorf("%T, masked %v: %s[%d]: gradient %v before the step, %v behind it", products, masked, s.Nodes[l].Name, i, gradient[i], left)
				}
				x[i] += step[i]
			}
		}
	}
}

// TestFollowers holds that, of a node that follows, what is hidden is no part of the blocks of
// those that it follows: one step and its own, and they are at rest together.
func TestFollowers(t *testing.T) {
	for _, first := range []string{"a", "b"} {
		s := Spec{Batch: 3, Dtype: tensor.Float64, Steps: BlockSteps, Follow: true, Nodes: []Node{
			{Name: "of", Shape: tensor.Shape{9}, Masked: true}, {Name: "a", Shape: tensor.Shape{3}, Clamped: true}, {Name: "b", Shape: tensor.Shape{4}, Prior: 0.3},
		}}
		second := map[string]string{"a": "b", "b": "a"}[first]
		s.Predictions = []Prediction{{Of: "of", Precise: true, Edges: []Edge{{From: []string{first, second}, Feature: feature.Outer{}}, {From: []string{"a"}}}}}
		e, err := Build(s)
		must(t, err)
		if fmt.Sprint(e.Followers) != "[true false false]" {
			t.Fatalf("followers %v", e.Followers)
		}
		bindRandom(t, e, 3)
		for _, l := range []int{0, 2, 0} {
			step := floats(eval(t, e.Steps[l]))
			for i := range step {
				e.Latents[l].Value().Data().([]float64)[i] -= step[i]
			}
		}
		for _, l := range []int{0, 2} {
			for i, left := range floats(eval(t, e.Gradients[l])) {
				if !near(left, 0, 1e-9) {
					t.Errorf("%s[%d]: gradient %v behind the step", s.Nodes[l].Name, i, left)
				}
			}
		}
	}
}
