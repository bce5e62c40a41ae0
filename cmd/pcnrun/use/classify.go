package use

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// Classify is the command classify.
func Classify(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "classify MODEL [FILE]",
		Short: "Find the classes of inputs, by settling or by energy",
		Long: `Find the classes of the test part of the dataset that a model learned from, or of
inputs given as rows in FILE, or with - on the standard input, as predict reads
them.

By settling, the label is free and the class is that of its largest number: what
predict and eval do. By energy, each label is clamped in turn, all else settles,
and the class is that of the lowest energy: slower, and for a generative network
better.

Of the test part the accuracy is printed, and how often each class (a row) was
taken for each (a column). Of FILE, a line for each line: the class, and the label
as it settled or the energy of each class.

` + cli.ModelHelp,
		Example: `  pcnrun classify runs/digits/model.safetensors --by energy
  pcnrun classify runs/digits/model.safetensors images.csv --json`,
		Args: cli.Args(1, 2),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, cli.UseFlags...)
	var by model.By
	byFlag(c.Flags(), &by)
	format := formatFlag(c.Flags(), "the rows of FILE and of what is printed")
	limit := c.Flags().Int("limit", 0, "most test examples, `N`, 0 for all")
	asJSON := c.Flags().Bool("json", false, "print one JSON object, or with FILE one for each line")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 0 {
			return cli.Usagef("--limit: must be a whole number >= 0, got %d", *limit)
		}
		if len(args) == 2 && c.Flags().Changed("limit") {
			return cli.Usagef("--limit is for the test part, and not for a FILE")
		}
		t, err := f.Open(args[0], len(args) < 2)
		if err != nil {
			return err
		}
		if !t.Classifies() {
			return fmt.Errorf("%s: has no classes: its targets are numbers", args[0])
		}
		inf := t.Recipe.Inference
		if by == model.ByEnergy {
			inf = fullInference(a, t, f.Flags)
		}
		if len(args) == 2 {
			return classifyRows(c.Context(), a, t, args, by, inf, *format, *asJSON)
		}
		return classifyTest(c.Context(), a, t, args[0], by, inf, *limit, *asJSON)
	}
	return c
}

// byFlag adds the flag for how a class is found.
func byFlag(flags *pflag.FlagSet, by *model.By) {
	flags.TextVar(by, "by", model.BySettling, "`WAY` to find a class: settle, the label free, or energy, each label clamped")
}

// classification is what --json prints of a classified test part.
type classification struct {
	Dataset   string     `json:"dataset"`
	Model     string     `json:"model"`
	By        string     `json:"by"`
	Method    string     `json:"method"`
	Examples  int        `json:"examples"`
	Accuracy  cli.Number `json:"accuracy"`
	Names     []string   `json:"names,omitempty"` // of the classes in order, where they have names
	Confusion [][]int    `json:"confusion"`       // by class, and the class it was taken for
	Classes   []any      `json:"classes"`         // of the examples in their order: the name, or the number
}

func classifyTest(ctx context.Context, a *cli.App, t *trained.Model, path string, by model.By, inf model.Inference, limit int, asJSON bool) error {
	sets, err := a.Load(t)
	if err != nil {
		return err
	}
	test := sets.Test.Limit(limit)
	batch, err := train.Examples(t.Network, test)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	done, err := t.Network.Complete(ctx, model.Clamp{Values: batch.Inputs}, model.Recall{By: by}, inf)
	if err != nil {
		return err
	}
	if err := trained.Finite(done.Targets); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	labels := test.Labels()
	res := classification{
		Dataset: t.Recipe.Data.Dataset, Model: path, By: by.String(), Method: inf.Method.String(), Examples: test.Len(),
		Accuracy: cli.Number(train.Accuracy(done.Classes, labels)), Names: t.Classes,
		Confusion: train.Confusion(done.Classes, labels, test.Classes), Classes: t.ClassesOf(done.Classes),
	}
	if asJSON {
		return cli.PrintJSON(a.Stdout, res)
	}
	fmt.Fprintf(a.Stdout, "accuracy %.2f %% by %s on %s of %s\n", 100*res.Accuracy, by, plural.Of(res.Examples, "example"), res.Dataset)
	return train.WriteConfusion(a.Stdout, res.Confusion, t.ClassNames())
}

// classifyRows prints the classes of rows.
func classifyRows(ctx context.Context, a *cli.App, t *trained.Model, args []string, by model.By, inf model.Inference, format rowFormat, asJSON bool) error {
	return mapRows(ctx, a, t, args, format, asJSON, false, func(inputs *tensor.Dense) (trained.Answers, error) {
		done, err := t.Network.Complete(ctx, model.Clamp{Values: inputs}, model.Recall{By: by}, inf)
		if err != nil {
			return trained.Answers{}, err
		}
		of := trained.Answers{Classes: done.Classes, Name: t.NumberName(), Numbers: done.Targets}
		if by == model.ByEnergy {
			of.Name, of.Numbers = "energies", done.Energies
		}
		return of, trained.Finite(of.Numbers)
	})
}
