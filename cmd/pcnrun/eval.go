package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
	"example.com/pcn/train/rule"
)

func (a *app) evalCommand() *cobra.Command {
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

` + modelHelp,
		Example: `  pcnrun eval runs/digits/model.safetensors
  pcnrun eval article.safetensors --dataset mnist --data ~/mnist
  pcnrun eval runs/digits/model.safetensors --input scans.csv --label digit
  pcnrun eval runs/sine/model.safetensors --input - < points.jsonl`,
		Args: wantArgs(1, 1),
	}
	f := addForeignFlags(c.Flags())
	dataDirFlag(c.Flags())
	pixelsFlag(c.Flags(), "the recipe's")
	addInferenceFlags(c.Flags())
	var rows ownRows
	c.Flags().StringVar(&rows.path, "input", "", "`FILE` of rows to score on, - for the standard input")
	c.Flags().StringVar(&rows.label, "label", "", "`COLUMN` of the class (default what the model learned, or the last)")
	c.Flags().StringVar(&rows.target, "target", "", "`COLUMNS` to regress on, with commas between, one with a comma\nin quotes (default what the model learned, or the last)")
	rows.format = formatFlag(c.Flags(), "the rows")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if rows.path != "" {
			return a.evalRows(c.Context(), f, args[0], rows, *json)
		}
		for _, name := range []string{"label", "target", "format"} {
			if c.Flags().Changed(name) {
				return usagef("--%s: goes with --input", name)
			}
		}
		return a.eval(c.Context(), f, args[0], *json)
	}
	return c
}

func (a *app) eval(ctx context.Context, f *modelFlags, path string, json bool) error {
	t, err := f.open(path, true)
	if err != nil {
		return err
	}
	sets, err := t.load(a.warn)
	if err != nil {
		return err
	}
	optimizer, err := train.NewOptimizer(t.recipe.Optimizer)
	if err != nil {
		return err
	}
	var by rule.Rule // which says whether steps of sequences are taken in
	if t.recipe.Model.Remembers() {
		if by, err = rule.New(t.recipe.Learning.Rule); err != nil {
			return err
		}
	}
	l, err := train.NewPCN(t.network, by, t.recipe.Inference, optimizer)
	if err != nil {
		return err
	}
	score, err := train.Evaluate(ctx, l, sets.Test)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	res := newEvaluation(t.recipe.Data.Dataset, t.network, sets.Test.Len())
	res.Model = path
	res.setTest(score, sets.Test)
	return a.printEvaluation(t, res, json)
}

// printEvaluation prints the score of t.
func (a *app) printEvaluation(t *trained, res evaluation, json bool) error {
	if json {
		return printJSON(a.stdout, res)
	}
	fmt.Fprintf(a.info(), "network  %v\n", t.network)
	paint(a.stdout, bold, fmt.Sprintf("test %s on %s of %s", res.testText(), plural.Of(res.TestExamples, "example"), res.Dataset))
	_, err := fmt.Fprintln(a.stdout)
	return err
}
