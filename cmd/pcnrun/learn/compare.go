package learn

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// Compare is the command compare.
func Compare(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "compare [" + strings.Join(train.Datasets, "|") + "|PATH]",
		Short: "Train a network and the identical perceptron, and compare them",
		Long: `Train a predictive coding network and then the identical multilayer perceptron by
backpropagation, on sine by default, and compare them: the same sizes,
activations, first weights, examples in the same order, optimiser and epochs, and
the same loss: half the squared error, or the form of the label's energy where the
network measures it at the bottom, and weight decay. A perceptron has one
direction, discriminative, whatever the network's, no precisions and no activity
prior.

The folder given by --out gets a folder for each run, such as pcn-s1 and mlp-s1 of
the seed 1, with all that train leaves; report.html, in which seeds are averaged, and
compare.png, both curves by epoch and, for the sine, both fits; and recipe.yaml, the
settings used.

` + cli.DatasetHelp + "\n\n" + cli.RecipeHelp,
		Example: `  pcnrun compare sine
  pcnrun compare digits --seeds 5
  pcnrun compare mnist --data ~/mnist --limit 5000 --layers 784,128,10 --json`,
		Args:   cli.DatasetArgs,
		PreRun: cli.InterruptOnPipe,
	}
	f := cli.AddRecipeFlags(c, "runs/DATASET-compare")
	seeds := c.Flags().Int("seeds", 1, "compare them `N` times, with the seed and those after it, on one split of the data, and print mean ± standard error")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *seeds < 1 {
			return cli.Usagef("--seeds: must be a whole number >= 1, got %d", *seeds)
		}
		r, err := f.Recipe(args, "sine")
		if err != nil {
			return err
		}
		return compare(c.Context(), a, f, r, *seeds)
	}
	return c
}

func compare(ctx context.Context, a *cli.App, f *cli.RecipeFlags, r train.Recipe, seeds int) error {
	e, err := prepare(r, func() (*run.Folder, error) { return f.Claim("runs/" + r.Data.Name() + "-compare") })
	if err != nil {
		return err
	}
	defer e.Release()
	info := a.Info()
	begun := 0
	both, err := e.Compare(ctx, seeds, func(side *run.Run) error {
		side.Record.Command, side.Record.Version = "pcnrun "+quoted.Shell(a.Args...), cli.Version()
		if begun%2 == 0 && begun > 0 {
			fmt.Fprintf(info, "seed %d\n", side.Recipe.Learning.Seed)
		}
		return learn(a, side, info, func(o run.Options) (*train.History, error) {
			o.Begin = func(l *train.PCN) {
				if begun++; begun == 1 {
					describe(a, side.Experiment, info, l)
				}
				fmt.Fprintln(info, strings.ToUpper(side.Learner()))
			}
			return side.Train(ctx, o)
		})
	})
	if err != nil {
		return err
	}
	if f.JSON {
		if err := cli.PrintJSON(a.Stdout, both); err != nil {
			return err
		}
	}
	if both.Figure == "" {
		return interruption(both.Results()...)
	}
	if f.JSON {
		return nil
	}
	if err := both.Write(a.Stdout); err != nil {
		return err
	}
	fmt.Fprintf(info, "wrote %s and %s\n", both.Figure, e.Path(run.ReportFile))
	return nil
}
