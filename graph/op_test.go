package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// TestOpDerivatives holds the symbolic derivative of each operation against
// central differences of its Do, for a random upstream gradient, and that frozen inputs
// have none. The Gram energy has its derivative as an input, and is tested by
// TestEnergyGradient.
func TestOpDerivatives(t *testing.T) {
	const tol = 1e-6
	type build func(b *op.Builder, x ...*G.Node) *G.Node
	apply := func(o *op.Op) build {
		return func(b *op.Builder, x ...*G.Node) *G.Node { return b.Apply("out", o, x...) }
	}
	// of a feature, of sources of these shapes, without positions where none are given
	of := func(f feature.Feature, shapes ...tensor.Shape) build {
		return func(b *op.Builder, x ...*G.Node) *G.Node {
			for _, n := range x[len(shapes):] {
				shapes = append(shapes, n.Shape()[1:])
			}
			return f.(buildsFeature).Build(b, shapes, x...)
		}
	}
	mat, vect := []int{3, 4}, []int{4}
	type input struct {
		shape []int
		diff  bool
	}
	cases := map[string]struct {
		build build
		in    []input
	}{
		"product":                 {apply(op.Product()), []input{{mat, true}, {[]int{5, 4}, false}}},
		"pullback":                {apply(op.Pullback()), []input{{mat, true}, {[]int{4, 5}, false}}},
		"shift":                   {apply(op.Shift()), []input{{mat, true}, {vect, false}}},
		"shift by channels":       {apply(op.Shift()), []input{{mat, true}, {[]int{2}, false}}},
		"weigh":                   {apply(op.Weigh()), []input{{mat, true}, {vect, false}}},
		"scale":                   {apply(op.Scale(-0.7)), []input{{mat, true}}},
		"negate":                  {apply(op.Negate()), []input{{mat, true}}},
		"sum":                     {apply(op.Sum(3)), []input{{mat, true}, {mat, true}, {mat, true}}},
		"error":                   {apply(op.Difference()), []input{{mat, true}, {mat, true}}},
		"gaussian":                {apply(op.Gaussian(1, false)), []input{{mat, true}}},
		"gaussian with precision": {apply(op.Gaussian(0.3, true)), []input{{mat, true}, {vect, false}}},
		"total":                   {apply(op.Total(2)), []input{{nil, true}, {nil, true}}},
		"concat": {of(feature.Sequence{feature.Concat{}, feature.Tanh}),
			[]input{{mat, true}, {[]int{3, 2}, true}, {[]int{3, 1}, true}}},
	}
	for _, a := range builtins() {
		if a != feature.Identity {
			cases[a.String()] = struct {
				build build
				in    []input
			}{of(a), []input{{mat, true}}}
		}
	}
	for _, c := range shapedCases {
		f, err := feature.Parse(c.text)
		must(t, err)
		var in []input
		for _, s := range c.in {
			in = append(in, input{[]int{3, s.TotalSize()}, true})
		}
		cases[c.String()] = struct {
			build build
			in    []input
		}{of(f, c.in...), in}
	}
	for _, c := range []struct {
		text      string
		psi, node tensor.Shape
	}{
		{"conv 3x2 pad same", tensor.Shape{3, 4, 2}, tensor.Shape{3, 4, 3}},
		{"conv 3 stride 2 pad 1 dilate 2x1 groups 2", tensor.Shape{5, 4, 2}, tensor.Shape{2, 2, 4}},
		{"conv 3 stride 2", tensor.Shape{6, 2}, tensor.Shape{2, 3}},
		{"conv-transpose 4x3 stride 2x1 pad 1", tensor.Shape{3, 4, 2}, tensor.Shape{6, 4, 3}},
		{"conv-transpose 2 stride 3 output-pad 1 groups 2", tensor.Shape{3, 4}, tensor.Shape{9, 2}},
	} {
		m, err := linear.ParseMap(c.text)
		must(t, err)
		out, err := m.Out(c.psi, c.node)
		must(t, err)
		cases[fmt.Sprintf("%v of %v", m, c.psi)] = struct {
			build build
			in    []input
		}{
			func(b *op.Builder, x ...*G.Node) *G.Node {
				return m.(buildsMap).Build(b, "out", x[0], x[1:], c.psi, out)
			},
			[]input{{[]int{3, c.psi.TotalSize()}, true}, {m.Parameters(c.psi, out)[0].Shape, false}},
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			g := G.NewGraph()
			node := func(name string, shape ...int) *G.Node {
				switch len(shape) {
				case 0:
					return G.NewScalar(g, G.Float64, G.WithName(name), G.WithValue(rng.NormFloat64()))
				case 1:
					return G.NewVector(g, G.Float64, G.WithName(name), G.WithShape(shape...), G.WithValue(random(rng, G.Float64, shape...)))
				}
				return G.NewMatrix(g, G.Float64, G.WithName(name), G.WithShape(shape...), G.WithValue(random(rng, G.Float64, shape...)))
			}
			var in G.Nodes
			for i, x := range c.in {
				in = append(in, node(fmt.Sprintf("x%d", i), x.shape...))
			}
			b := &op.Builder{}
			out := c.build(b, in...)
			must(t, b.Err)
			upstream := g.AddNode(G.NewConstant(1.0))
			if !out.IsScalar() {
				upstream = node("g", out.Shape()...)
			}
			up := floats(upstream.Value())
			grads := b.Derive(out, upstream, in)
			must(t, b.Err)
			for i, x := range c.in {
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

// TestShapes holds that operations refuse what does not fit, and name both shapes.
func TestShapes(t *testing.T) {
	g := G.NewGraph()
	m := func(r, c int) *G.Node { return G.NewMatrix(g, G.Float64, G.WithShape(r, c)) }
	for want, f := range map[string]func(b *op.Builder) *G.Node{
		"product: must have as many columns as dimension 1 of the weights, got (2, 3) and (5, 4)":  func(b *op.Builder) *G.Node { return b.Apply("x", op.Product(), m(2, 3), m(5, 4)) },
		"pullback: must have as many columns as dimension 0 of the weights, got (2, 3) and (5, 4)": func(b *op.Builder) *G.Node { return b.Apply("x", op.Pullback(), m(2, 3), m(5, 4)) },
		"error: shapes must fit, got (2, 3) and (2, 4)":                                            func(b *op.Builder) *G.Node { return b.Apply("x", op.Difference(), m(2, 3), m(2, 4)) },
	} {
		b := &op.Builder{}
		if f(b); b.Err == nil || !strings.Contains(b.Err.Error(), want) {
			t.Errorf("got %v, want %q", b.Err, want)
		}
	}
}
