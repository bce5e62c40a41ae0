package graph_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// The energy of a network of sizes 2 and 1, and its gradient by the free latent,
// on Gorgonia's own machine and on ours.
func Example() {
	e, err := graph.Build(graph.Spec{
		Sizes:       []int{2, 1},
		Activations: []graph.Activation{graph.Identity},
		Clamped:     []bool{true, false},
		Batch:       1,
		Dtype:       tensor.Float64,
	})
	if err != nil {
		log.Fatal(err)
	}
	matrix := func(rows, cols int, x ...float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(x))
	}
	for n, v := range map[*gorgonia.Node]*tensor.Dense{
		e.Latents[0]: matrix(1, 2, 3, 1),
		e.Latents[1]: matrix(1, 1, 1),
		e.Weights[0]: matrix(2, 1, 2, 0.5),
		e.Biases[0]:  tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{0, 0})),
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
