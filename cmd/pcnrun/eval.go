package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"example.com/pcn/train"
)

func (a *app) evalCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Score a model on the test part of its dataset",
		Long: `Score a model file on the test part of the dataset that it learned from: the same
examples as at the end of its training.

` + modelHelp,
		Example: `  pcnrun eval runs/digits/model.safetensors
  pcnrun eval article.safetensors --dataset mnist --data ~/mnist`,
		Args: wantArgs(1, 1),
	}
	f := addForeignFlags(c.Flags())
	dataDirFlag(c.Flags())
	addInferenceFlags(c.Flags())
	json := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.eval(c.Context(), f, args[0], *json)
	}
	return c
}

func (a *app) eval(ctx context.Context, f *modelFlags, path string, json bool) error {
	t, err := f.open(path, true)
	if err != nil {
		return err
	}
	sets, err := t.load()
	if err != nil {
		return err
	}
	optimizer, err := train.NewOptimizer(t.recipe.Optimizer)
	if err != nil {
		return err
	}
	l, err := train.NewPCN(t.network, t.recipe.Inference, optimizer)
	if err != nil {
		return err
	}
	score, err := train.Evaluate(ctx, l, sets.Test)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	res := newEvaluation(t.recipe, t.network, sets.Test)
	res.Model = path
	res.setTest(score, sets.Test)
	if json {
		return printJSON(a.stdout, res)
	}
	fmt.Fprintf(a.info(false), "network  %v\n", t.network)
	_, err = fmt.Fprintln(a.stdout, paint(a.stdout, bold, fmt.Sprintf("test %s on %d examples of %s", res.testText(), res.TestExamples, res.Dataset)))
	return err
}
