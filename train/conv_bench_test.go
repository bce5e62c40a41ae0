package train

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// lenet is a network of the kind of LeNet: 28×28×1, 5×5×32, 5×5×64, 10.
func lenet() model.Config {
	return model.Config{
		Nodes: []model.Node{
			{Name: "target", Size: 10}, {Name: "hidden2", Shape: []int{14, 14, 64}}, {Name: "hidden1", Shape: []int{14, 14, 32}}, {Name: "input", Shape: []int{28, 28, 1}},
		},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"hidden2"}, Feature: "tanh"}}},
			{Of: "hidden2", From: []model.Edge{{Nodes: []string{"hidden1"}, Feature: "tanh", Map: "conv 5 pad same"}}},
			{Of: "hidden1", From: []model.Edge{{Nodes: []string{"input"}, Map: "conv 5 pad 2 stride 2"}}},
		},
	}
}

// BenchmarkConvolutions is a training batch of images: settling, the Hebbian update, Adam.
func BenchmarkConvolutions(b *testing.B) {
	for _, batch := range []int{64} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			n, err := model.New(lenet())
			if err != nil {
				b.Fatal(err)
			}
			l, err := NewPCN(n, nil, model.Inference{Steps: 8, Rate: 0.05}, &Adam{})
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			x := dense.Fill(tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(batch, n.Size(n.InputNode()))), func(int) float64 { return rng.Float64() })
			y := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(batch, 10))
			for row := range batch {
				dense.Set(y, row*10+rng.IntN(10), 1)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Learn(b.Context(), Batch{Inputs: x, Targets: y}, 1e-3); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
