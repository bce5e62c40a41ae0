package model_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// A server of predictions: each goroutine has a clone, and all of them the same weights.
func ExampleNetwork_Clone() {
	n, err := model.New(model.Config{Layers: []int{2, 16, 3}, Direction: model.Generative, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	classify := func(n *model.Network, i int) int {
		x := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float32{float32(i), float32(-i)}))
		classes, _, err := n.Classify(context.Background(), x, model.Inference{Method: model.GaussSeidel})
		if err != nil {
			log.Fatal(err)
		}
		return classes[0]
	}
	requests, answers := make(chan int), make([]int, 100)
	var serving sync.WaitGroup
	for range 4 {
		clone := n.Clone()
		clone.SetWorkers(1) // the goroutines are what runs side by side
		serving.Go(func() {
			for i := range requests {
				answers[i] = classify(clone, i)
			}
		})
	}
	for i := range answers {
		requests <- i
	}
	close(requests)
	serving.Wait()

	same := true
	for i, class := range answers {
		same = same && class == classify(n, i)
	}
	fmt.Println("as by one network alone:", same)
	// Output:
	// as by one network alone: true
}
