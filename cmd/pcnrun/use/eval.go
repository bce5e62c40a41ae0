package use

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
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
		return eval(c.Context(), a, f, args[0], *json)
	}
	return c
}

func eval(ctx context.Context, a *cli.App, f *cli.ModelFlags, path string, json bool) error {
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
	score, err := train.Evaluate(ctx, l, sets.Test)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	res := run.NewEvaluation(t.Recipe.Data.Dataset, t.Network, sets.Test.Len())
	res.Model = path
	res.SetTest(score, sets.Test)
	return printEvaluation(a, t, res, json)
}

// printEvaluation prints the score of t.
func printEvaluation(a *cli.App, t *trained.Model, res run.Evaluation, json bool) error {
	if json {
		return cli.PrintJSON(a.Stdout, res)
	}
	fmt.Fprintf(a.Info(), "network  %v\n", t.Network)
	terminal.Paint(a.Stdout, terminal.Bold, fmt.Sprintf("test %s on %s of %s", res.TestText(), plural.Of(res.TestExamples, "example"), res.Dataset))
	_, err := fmt.Fprintln(a.Stdout)
	return err
}
