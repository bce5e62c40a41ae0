package graph_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/linear"
)

// The energy of two nodes, one of which predicts the other, and its gradient by the free latent,
// on Gorgonia's own machine and on ours.
func Example() {
	e, err := graph.Build(graph.Spec{
		Nodes: []graph.Node{{Name: "data", Shape: []int{2}, Clamped: true}, {Name: "cause", Shape: []int{1}}},
		Predictions: []graph.Prediction{
			{Of: "data", Edges: []graph.Edge{{From: []string{"cause"}, Map: linear.Dense{}}}},
		},
		Batch: 1,
		Dtype: tensor.Float64,
	})
	if err != nil {
		log.Fatal(err)
	}
	matrix := func(rows, cols int, x ...float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(x))
	}
	for n, v := range map[*gorgonia.Node]*tensor.Dense{
		e.Latents[0]:                      matrix(1, 2, 3, 1),
		e.Latents[1]:                      matrix(1, 1, 1),
		e.Terms[0].Edges[0].Parameters[0]: matrix(2, 1, 2, 0.5),
	} {
		if err := gorgonia.Let(n, v); err != nil {
			log.Fatal(err)
		}
	}
	machine, err := graph.Compile(e)
	if err != nil {
		log.Fatal(err)
	}
	var tape gorgonia.VM = gorgonia.NewTapeMachine(e.Graph)
	for _, vm := range []gorgonia.VM{tape, machine} {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println("energy", e.Total.Value(), "gradient", e.Gradients[1].Value().Data())
	}
	// Output:
	// energy 0.625 gradient [-2.25]
	// energy 0.625 gradient [-2.25]
}
