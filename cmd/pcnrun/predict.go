package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

func (a *app) predictCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "predict MODEL [FILE]",
		Short: "Predict the targets of inputs",
		Long: `Predict the targets of inputs, given as rows in FILE or on the standard input.

` + rowsHelp + `

For each row a line is printed in the same format: as CSV the class and then the
target of each class, or for a regression the targets; as JSON an object with
"class" and "targets".

` + modelHelp,
		Example: `  pcnrun predict runs/digits/model.safetensors images.csv
  pcnrun predict runs/digits/model.safetensors < images.jsonl | head -1
  echo 1.57 | pcnrun predict runs/sine/model.safetensors`,
		Args: wantArgs(1, 2),
	}
	f := addForeignFlags(c.Flags())
	addInferenceFlags(c.Flags())
	format := formatFlag(c.Flags(), "the rows and of what is printed")
	asJSON := c.Flags().Bool("json", false, "print a JSON object for each row, whatever the format of the rows")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.predict(c.Context(), f, args, *format, *asJSON)
	}
	return c
}

func (a *app) predict(ctx context.Context, f *modelFlags, args []string, format rowFormat, asJSON bool) error {
	t, err := f.open(args[0], false)
	if err != nil {
		return err
	}
	n := t.network
	dtype := n.Config().Dtype
	in, closeIn, err := a.openRows(args, n.Size(n.InputNode()), dtype)
	if err != nil {
		return err
	}
	defer closeIn()
	if format != anyRows {
		in.parser.format = format
	}
	var text []byte
	count, err := in.each(ctx, dtype, func(inputs *tensor.Dense) error {
		targets, err := t.predict(ctx, inputs)
		if err != nil {
			return err
		}
		var classes []int
		if t.classes() {
			classes = model.Argmax(targets)
		}
		text = appendPredictions(text[:0], targets, classes, dtype, asJSON || in.parser.format == jsonRows)
		_, err = a.stdout.Write(text)
		return err
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("%s: no line of numbers", in.name)
	}
	return err
}

// predict returns the targets of raw inputs, which it overwrites.
func (t *trained) predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	if err := t.inputs.Apply(inputs); err != nil {
		return nil, err
	}
	targets, _, err := t.network.Predict(ctx, inputs, t.recipe.Inference)
	if err != nil {
		return nil, err
	}
	return targets, finite(targets)
}

// appendPredictions writes a line for each row of targets, with its class where
// there are classes.
func appendPredictions(text []byte, targets *tensor.Dense, classes []int, d model.Dtype, asJSON bool) []byte {
	for i, row := range tensorRows(targets) {
		if asJSON {
			text = append(text, '{')
		}
		if classes != nil {
			if asJSON {
				text = append(text, `"class":`...)
			}
			text = append(strconv.AppendInt(text, int64(classes[i]), 10), ',')
		}
		if asJSON {
			text = append(appendRow(append(text, `"targets":[`...), row, d), "]}\n"...)
		} else {
			text = append(appendRow(text, row, d), '\n')
		}
	}
	return text
}

// finite returns an error when a number of t is not finite, as after latents
// have diverged.
func finite(t *tensor.Dense) error {
	for _, row := range tensorRows(t) {
		if slices.ContainsFunc(row, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
			return errors.New("settling diverged: lower --inference-rate")
		}
	}
	return nil
}
