package onnx_test

import (
	"bytes"
	"fmt"
	"log"

	"example.com/pcn/model"
	"example.com/pcn/model/onnx"
)

// A network of bytes, which it was trained with as numbers in [0, 1].
func ExampleWrite() {
	n, err := model.New(model.Config{Layers: []int{64, 16, 10}})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := onnx.Write(&file, n, onnx.Options{Inputs: onnx.Scaling{Scale: []float64{1.0 / 255}}}); err != nil {
		log.Fatal(err)
	}
	from, to, _ := onnx.Ends(n)
	fmt.Printf("from %s to %s", n.Nodes()[from], n.Nodes()[to])
	// Output: from input to target
}
