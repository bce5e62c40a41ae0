package linear_test

import (
	"fmt"
	"log"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/model"
)

// A convolution, and the transposed one that goes back to its size: θ has a row for each unit
// that the kernel covers, and a column for each channel of the smaller image.
func ExampleParseMap() {
	image, small := tensor.Shape{28, 28, 3}, tensor.Shape{14, 14, 32}
	for _, way := range []struct {
		text       string
		from, node tensor.Shape
	}{{"conv 4x4 stride 2 pad 1", image, small}, {"conv-transpose 4x4 stride 2 pad 1", small, image}} {
		m, err := linear.ParseMap(way.text)
		if err != nil {
			log.Fatal(err)
		}
		out, err := m.Out(way.from, way.node)
		if err != nil {
			log.Fatal(err)
		}
		theta := m.Parameters(way.from, out)[0]
		fmt.Println(m, "makes", out, "by", theta.Name, theta.Shape)
	}
	// Output:
	// conv 4 stride 2 pad 1 makes (14, 14, 32) by weight [48 32]
	// conv-transpose 4 stride 2 pad 1 makes (28, 28, 3) by weight [48 32]
}

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
