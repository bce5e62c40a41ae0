package graph

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
)

// TestPyTorchFeatures holds features against PyTorch's, of both dtypes: their values, and
// what a gradient behind them is in front, at ties and kinks too. The gradient is that of an
// energy whose error is PyTorch's gradient.
func TestPyTorchFeatures(t *testing.T) {
	data, err := os.ReadFile("feature/testdata/pytorch.json")
	must(t, err)
	var cases []struct {
		Text        string
		Shape       tensor.Shape
		X, Y, G, DX []float64
	}
	must(t, json.Unmarshal(data, &cases))
	for _, c := range cases {
		for dtype, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-8} {
			t.Run(fmt.Sprintf("%s of %v, %v", c.Text, c.Shape, dtype), func(t *testing.T) {
				f, err := feature.Parse(c.Text)
				must(t, err)
				made, err := f.Shape(c.Shape)
				must(t, err)
				rows := len(c.X) / c.Shape.TotalSize()
				e, err := Build(Spec{
					Batch: rows, Dtype: dtype,
					Nodes:       []Node{{Name: "of", Shape: made, Clamped: true}, {Name: "from", Shape: c.Shape}},
					Predictions: []Prediction{{Of: "of", Edges: []Edge{{From: []string{"from"}, Feature: f, Map: linear.Fixed{}}}}},
				})
				must(t, err)
				values := func(of func(i int) float64, n int) *tensor.Dense {
					return dense.Fill(tensor.New(tensor.Of(dtype), tensor.WithShape(rows, n)), of)
				}
				must(t, G.Let(e.Latents[0], values(func(i int) float64 { return c.Y[i] - c.G[i] }, made.TotalSize()))) // ∂E/∂μ is μ − v
				must(t, G.Let(e.Latents[1], values(func(i int) float64 { return c.X[i] }, c.Shape.TotalSize())))
				m, err := Compile(e)
				must(t, err)
				must(t, m.RunAll())
				for i, got := range floats(m.Feature(0, 0)) {
					if !near(got, c.Y[i], tolerance) {
						t.Errorf("value %d is %v, PyTorch's %v", i, got, c.Y[i])
					}
				}
				for i, got := range floats(m.Gradient(1)) {
					if !near(got, c.DX[i], tolerance) {
						t.Errorf("gradient %d is %v, PyTorch's %v", i, got, c.DX[i])
					}
				}
			})
		}
	}
}
