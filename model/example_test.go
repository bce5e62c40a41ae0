package model_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// One batch through the two phases: latents settle with the weights frozen, then
// each weight moves by its own error and activation.
func Example() {
	n, err := model.New(model.Config{Layers: []int{3, 8, 2}, Direction: model.Generative, Dtype: model.Float64, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	data := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 0, 0, 0, 0, 1}))
	label := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 0, 0, 1}))
	ctx, update := context.Background(), n.NewUpdate()
	var first, last float64
	for batch := range 200 {
		r, err := n.Settle(ctx, n.Clamp(data, label), model.Inference{Steps: 30})
		if err != nil {
			log.Fatal(err)
		}
		if err := n.Hebbian(r, update); err != nil {
			log.Fatal(err)
		}
		for i, d := range update.Directions() { // plain SGD, outside the graph
			w := n.Parameters()[i].Float64s()
			for j, x := range d.Float64s() {
				w[j] += 0.1 * x
			}
		}
		n.Changed()
		if batch == 0 {
			first = r.Energy
		}
		last = r.Energy
	}
	classes, _, err := n.Classify(ctx, data, model.Inference{Steps: 200})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	fmt.Println("settled energy fell to a hundredth:", last < first/100)
	fmt.Println("classes", classes)
	// Output:
	// 3-8-2 generative, tanh, float64, 51 weights
	// settled energy fell to a hundredth: true
	// classes [0 1]
}

// A mask fixes single units: here the first two of three pixels, the third is
// filled in.
func ExampleNetwork_Complete() {
	n, err := model.New(model.Config{Layers: []int{3, 2}, Direction: model.Generative, Activation: "identity", Dtype: model.Float64})
	if err != nil {
		log.Fatal(err)
	}
	copy(n.Weights(0).Float64s(), []float64{1, 0, 0, 1, 1, 0}) // class 0 is 1 0 1, class 1 is 0 1 0
	n.Changed()
	inputs, err := model.Float64.Matrix([]float64{1, 0, 0})
	if err != nil {
		log.Fatal(err)
	}
	seen := model.Hide(inputs, func(_, unit int) bool { return unit == 2 })
	done, err := n.Complete(context.Background(), seen, model.Recall{By: model.ByEnergy}, model.Inference{Method: model.GaussSeidel, Steps: 5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("class", done.Classes[0], "inputs", done.Inputs.Float64s(), "energies", done.Energies.Float64s())
	// Output:
	// class 0 inputs [1 0 1] energies [0 1]
}
