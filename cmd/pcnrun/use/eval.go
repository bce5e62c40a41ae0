package use

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// Eval is the command eval.
func Eval(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Score a model on the test part of its dataset, or on rows of your own",
		Long: `Score a model file on the test part of the dataset that it learned from: the same
examples as at the end of its training. The model knows them by a hash: where the
test part is another by now, that is said, and where what it learned from may be in
it, there is no score. Classes are the model's own, by their names.

With --input, score it on rows of your own instead: by accuracy, where the rows
hold a class beside the inputs, by its name or where classes have none by 0, 1, 2
..., and by the mean squared error where they hold numbers to regress on, in the
units of the rows. --label or --target names their columns, by the header or, where
there is none, by place from 1. Where no flag says otherwise they are the columns
that the model learned or, of a model that learned from no named columns, the last
ones. A JSON array is like a line of CSV without a header; an object has the class or
the targets as "label", "target" or "y" or, with a member for each column, as CSV has
them. Of images it is a folder with a folder for each class.

Of classes it also prints, for each, the precision (of the examples taken for it, the
share that are of it), the recall (of its examples, the share taken for it) and F1 (the
harmonic mean of both), and of a regression the RMSE (the root of the mean squared
error, in the units of the target) and R² (1 is perfect, 0 no better than the mean).
Beside them stands what needs no network: always to say the commonest class, or the mean.

` + rowsHelp + `

` + cli.ModelHelp,
		Example: `  pcnrun eval runs/digits/model.safetensors
  pcnrun eval article.safetensors --dataset mnist --data ~/mnist
  pcnrun eval runs/digits/model.safetensors --input scans.csv --label digit
  pcnrun eval runs/sine/model.safetensors --input - < points.jsonl`,
		Args: cli.Args(1, 1),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, cli.UseFlags...)
	var rows ownRows
	c.Flags().StringVar(&rows.path, "input", "", "`FILE` of rows to score on, - for the standard input")
	c.Flags().StringVar(&rows.label, "label", "", "`COLUMN` of the class (default what the model learned, or the last)")
	c.Flags().StringVar(&rows.target, "target", "", "`COLUMNS` to regress on, with commas between, one with a comma in quotes (default what the model learned, or the last)")
	c.Flags().StringVar(&rows.wrong, "wrong", "", "CSV `FILE` for the examples that are taken for another class, - for the standard output: the row of the file as a spreadsheet counts, or where there is none the number of each, from 1, its class, the one it was taken for, and the number of each class")
	rows.format = formatFlag(c.Flags(), "the rows")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if rows.path != "" {
			return evalRows(c.Context(), a, f, args[0], rows, *json)
		}
		for _, name := range []string{"label", "target", "format"} {
			if c.Flags().Changed(name) {
				return cli.Usagef("--%s: goes with --input", name)
			}
		}
		return eval(c.Context(), a, f, args[0], rows.wrong, *json)
	}
	return c
}

func eval(ctx context.Context, a *cli.App, f *cli.ModelFlags, path, wrong string, json bool) error {
	t, err := f.Open(path, true)
	if err != nil {
		return err
	}
	sets, err := a.Load(t)
	if err != nil {
		return err
	}
	l, err := t.Learner()
	if err != nil {
		return err
	}
	got, err := train.Assess(ctx, l, sets.Test)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	res := run.NewEvaluation(t.Recipe.Data.Dataset, t.Network, sets.Test.Len())
	res.Model = path
	res.SetTest(got.Score)
	return printEvaluation(a, t, evaluation{res, got}, wrong, json)
}
