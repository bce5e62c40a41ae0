package model_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// A batch between two steps: to watch a latent settle, and to push it.
func ExampleNetwork_Begin() {
	n, err := model.New(model.Config{Layers: []int{1, 1, 1}, Activation: "identity", Dtype: model.Float64})
	if err != nil {
		log.Fatal(err)
	}
	for i := range n.Predictions() {
		n.Weights(i).Float64s()[0] = 1
	}
	n.Changed()
	x := tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{0}))
	y := tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{4}))
	s, err := n.Begin(n.Clamp(x, y), model.Inference{Rate: 0.25})
	if err != nil {
		log.Fatal(err)
	}
	hidden, err := s.Latent("hidden1") // live
	if err != nil {
		log.Fatal(err)
	}
	show := func() { fmt.Printf("%d: hidden %.3f, energy %.3f\n", s.Steps(), hidden.Float64s()[0], s.Energy()) }
	show()
	for step := range 4 {
		if step == 2 {
			hidden.Float64s()[0] = 0 // begun anew
		}
		if err := s.Step(context.Background()); err != nil {
			log.Fatal(err)
		}
		show()
	}
	// Output:
	// 0: hidden 0.000, energy 8.000
	// 1: hidden 1.000, energy 5.000
	// 2: hidden 1.500, energy 4.250
	// 3: hidden 1.000, energy 5.000
	// 4: hidden 1.500, energy 4.250
}
