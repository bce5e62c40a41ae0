package train_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Learn the built-in digits and use the network.
func Example() {
	recipe, err := train.DefaultRecipe("digits", model.Discriminative, "default")
	if err != nil {
		log.Fatal(err)
	}
	recipe.Learning.Epochs = 5 // any field may be changed
	sets, err := recipe.Data.Load()
	if err != nil {
		log.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := train.Fit(ctx, learner, recipe.Learning, sets.Train, sets.Validation, train.Options{}); err != nil {
		log.Fatal(err)
	}
	score, err := train.Evaluate(ctx, learner, sets.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(learner.Network())
	fmt.Println("above 95 % on", score.Examples, "test digits:", score.Accuracy > 0.95)
	// Output:
	// 64-128-128-10 discriminative, leaky-relu, float32, 26122 weights
	// above 95 % on 270 test digits: true
}

// TestREADMEShowsTheExamples keeps the README's program the one above, and its network
// that of ExampleParseRecipe.
func TestREADMEShowsTheExamples(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func Example() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	for line := range strings.Lines(body + network) {
		if line = strings.TrimSpace(line); !strings.Contains(string(readme), line) {
			t.Errorf("the README's examples lack the line %q", line)
		}
	}
}
