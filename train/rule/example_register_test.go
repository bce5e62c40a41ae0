package rule_test

import (
	"context"
	"fmt"
	"log"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/rule"
)

// twice settles and learns from each batch two times. How latents settle is for the rule
// that it embeds.
type twice struct{ rule.PC }

// String returns the name under which it is registered.
func (twice) String() string { return "twice" }

func (t twice) Learn(ctx context.Context, l *rule.Lesson) (*model.Result, error) {
	if r, err := t.PC.Learn(ctx, l); err != nil || !r.Finite() {
		return r, err
	}
	return t.PC.Learn(ctx, l)
}

// A learning rule of one's own in a recipe. One with settings has Set, and one that remembers
// something from batch to batch State and SetState.
func ExampleRegister() {
	if err := rule.Register("twice", func() rule.Rule { return twice{} }); err != nil {
		log.Fatal(err)
	}
	recipe, err := train.ParseRecipe([]byte(`
data: {dataset: digits, seed: 1}
model: {layers: [64, 32, 10]}
inference: {method: gauss-seidel, steps: 1}
learning: {rule: twice, epochs: 5, batch: 32, rate: 0.002, schedule: linear}
optimizer: adam
`))
	if err != nil {
		log.Fatal(err)
	}
	sets, err := recipe.Data.Load()
	if err != nil {
		log.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := train.Fit(ctx, learner, recipe.Learning, sets.Train, nil, train.Options{}); err != nil {
		log.Fatal(err)
	}
	score, err := train.Evaluate(ctx, learner, sets.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("above 90 %:", score.Accuracy > 0.9)
	// Output:
	// above 90 %: true
}
