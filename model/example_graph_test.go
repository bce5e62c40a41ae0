package model_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// A network of any shape: two branches leave the input, the left one with a residual
// block, and meet at the target.
func Example_branching() {
	n, err := model.New(model.Config{
		Nodes: []model.Node{
			{Name: "target", Size: 1},
			{Name: "block", Size: 6},
			{Name: "left", Size: 6},
			{Name: "right", Size: 4},
			{Name: "input", Size: 2},
		},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"block", "right"}, Feature: "tanh"}}}, // side by side
			{Of: "block", From: []model.Edge{
				{Nodes: []string{"left"}, Feature: "tanh"},
				{Nodes: []string{"left"}, Map: "identity"}, // the skip
			}},
			{Of: "left", From: []model.Edge{{Nodes: []string{"input"}}}},
			{Of: "right", From: []model.Edge{{Nodes: []string{"input"}}}},
		},
		Dtype: model.Float64, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	x := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]float64{0, 0, 0, 1, 1, 0, 1, 1}))
	y := tensor.New(tensor.WithShape(4, 1), tensor.WithBacking([]float64{0, 1, 1, 0})) // exclusive or
	ctx, update := context.Background(), n.NewUpdate()
	for range 2000 {
		r, err := n.Settle(ctx, n.Clamp(x, y), model.Inference{Method: model.GaussSeidel, Steps: 3})
		if err != nil {
			log.Fatal(err)
		}
		if err := n.Hebbian(r, update); err != nil {
			log.Fatal(err)
		}
		for i, d := range update.Directions() {
			for j, step := range d.Float64s() {
				n.Parameters()[i].Float64s()[j] += 0.3 * step
			}
		}
		n.Changed()
	}
	predicted, _, err := n.Predict(ctx, x, model.Inference{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	fmt.Printf("%.1f\n", predicted.Float64s())
	// Output:
	// target 1, block 6, left 6, right 4, input 2, 4 predictions, float64, 83 weights
	// [0.0 1.0 1.0 0.0]
}
