package puzzle_test

import (
	"context"
	"fmt"
	"log"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/puzzle"
)

// A generative network learns digits and fills in the lower half of others, nearer to the
// truth than the mean digit is.
func Example() {
	ctx := context.Background()
	recipe, err := train.DefaultRecipe("digits", model.Generative, "")
	if err != nil {
		log.Fatal(err)
	}
	recipe.Learning.Epochs = 2
	sets, err := recipe.Data.Load()
	if err != nil {
		log.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := train.Fit(ctx, learner, recipe.Learning, sets.Train, nil, train.Options{}); err != nil {
		log.Fatal(err)
	}
	net, test := learner.Network(), sets.Test.Limit(100)

	raw, err := puzzle.Raw(test)
	if err != nil {
		log.Fatal(err)
	}
	hidden, err := puzzle.Mask("bottom", len(raw), test.InputSize(), test.Shape, 1)
	if err != nil {
		log.Fatal(err)
	}
	p, err := puzzle.New(raw, test.InputTransform(), hidden, 0, 1, net.Config().Dtype)
	if err != nil {
		log.Fatal(err)
	}
	done, err := p.Solve(ctx, net, model.Recall{By: model.ByEnergy, Temperature: 1}, model.Inference{Method: model.GaussSeidel, Steps: 20})
	if err != nil {
		log.Fatal(err)
	}
	score, err := p.Score(ctx, net, sets.Train, done, test.Labels())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("nearer than the mean digit:", *score.MSERatio < 1)
	fmt.Println("knows the class of most:", *score.Accuracy > 0.5)
	// Output:
	// nearer than the mean digit: true
	// knows the class of most: true
}
