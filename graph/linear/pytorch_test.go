package linear

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/dense"
)

// array is an array of the file of testdata/pytorch.py.
type array struct {
	Shape []int
	Of    []float64
}

func (a array) tensor(dt tensor.Dtype, shape ...int) *tensor.Dense {
	return dense.Fill(tensor.New(tensor.Of(dt), tensor.WithShape(shape...)), func(i int) float64 { return a.Of[i] })
}

// TestPyTorchConvolutions holds convolutions against PyTorch's: product, pull-back and ⊗,
// with the weights as files have them. All are whole numbers.
func TestPyTorchConvolutions(t *testing.T) {
	data, err := os.ReadFile("testdata/pytorch.json")
	must(t, err)
	var cases []struct {
		Map                                       string
		Psi, Out, Delta, Pulled, Weight, Gradient array
	}
	must(t, json.Unmarshal(data, &cases))
	for _, c := range cases {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprintf("%s/%v", c.Map, dt), func(t *testing.T) {
				m, err := ParseMap(c.Map)
				must(t, err)
				node := tensor.Shape(c.Out.Shape)
				out, err := m.Out(c.Psi.Shape, node)
				must(t, err)
				if !out.Eq(node) {
					t.Fatalf("shape: got %v, want %v", out, node)
				}
				theta := m.Parameters(c.Psi.Shape, out)[0]
				if file := reordered(theta.Axes, theta.Stored); !slices.Equal(file, c.Weight.Shape) {
					t.Fatalf("weight: got shape %v, want %v", file, c.Weight.Shape)
				}
				inverse := make([]int, len(theta.Stored))
				for i, axis := range theta.Stored {
					inverse[axis] = i
				}
				memory := func(file array) *tensor.Dense {
					x := tensor.New(tensor.Of(dt), tensor.WithShape(theta.Shape...))
					return dense.Permute(x, file.tensor(dt, file.Shape...), file.Shape, inverse)
				}
				rows := len(c.Psi.Of) / tensor.Shape(c.Psi.Shape).TotalSize()
				psi, delta, w := c.Psi.tensor(dt, rows, len(c.Psi.Of)/rows), c.Delta.tensor(dt, rows, len(c.Delta.Of)/rows), memory(c.Weight)

				g := G.NewGraph()
				node2 := func(name string, x *tensor.Dense) *G.Node {
					return G.NewMatrix(g, dt, G.WithShape(x.Shape()...), G.WithName(name), G.WithValue(x))
				}
				b := &op.Builder{}
				x, d := node2("ψ", psi), node2("δ", delta)
				product := m.(interface {
					Build(b *op.Builder, name string, psi *G.Node, theta G.Nodes, in, out tensor.Shape) *G.Node
				}).Build(b, "Mψ", x, G.Nodes{node2("θ", w)}, c.Psi.Shape, out)
				pulled := b.Derive(product, d, G.Nodes{x})[0]
				must(t, b.Err)
				machine := G.NewTapeMachine(g)
				defer machine.Close()
				must(t, machine.RunAll())
				same(t, "product", product.Value().(*tensor.Dense), c.Out.tensor(dt, product.Shape()...))
				same(t, "pull-back", pulled.Value().(*tensor.Dense), c.Pulled.tensor(dt, pulled.Shape()...))

				into := []*tensor.Dense{tensor.New(tensor.Of(dt), tensor.WithShape(theta.Shape...))}
				o := m.Outer(c.Psi.Shape, out)
				o.Prepare(delta, psi)
				o.Rows(into, delta, psi, 1, 0, theta.Shape[0])
				same(t, "⊗", into[0], memory(c.Gradient))
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reordered returns axes in another order.
func reordered(axes, order []int) []int {
	out := make([]int, len(order))
	for i, axis := range order {
		out[i] = axes[axis]
	}
	return out
}

func same(t *testing.T, what string, got, want *tensor.Dense) {
	t.Helper()
	for i := range want.DataSize() {
		if dense.At(got, i) != dense.At(want, i) {
			t.Fatalf("%s: element %d: got %v, want %v", what, i, dense.At(got, i), dense.At(want, i))
		}
	}
}
