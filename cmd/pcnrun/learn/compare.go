package learn

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
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

The folder given by --out gets compare.png, both curves by epoch and, for the
sine, both fits; pcn.safetensors and mlp.safetensors, renewed after each epoch;
and recipe.yaml, the settings used.

` + cli.DatasetHelp + "\n\n" + cli.RecipeHelp,
		Example: `  pcnrun compare sine
  pcnrun compare mnist --data ~/mnist --limit 5000 --layers 784,128,10 --json`,
		Args:      cli.DatasetArgs,
		ValidArgs: train.Datasets,
		PreRun:    cli.InterruptOnPipe,
	}
	f := cli.AddRecipeFlags(c, "runs/DATASET-compare")
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := f.Recipe(args, "sine")
		if err != nil {
			return err
		}
		return compare(c.Context(), a, f, r)
	}
	return c
}

// comparison is what --json prints.
type comparison struct {
	PCN    *run.Result `json:"pcn"`
	MLP    *run.Result `json:"mlp,omitempty"` // absent when interrupted before
	Figure string      `json:"figure,omitempty"`
}

func compare(ctx context.Context, a *cli.App, f *cli.RecipeFlags, r train.Recipe) error {
	e, err := prepare(r, func() (*run.Folder, error) { return f.Claim("runs/" + r.Data.Name() + "-compare") })
	if err != nil {
		return err
	}
	defer e.Release()
	pcn, err := r.PCN()
	if err != nil {
		return err
	}
	mlp, err := r.Baseline().PCN()
	if err != nil {
		return err
	}
	info := a.Info()
	describe(a, e, info, pcn)
	if err := e.SaveRecipe(pcn.Network()); err != nil {
		return err
	}

	var both comparison
	teach := func(name string, l *train.PCN, file string, into **run.Result) (h *train.History, err error) {
		fmt.Fprintln(info, strings.ToUpper(name))
		return h, learn(a, e, name, info, func(o run.Options) (*train.History, error) {
			var res run.Result
			res, h, err = e.Learn(ctx, name, l, file, o)
			*into = &res
			return h, err
		})
	}
	pcnHistory, err := teach(run.PCN, pcn, run.PCNFile, &both.PCN)
	if err != nil {
		return endEarly(a, f, both, err)
	}
	mlpHistory, err := teach(run.MLP, mlp, run.MLPFile, &both.MLP)
	if err != nil {
		return endEarly(a, f, both, err)
	}

	panels := report.Curves(e.Sets.Test.Classes > 0, report.Run{Name: "PCN", History: pcnHistory}, report.Run{Name: "MLP", History: mlpHistory})
	panels[0].Title.Text = "Settled energy (PCN) and loss (MLP)"
	if r.Data.Dataset == "sine" {
		fit, err := report.Regression(ctx, e.Sets.Test, "sin x", math.Sin, report.Named{Name: "PCN", Learner: pcn}, report.Named{Name: "MLP", Learner: mlp})
		if err != nil {
			return err
		}
		panels = append(panels, fit)
	}
	both.Figure = e.Path(run.CompareFile)
	if err := report.WritePNG(both.Figure, report.Render(panels...)); err != nil {
		return err
	}
	if f.JSON {
		return cli.PrintJSON(a.Stdout, both)
	}
	if err := printTable(a.Stdout, *both.PCN, *both.MLP); err != nil {
		return err
	}
	fmt.Fprintf(info, "wrote %s, %s and %s\n", both.PCN.Model, both.MLP.Model, both.Figure)
	return nil
}

// endEarly ends a comparison of which a part failed or was interrupted.
func endEarly(a *cli.App, f *cli.RecipeFlags, both comparison, err error) error {
	done := []run.Result{*both.PCN}
	if both.MLP != nil {
		done = append(done, *both.MLP)
	}
	if done[len(done)-1].Status != run.Interrupted {
		return err
	}
	if f.JSON {
		if err := cli.PrintJSON(a.Stdout, both); err != nil {
			return err
		}
	}
	return interruption(done...)
}

// printTable prints a line for each result.
func printTable(w io.Writer, results ...run.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "learner\ttest\tseconds of learning\tstatus")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%s\t%.3g\t%s\n", strings.ToUpper(r.Learner), r.TestText(), r.Seconds, r.StatusText())
	}
	return t.Flush()
}
