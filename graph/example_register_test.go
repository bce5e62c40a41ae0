package graph_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/model"
)

// Huber's energy of an error: a square up to 1, and then a line, by which outliers pull no
// more than others.
func ExampleRegisterNodeEnergy() {
	huber := graph.NewNodeEnergy("huber",
		func(d float64) float64 {
			if d = math.Abs(d); d > 1 {
				return d - 0.5
			}
			return d * d / 2
		},
		func(d float64) float64 { return max(-1, min(1, d)) }, 1)
	if err := graph.RegisterNodeEnergy(huber); err != nil {
		log.Fatal(err)
	}
	for _, energy := range []model.NodeEnergy{model.Gaussian, "huber"} {
		n, err := model.New(model.Config{
			Layers: []int{1, 1, 1}, Activation: "identity", Dtype: model.Float64,
			Energies: []model.NodeEnergy{model.Gaussian, model.Gaussian, energy},
		})
		if err != nil {
			log.Fatal(err)
		}
		for i := range n.Predictions() {
			n.Weights(i).Float64s()[0] = 1
		}
		n.Changed()
		row := func(x float64) *tensor.Dense {
			return tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{x}))
		}
		r, err := n.Settle(context.Background(), n.Clamp(row(0), row(10)), model.Inference{Steps: 200})
		if err != nil {
			log.Fatal(err)
		}
		hidden, err := n.Node("hidden1")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v: a target of 10 moves the hidden unit to %.3g\n", energy, r.Latents[hidden].Float64s()[0])
	}
	// Output:
	// gaussian: a target of 10 moves the hidden unit to 5
	// huber: a target of 10 moves the hidden unit to 1
}

// A term that keeps two nodes alike, ½ ‖a − b‖² an example.
func ExampleRegisterTerm() {
	err := graph.RegisterTerm("alike", graph.OwnTerm{
		Energy: func(v [][]float64) (sum float64) {
			for i, a := range v[0] {
				sum += (a - v[1][i]) * (a - v[1][i]) / 2
			}
			return sum
		},
		Gradient: func(g, v [][]float64) {
			for i, a := range v[0] {
				g[0][i], g[1][i] = a-v[1][i], v[1][i]-a
			}
		},
		Curvature: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	cfg := model.Config{
		Nodes: []model.Node{{Name: "target", Size: 1}, {Name: "left", Size: 3}, {Name: "right", Size: 3}, {Name: "input", Size: 2}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"left"}}, {Nodes: []string{"right"}}}},
			{Of: "left", From: []model.Edge{{Nodes: []string{"input"}}}},
			{Of: "right", From: []model.Edge{{Nodes: []string{"input"}}}},
		},
		Dtype: model.Float64, Seed: 1,
	}
	apart := func(terms ...model.Term) (sum float64) {
		cfg.Terms = terms
		n, err := model.New(cfg)
		if err != nil {
			log.Fatal(err)
		}
		x := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{1, -1}))
		r, err := n.Settle(context.Background(), n.Clamp(x, nil), model.Inference{Steps: 200})
		if err != nil {
			log.Fatal(err)
		}
		left, right := r.Latents[1].Float64s(), r.Latents[2].Float64s()
		for i := range left {
			sum += (left[i] - right[i]) * (left[i] - right[i])
		}
		return sum
	}
	ratio := apart() / apart(model.Term{Name: "alike", Nodes: []string{"left", "right"}})
	fmt.Printf("without the term they are %.2f times as far apart\n", math.Sqrt(ratio))
	// Output:
	// without the term they are 3.00 times as far apart
}
