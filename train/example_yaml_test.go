package train_test

import (
	"fmt"
	"log"

	"example.com/pcn/train"
)

// network is a residual block on one of two branches that meet at the target.
const network = `
data: {dataset: digits}
model:
  nodes:
    - {name: target, size: 10}
    - {name: block, size: 64}
    - {name: left, size: 64}
    - {name: right, size: 32}
    - {name: input, size: 64}
  predictions:
    - of: target # by two nodes side by side
      from: [{nodes: [block, right], feature: tanh}]
    - of: block # by a layer, and by what is left as it is
      from: [{nodes: [left], feature: tanh}, {nodes: [left], map: identity}]
    - {of: left, from: [{nodes: [input]}]}
    - {of: right, from: [{nodes: [input]}]}
`

// A network of any shape in YAML. The command takes the same file: pcnrun train --config.
func ExampleParseRecipe() {
	recipe, err := train.ParseRecipe([]byte(network))
	if err != nil {
		log.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		log.Fatal(err)
	}
	n := learner.Network()
	fmt.Println(n)
	for _, p := range n.Named() {
		fmt.Println(p.Name, p.Value.Shape())
	}
	fmt.Println("backpropagation can train it:", n.Feedforward())
	// Output:
	// target 10, block 64, left 64, right 32, input 64, 4 predictions, float32, 11370 weights
	// target.block+right.weight (10, 96)
	// target.bias (10)
	// block.left.weight (64, 64)
	// block.bias (64)
	// left.input.weight (64, 64)
	// left.bias (64)
	// right.input.weight (32, 64)
	// right.bias (32)
	// backpropagation can train it: true
}
