package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
)

// chain is a chain of dense layers with all that its nodes and layers may have; layer i
// is node i's prediction.
type chain struct {
	Sizes       []int
	Activations []*feature.Activation // by layer: of node i+1
	Clamped     []bool                // by node
	Masked      []bool                // by node
	Energies    []*NodeEnergy         // by layer
	Precise     []bool                // by layer
	Gram        []bool                // by layer
	Prior       float64               // of the nodes between bottom and top
	Steps       StepForm
	Batch       int
	Dtype       tensor.Dtype
}

func (c chain) spec() Spec {
	s := Chain(c.Sizes, c.Activations, c.Batch, c.Dtype)
	s.Steps = c.Steps
	for l := range s.Nodes {
		n := &s.Nodes[l]
		n.Clamped, n.Masked = c.Clamped[l], c.Masked != nil && c.Masked[l]
		if l > 0 && l < len(s.Nodes)-1 {
			n.Prior = c.Prior
		}
	}
	for i := range s.Predictions {
		p := &s.Predictions[i]
		p.Precise, p.Gram = c.Precise != nil && c.Precise[i], c.Gram != nil && c.Gram[i]
		if c.Energies != nil {
			p.Energy = c.Energies[i]
		}
	}
	return s
}

func builtins() []*feature.Activation {
	return []*feature.Activation{feature.Identity, feature.Tanh, feature.ReLU, feature.LeakyReLU, feature.Sigmoid, feature.GELU, feature.Softplus, feature.HardTanh,
		feature.SiLU, feature.ELU, feature.SELU, feature.Mish,
		feature.NewActivation("softsign",
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
	if n.Op() == nil || len(op.Children(n)) == 0 {
		return n.Value()
	}
	var in []G.Value
	for _, c := range op.Children(n) {
		in = append(in, eval(t, c))
	}
	v, err := n.Op().Do(in...)
	if err != nil {
		t.Fatalf("%v: %v", n, err)
	}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bindRandom binds random values to all inputs of e: masks of 0 and 1, precisions from
// ½ up, and latents of which no two units of a node are nearly the same, as at the kink of a
// max-pool.
func bindRandom(t testing.TB, e *Energy, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	let := func(n *G.Node, value func(i int, x float64) float64) {
		if n == nil || n.Value() != nil {
			return
		}
		d := random(rng, e.Spec.Dtype, n.Shape()...)
		for i := range n.Shape().TotalSize() {
			switch data := d.Data().(type) {
			case []float32:
				data[i] = float32(value(i, float64(data[i])))
			case []float64:
				data[i] = value(i, data[i])
			}
		}
		if err := G.Let(n, d); err != nil {
			t.Fatal(err)
		}
	}
	same := func(_ int, x float64) float64 { return x }
	for _, n := range e.Latents {
		let(n, func(i int, x float64) float64 { return math.Round(100*x)/100 + 2e-4*float64(i%n.Shape()[1]%50) })
	}
	for _, n := range e.Masks {
		let(n, func(i int, _ float64) float64 { return float64(i % 2) })
	}
	for i := range e.Terms {
		let(e.Terms[i].Precision, func(i int, _ float64) float64 { return 0.5 + float64(i) })
	}
	for _, n := range e.frozen {
		let(n, same)
	}
	for x, older := range e.Older {
		if err := G.Let(older, x.Value()); err != nil {
			t.Fatal(err)
		}
	}
}

// single returns turns of one node each.
func single(order []int) (turns [][]int) {
	for _, l := range order {
		turns = append(turns, []int{l})
	}
	return turns
}
