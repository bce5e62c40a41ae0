package model_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/model"
)

// clipped is gradient descent in which no unit moves further than most in a step. What it
// does not say is as AlongGradient has it: it remembers nothing.
type clipped struct {
	model.AlongGradient
	most float64
}

// Move is given a shard's nodes, whose gradients are fresh, and a rate for each node.
func (c clipped) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		v, g := s.Latent(l).Float64s(), s.Gradient(l).Float64s() // (rows, d), live
		for i := range v {
			v[i] -= max(-c.most, min(c.most, rates[l]*g[i]))
		}
	}
}

// A method of settling of the user's own ends where the others do.
func ExampleRegisterMethod() {
	err := model.RegisterMethod("clipped", model.Moves{
		Rate:    0.2,
		Bounded: true, // as a descent along the gradient has to be
		New:     func(model.Inference) model.Mover { return clipped{most: 0.1} },
	})
	if err != nil {
		log.Fatal(err)
	}
	n, err := model.New(model.Config{Layers: []int{2, 4, 1}, Dtype: model.Float64, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	x := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{1, -1}))
	y := tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{3}))
	for _, method := range []model.Method{model.Gradient, "clipped"} {
		r, err := n.Settle(context.Background(), n.Clamp(x, y), model.Inference{Method: method, Steps: 400})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v: energy %.4f\n", method, r.Energy)
	}
	// Output:
	// gradient: energy 1.1548
	// clipped: energy 1.1548
}
