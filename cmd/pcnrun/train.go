package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/train"
	"example.com/pcn/train/report"
)

func (a *app) trainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "train [" + strings.Join(train.Datasets, "|") + "|PATH]",
		Short: "Train a network and score it on the test part",
		Long: `Train a predictive coding network on a dataset, digits by default, and score it
once on the test part at the end.

The folder given by --out gets model.safetensors, renewed after each epoch,
recipe.yaml, the settings used, and curves.png.

` + datasetHelp + "\n\n" + recipeHelp,
		Example: `  pcnrun train
  pcnrun train digits --direction generative --epochs 20
  pcnrun train mnist --data ~/mnist --limit 5000 --layers 784,128,10
  pcnrun train mnist --limit 5000 --recipe article --json
  pcnrun train flowers.csv --label kind
  pcnrun train photos --test more-photos`,
		Args:      datasetArgs,
		ValidArgs: train.Datasets,
	}
	f := addRecipeFlags(c, "runs/DATASET")
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := f.recipe(args, "digits")
		if err != nil {
			return err
		}
		return a.train(c.Context(), f, r)
	}
	return c
}

func (a *app) train(ctx context.Context, f *recipeFlags, r train.Recipe) error {
	e, err := prepare(r, f.folder("runs/"+r.Data.Name()))
	if err != nil {
		return err
	}
	l, err := e.recipe.PCN()
	if err != nil {
		return err
	}
	info := a.info(f.json)
	e.describe(info, l.Network())
	if err := e.saveRecipe(l.Network()); err != nil {
		return err
	}
	res, h, err := a.learn(ctx, e, pcnName, l, e.path(modelFile), info)
	if err != nil && res.Status != interrupted {
		return err
	}
	figure := e.path(curvesFile)
	if len(h.Epochs) > 0 {
		curves := report.Curves(e.sets.Validation.Classes > 0, report.Run{Name: "PCN", History: h})
		if err := report.WritePNG(figure, report.Render(curves...)); err != nil {
			return err
		}
	}
	if f.json {
		if err := printJSON(a.stdout, res); err != nil {
			return err
		}
	}
	if err != nil {
		return interruption(res)
	}
	if !f.json {
		if _, err := fmt.Fprintln(a.stdout, paint(a.stdout, bold, res.summary())); err != nil {
			return err
		}
	}
	fmt.Fprintf(info, "wrote %s, %s and %s\n", res.Model, e.path(recipeFile), figure)
	return nil
}
