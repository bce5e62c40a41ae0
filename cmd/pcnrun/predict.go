package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

func (a *app) predictCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "predict MODEL [FILE]",
		Short: "Predict the targets of inputs",
		Long: `Predict the targets of inputs, given as rows in FILE or on the standard input.

` + rowsHelp + `

For each row a line is printed in the same format: as CSV the class and then the
target of each class, or for a regression the targets; as JSON an object with
"class" and "targets". A network that remembers takes the rows for one sequence: where
it has learned the next row, each line is what it expects of the row behind. Of images the file comes first, as JSON as "file".

` + modelHelp,
		Example: `  pcnrun predict runs/digits/model.safetensors images.csv
  pcnrun predict runs/digits/model.safetensors < images.jsonl | head -1
  pcnrun predict runs/photos/model.safetensors more-photos/rose
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
	predict := t.predict
	if t.recipe.Model.Remembers() {
		if predict, err = t.foretell(); err != nil {
			return err
		}
	}
	return a.mapRows(ctx, t, args, format, asJSON, func(inputs *tensor.Dense) (answers, error) {
		targets, classes, err := predict(ctx, inputs)
		return answers{classes: classes, name: "targets", numbers: targets}, err
	})
}

// answers are what is printed of some rows.
type answers struct {
	files   []string      // by row; nil where rows are no files
	classes []int         // by row; nil where there are none
	name    string        // of the numbers
	numbers *tensor.Dense // (B, k)
}

// mapRows prints what answer makes of the inputs, as t's network takes them, of
// the rows of the file that args name second, or of the standard input: a line for
// each row, in the format of the rows.
func (a *app) mapRows(ctx context.Context, t *trained, args []string, format rowFormat, asJSON bool, answer func(inputs *tensor.Dense) (answers, error)) error {
	o := t.rowOptions()
	o.Format = string(format)
	in, err := a.openRows(ctx, rowsPath(args), o)
	if err != nil {
		return err
	}
	defer in.Close()
	var text []byte
	_, err = in.Each(ctx, func(b *data.Batch) error {
		inputs, err := t.tensor(in, b)
		if err != nil {
			return err
		}
		of, err := answer(inputs)
		if err != nil {
			return err
		}
		if files := in.Images(); files != nil {
			of.files = files[b.First : b.First+b.N]
		}
		text = t.appendAnswers(text[:0], of, asJSON || in.Format() == data.FormatJSONL)
		_, err = a.stdout.Write(text)
		return err
	})
	return err
}

// predict returns the targets of inputs in their own units, and the classes where
// there are classes.
func (t *trained) predict(ctx context.Context, inputs *tensor.Dense) (targets *tensor.Dense, classes []int, err error) {
	targets, settled, err := t.network.Predict(ctx, inputs, t.recipe.Inference)
	if err != nil {
		return nil, nil, err
	}
	logSettled(settled)
	if err := finite(targets); err != nil {
		return nil, nil, err
	}
	if t.classes() {
		classes = model.Argmax(targets)
	}
	targets, err = t.targets.Undo(targets)
	return targets, classes, err
}

// foretell returns what predicts as t.predict does, of rows that are one sequence: each
// from all before it and, where the next row is what is learned, by that row once it is there.
func (t *trained) foretell() (func(context.Context, *tensor.Dense) (*tensor.Dense, []int, error), error) {
	at, err := t.recipe.Track(t.network)
	if err != nil {
		return nil, err
	}
	var last *tensor.Dense // inputs that have not been taken in
	return func(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, []int, error) {
		rows, k := inputs.Shape()[0], t.network.Size(t.network.TargetNode())
		targets := tensor.New(tensor.Of(inputs.Dtype()), tensor.WithShape(rows, k))
		for i := range rows {
			row := tensor.New(tensor.Of(inputs.Dtype()), tensor.WithShape(1, inputs.Shape()[1]))
			dense.CopyRow(row, 0, inputs, i)
			if last != nil {
				seen := row
				if len(t.recipe.Data.Target) > 0 {
					seen = nil // the targets are not in the rows
				}
				if _, err := at.Observe(ctx, last, seen); err != nil {
					return nil, nil, err
				}
			}
			predicted, err := at.Predict(ctx, row)
			if err == nil {
				err = finite(predicted)
			}
			if err != nil {
				return nil, nil, err
			}
			dense.CopyRow(targets, i, predicted, 0)
			last = row
		}
		targets, err := t.targets.Undo(targets)
		return targets, nil, err
	}, nil
}

// appendAnswers writes a line for each row: its class, where there are classes,
// and its numbers.
func (t *trained) appendAnswers(text []byte, of answers, asJSON bool) []byte {
	d := of.numbers.Dtype()
	for i, row := range model.Rows(of.numbers) {
		if asJSON {
			text = append(text, '{')
		}
		if of.files != nil {
			text = append(appendFile(text, of.files[i], asJSON), ',')
		}
		if of.classes != nil {
			text = append(t.appendClass(text, of.classes[i], asJSON), ',')
		}
		if asJSON {
			text = append(strconv.AppendQuote(text, of.name), ":["...)
			text = append(appendRow(text, row, d), "]}\n"...)
		} else {
			text = append(appendRow(text, row, d), '\n')
		}
	}
	return text
}

// appendFile writes the name of a file as a member of a JSON object or a field of CSV.
func appendFile(text []byte, file string, asJSON bool) []byte {
	if asJSON {
		value, _ := json.Marshal(file) // of a text never fails
		return append(append(text, `"file":`...), value...)
	}
	return append(text, csvField(file)...)
}

// appendClass writes a class as a member of a JSON object or a field of CSV.
func (t *trained) appendClass(text []byte, class int, asJSON bool) []byte {
	if asJSON {
		text = append(text, `"class":`...)
	}
	if asJSON {
		value, _ := json.Marshal(t.class(class)) // of a text or a whole number never fails
		return append(text, value...)
	}
	return append(text, csvField(t.className(class))...)
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
