package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

func (a *app) predictCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "predict MODEL [FILE]",
		Short: "Predict the targets of inputs",
		Long: `Predict the targets of inputs, given as lines of numbers separated by commas, in
FILE or on the standard input. Inputs are raw, as in the dataset (pixels 0..16
for digits, 0..255 for mnist): what scaled them in training is in the model file.
A first line without a number is a header, and passed over.

For each line one is printed: the class and then the target of each class, or for
a regression the targets.

` + modelHelp,
		Example: `  pcnrun predict runs/digits/model.safetensors images.csv
  echo 1.57 | pcnrun predict runs/sine/model.safetensors`,
		Args: wantArgs(1, 2),
	}
	f := addForeignFlags(c.Flags())
	addInferenceFlags(c.Flags())
	asJSON := c.Flags().Bool("json", false, "print a JSON object for each line")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.predict(c.Context(), f, args, *asJSON)
	}
	return c
}

// prediction is what --json prints of a row.
type prediction struct {
	Class   any             `json:"class,omitempty"` // its number, or its name
	Targets json.RawMessage `json:"targets"`
}

func (a *app) predict(ctx context.Context, f *modelFlags, args []string, asJSON bool) error {
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
	out := bufio.NewWriter(a.stdout)
	count, err := in.each(ctx, dtype, func(inputs *tensor.Dense) error {
		if err := t.inputs.Apply(inputs); err != nil {
			return err
		}
		targets, _, err := n.Predict(ctx, inputs, t.recipe.Inference)
		if err != nil {
			return err
		}
		if err := finite(targets); err != nil {
			return err
		}
		classes := model.Argmax(targets)
		if err := t.targets.Invert().Apply(targets); err != nil {
			return err
		}
		for i, row := range tensorRows(targets) {
			text := formatRow(row, dtype)
			p := prediction{Targets: json.RawMessage("[" + text + "]")}
			if t.classes() {
				p.Class = classes[i]
				name := strconv.Itoa(classes[i])
				if t.names != nil {
					name = t.names[classes[i]]
					p.Class = name
				}
				text = csvField(name) + "," + text
			}
			if asJSON {
				err = printJSON(out, p)
			} else {
				_, err = fmt.Fprintln(out, text)
			}
			if err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("%s: no line of numbers", in.name)
	}
	return err
}

// csvField writes a field of CSV, in quotes where it needs them.
func csvField(text string) string {
	if !strings.ContainsAny(text, ",\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
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
