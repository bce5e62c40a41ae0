package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	return a.mapRows(ctx, t, args, func(out io.Writer, inputs *tensor.Dense) error {
		targets, _, err := t.network.Predict(ctx, inputs, t.recipe.Inference)
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
		for i, row := range model.Rows(targets) {
			text := formatRow(row, t.network.Config().Dtype)
			p := prediction{Targets: json.RawMessage("[" + text + "]")}
			if t.classes() {
				var field string
				p.Class, field = t.class(classes[i])
				text = field + "," + text
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
		return nil
	})
}

// mapRows calls print with the inputs, as t's network takes them, of the lines of
// the file that args name second, or of the standard input, in batches.
func (a *app) mapRows(ctx context.Context, t *trained, args []string, print func(out io.Writer, inputs *tensor.Dense) error) error {
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
		if err := print(out, inputs); err != nil {
			return err
		}
		return out.Flush()
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("%s: no line of numbers", in.name)
	}
	return err
}

// class returns a class as JSON has it, a name or else its number, and as a field
// of CSV.
func (t *trained) class(i int) (value any, field string) {
	if t.names == nil {
		return i, strconv.Itoa(i)
	}
	return t.names[i], csvField(t.names[i])
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
	for _, row := range model.Rows(t) {
		if slices.ContainsFunc(row, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
			return errors.New("settling diverged: lower --inference-rate")
		}
	}
	return nil
}
