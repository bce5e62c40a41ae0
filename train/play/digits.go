package play

import (
	"context"
	"strconv"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// What the network of Digits is taught: as much as takes a second or two.
const (
	digitsEpochs = 10
	digitsSteps  = 8
)

// Digits returns a small generative network that has just learned the built-in digits, and
// how many of the examples, of which it has seen none, it tells, from 0 to 1.
func Digits(ctx context.Context) (s *Subject, accuracy float64, err error) {
	recipe, err := train.DefaultRecipe("digits", model.Generative, "default")
	if err != nil {
		return nil, 0, err
	}
	inference := recipe.Inference
	recipe.Learning.Epochs, recipe.Inference.Steps = digitsEpochs, digitsSteps
	sets, err := recipe.Data.Load()
	if err != nil {
		return nil, 0, err
	}
	learner, err := recipe.PCN()
	if err != nil {
		return nil, 0, err
	}
	history, err := train.Fit(ctx, learner, recipe.Learning, sets.Train, sets.Validation, train.Options{})
	if err != nil {
		return nil, 0, err
	}
	s = &Subject{Title: "digits", Network: learner.Network(), Inference: inference}
	s.pickFrom(sets.Validation)
	for k := range s.Examples.Classes {
		s.Classes = append(s.Classes, strconv.Itoa(k))
	}
	return s, history.Epochs[len(history.Epochs)-1].Validation.Accuracy, nil
}
