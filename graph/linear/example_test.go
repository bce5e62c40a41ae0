package linear_test

import (
	"fmt"
	"log"
	"math"

	"example.com/pcn/graph/linear"
	"example.com/pcn/model"
)

// A convolution with a kernel of three weights and zeros around the signal. M is linear
// in ψ; its pull-back is Mᵀ, and Add is the derivative of ⟨δ, Mψ⟩ by the kernel.
func ExampleRegisterMap() {
	const width = 3
	// each calls f with the places of output, input and kernel that meet.
	each := func(n int, f func(i, j, w int)) {
		for i := range n {
			for w := range width {
				if j := i + w - width/2; j >= 0 && j < n {
					f(i, j, w)
				}
			}
		}
	}
	err := linear.RegisterMap(&linear.Own{
		Name: "convolution",
		Shape: func(k, n int) ([]int, error) {
			if k != n {
				return nil, fmt.Errorf("must have as many units as it predicts, %d, got %d", n, k)
			}
			return []int{1, width}, nil // a matrix is drawn at random, a vector is 1
		},
		Product: func(out, psi, theta []float64) {
			clear(out)
			each(len(out), func(i, j, w int) { out[i] += theta[w] * psi[j] })
		},
		Pullback: func(psi, delta, theta []float64) {
			clear(psi)
			each(len(delta), func(i, j, w int) { psi[j] += theta[w] * delta[i] })
		},
		Add: func(into, delta, psi []float64) {
			each(len(delta), func(i, j, w int) { into[w] += delta[i] * psi[j] })
		},
		Norm: func(theta []float64) (bound float64) { // Young's inequality
			for _, w := range theta {
				bound += math.Abs(w)
			}
			return bound
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	n, err := model.New(model.Config{
		Nodes: []model.Node{{Name: "target", Size: 2}, {Name: "hidden", Size: 8}, {Name: "input", Size: 8}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"hidden"}, Feature: "tanh"}}},
			{Of: "hidden", From: []model.Edge{{Nodes: []string{"input"}, Map: "convolution"}}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range n.Named() {
		fmt.Println(p.Name, p.Value.Shape())
	}
	// Output:
	// target.hidden.weight (2, 8)
	// target.bias (2)
	// hidden.input.theta (1, 3)
	// hidden.bias (8)
}
