package feature_test

import (
	"fmt"
	"log"
	"math"

	"example.com/pcn/graph/feature"
	"example.com/pcn/model"
)

// Snake (Liu and others 2020), φ(x) = x + sin² x, whose slope is 1 + sin 2x and at most 2.
func ExampleRegisterActivation() {
	snake := feature.NewActivation("snake",
		func(x float64) float64 { return x + math.Sin(x)*math.Sin(x) },
		func(x, _ float64) float64 { return 1 + math.Sin(2*x) }, 2)
	if err := feature.RegisterActivation(snake); err != nil {
		log.Fatal(err)
	}
	n, err := model.New(model.Config{Layers: []int{2, 8, 1}, Activation: "snake"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output:
	// 2-8-1 discriminative, snake, float32, 33 weights
}
