package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/graph/feature"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// named reads values of nodes, NAME=VALUE,NAME=VALUE.
func named[T any](text string, parse func(string) (T, error)) (map[string]T, error) {
	values := map[string]T{}
	for field := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		x, err := parse(value)
		if !ok || err != nil {
			return nil, fmt.Errorf("must be of the form NODE=NUMBER, got %q", field)
		}
		values[name] = x
	}
	return values, nil
}

// seed returns what sets a seed by its text.
func seed(set func(*train.Recipe, uint64)) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return errors.New("must be a whole number >= 0")
		}
		set(r, n)
		return nil
	}
}

// list parses numbers between commas.
func list[T int | float64](text string, parse func(string) (T, error)) (numbers []T, err error) {
	for _, s := range strings.Split(text, ",") {
		x, err := parse(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("must be numbers between commas, got %q", s)
		}
		numbers = append(numbers, x)
	}
	return numbers, nil
}

// setLayers sets the sizes. What a recipe has for each of another number of nodes
// does not apply to them; what a flag gives has to.
func setLayers(flags *pflag.FlagSet) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		r.Model.Layers = nil
		for field := range strings.SplitSeq(text, ",") {
			size, err := strconv.Atoi(strings.TrimSpace(field))
			if err != nil || size <= 0 {
				return fmt.Errorf("must be whole numbers > 0 such as 64,32,10, got %q", field)
			}
			r.Model.Layers = append(r.Model.Layers, size)
		}
		if len(r.Model.Precisions) != len(r.Model.Layers) && !flags.Changed("precisions") {
			r.Model.Precisions = nil
		}
		if len(r.Model.Energies) != len(r.Model.Layers) && !flags.Changed("energies") {
			r.Model.Energies = nil
		}
		if !flags.Changed("node-rates") {
			r.Inference.NodeRates = nil
		}
		if !flags.Changed("node-steps") {
			r.Inference.NodeSteps = nil
		}
		return model.Config{Layers: r.Model.Layers}.Validate()
	}
}

func activation(field func(*train.Recipe) *string) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		*field(r) = text
		_, err := feature.ParseActivation(text)
		return err
	}
}

// whole reads a whole number of at least low.
func whole(low int, field func(*train.Recipe) *int) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < low {
			return fmt.Errorf("must be a whole number >= %d", low)
		}
		*field(r) = n
		return nil
	}
}

// positive reads a number above 0.
func positive(field func(*train.Recipe) *float64) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x > 0) || math.IsInf(x, 0) {
			return errors.New("must be a number > 0")
		}
		*field(r) = x
		return nil
	}
}

// notNegative reads a number of at least 0.
func notNegative(field func(*train.Recipe) *float64) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= 0) || math.IsInf(x, 0) {
			return errors.New("must be a number >= 0")
		}
		*field(r) = x
		return nil
	}
}

// wantArgs accepts from low to high arguments.
func wantArgs(low, high int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return fmt.Errorf("arguments: must be %s, got %d", c.Use, len(args))
		}
		return nil
	}
}

// datasetArgs accepts at most the name, or the path, of a dataset.
func datasetArgs(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("dataset: must be one, got %s", strings.Join(args, " "))
	}
	if len(args) == 1 {
		_, err := datasetOf(train.Data{}, args[0])
		return err
	}
	return nil
}
