// Package use has the commands that ask a model: scores, predictions, classes, inputs of a class, and
// what is missing.
package use

import (
	"context"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/data"
	"example.com/pcn/train/trained"
)

// Predict is the command predict.
func Predict(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "predict MODEL [FILE]",
		Short: "Predict the targets of inputs",
		Long: `Predict the targets of inputs, given as rows in FILE or on the standard input.

` + rowsHelp + `

For each row a line is printed in the same format: as CSV the class and then a number
for each class, or for a regression the targets; as JSON an object with "class" and
"probabilities" or "targets". Where the network learned its classes by cross-entropy
(train --bottom-energy cross-entropy, of a discriminative network) the numbers are
probabilities, which sum to 1, and are called so. Otherwise they are the targets as
predicted, near 1 for the class: the larger the surer, but no probabilities. A network
that remembers takes the rows for one sequence: where it has learned the next
row, each line is what it expects of the row behind. Of images the file comes first, as
JSON as "file".

` + cli.ModelHelp,
		Example: `  pcnrun predict runs/digits/model.safetensors images.csv
  pcnrun predict runs/digits/model.safetensors images.csv --header > classes.csv
  pcnrun predict runs/digits/model.safetensors < images.jsonl | head -1
  pcnrun predict runs/photos/model.safetensors more-photos/rose
  echo 1.57 | pcnrun predict runs/sine/model.safetensors`,
		Args: cli.Args(1, 2),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, cli.InferenceFlags...)
	format := formatFlag(c.Flags(), "the rows and of what is printed")
	asJSON := c.Flags().Bool("json", false, "print a JSON object for each row, whatever the format of the rows")
	header := c.Flags().Bool("header", false, "print the names of the columns first, of CSV")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *header && *asJSON {
			return cli.Usagef("--header is for CSV, and --json names each number's list")
		}
		return predict(c.Context(), a, f, args, *format, *asJSON, *header)
	}
	return c
}

func predict(ctx context.Context, a *cli.App, f *cli.ModelFlags, args []string, format rowFormat, asJSON, header bool) error {
	t, err := f.Open(args[0], false)
	if err != nil {
		return err
	}
	predict := t.Predict
	if t.Recipe.Model.Remembers() {
		if predict, err = t.Foretell(); err != nil {
			return err
		}
	}
	return mapRows(ctx, a, t, args, format, asJSON, header, func(inputs *tensor.Dense) (trained.Answers, error) {
		p, err := predict(ctx, inputs)
		cli.LogSettled(p.Settled)
		return trained.Answers{Classes: p.Classes, Name: t.NumberName(), Numbers: p.Targets}, err
	})
}

// mapRows prints what answer makes of the inputs, as t's network takes them, of
// the rows of the file that args name second, or of the standard input: a line for
// each row, in the format of the rows, below a header of CSV where it is to have one.
func mapRows(ctx context.Context, a *cli.App, t *trained.Model, args []string, format rowFormat, asJSON, header bool, answer func(inputs *tensor.Dense) (trained.Answers, error)) error {
	o := t.RowOptions()
	o.Format = string(format)
	in, err := openRows(ctx, a, rowsPath(args), o)
	if err != nil {
		return err
	}
	defer in.Close()
	var text []byte
	_, err = in.Each(ctx, func(b *data.Batch) error {
		inputs, err := inputsOf(t, in, b)
		if err != nil {
			return err
		}
		of, err := answer(inputs)
		if err != nil {
			return err
		}
		if files := in.Images(); files != nil {
			of.Files = files[b.First : b.First+b.N]
		}
		switch text = text[:0]; {
		case asJSON || in.Format() == data.FormatJSONL:
			text = t.AppendJSON(text, of)
		case header && b.First == 0:
			text = t.AppendCSV(append(text, t.CSVHeader(of)...), of)
		default:
			text = t.AppendCSV(text, of)
		}
		_, err = a.Stdout.Write(text)
		return err
	})
	return err
}
