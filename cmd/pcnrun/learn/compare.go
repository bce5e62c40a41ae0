package learn

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
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

// comparison is what --json prints.
type comparison struct {
	PCN    *run.Result `json:"pcn"`
	MLP    *run.Result `json:"mlp,omitempty"` // absent when interrupted before
	Figure string      `json:"figure,omitempty"`
	// Seeds are the comparisons by seed, where there are several; PCN and MLP are the first,
	// and Means of the test scores of all.
	Seeds []comparison           `json:"seeds,omitempty"`
	Means map[string]sweep.Score `json:"means,omitempty"`
}

// compared are both learners and their histories.
type compared struct {
	pcn, mlp               *train.PCN
	pcnHistory, mlpHistory *train.History
}

func compare(ctx context.Context, a *cli.App, f *cli.RecipeFlags, r train.Recipe, seeds int) error {
	e, err := prepare(r, func() (*run.Folder, error) { return f.Claim("runs/" + r.Data.Name() + "-compare") })
	if err != nil {
		return err
	}
	defer e.Release()
	info := a.Info()
	var all []comparison
	var curves []report.Run
	var first compared
	for i := range seeds {
		suffix := ""
		if i > 0 {
			e.Recipe.SetSeed(r.Learning.Seed + uint64(i))
			suffix = fmt.Sprintf("-%d", i+1)
			fmt.Fprintf(info, "seed %d\n", e.Recipe.Learning.Seed)
		}
		var both comparison
		of, err := compareOnce(ctx, a, e, suffix, &both)
		if err != nil {
			return endEarly(a, f, both, err)
		}
		all = append(all, both)
		curves = append(curves, report.Run{Name: "PCN" + suffix, History: of.pcnHistory}, report.Run{Name: "MLP" + suffix, History: of.mlpHistory})
		if i == 0 {
			first = of
		}
	}
	panels := report.Curves(e.Sets.Test.Classes > 0, curves...)
	panels[0].Title.Text = "Settled energy (PCN) and loss (MLP)"
	if r.Data.Dataset == "sine" {
		fit, err := report.Regression(ctx, e.Sets.Test, "sin x", math.Sin, report.Named{Name: "PCN", Learner: first.pcn}, report.Named{Name: "MLP", Learner: first.mlp})
		if err != nil {
			return err
		}
		panels = append(panels, fit)
	}
	both := all[0]
	both.Figure = e.Path(run.CompareFile)
	if err := report.WritePNG(both.Figure, report.Render(panels...)); err != nil {
		return err
	}
	if seeds > 1 {
		both.Seeds, both.Means = all, means(all)
	}
	if f.JSON {
		return cli.PrintJSON(a.Stdout, both)
	}
	var results []run.Result
	for _, of := range all {
		results = append(results, *of.PCN, *of.MLP)
	}
	if err := printTable(a.Stdout, results...); err != nil {
		return err
	}
	for _, name := range []string{run.PCN, run.MLP} {
		if mean, ok := both.Means[name]; ok {
			t := sweep.Table{Score: sweep.ScoreOf(e.Sets.Test.Classes > 0)}
			fmt.Fprintf(a.Stdout, "%s   %s %s, mean ± s.e. of %d seeds\n", strings.ToUpper(name), t.ScoreName(), t.Text(mean), seeds)
		}
	}
	fmt.Fprintf(info, "wrote %s, %s and %s\n", both.PCN.Model, both.MLP.Model, both.Figure)
	return nil
}

// compareOnce trains both learners, whose files have a suffix, and enters what came of it.
func compareOnce(ctx context.Context, a *cli.App, e *run.Experiment, suffix string, both *comparison) (of compared, err error) {
	if of.pcn, err = e.Recipe.PCN(); err != nil {
		return of, err
	}
	if of.mlp, err = e.Recipe.Baseline().PCN(); err != nil {
		return of, err
	}
	info := a.Info()
	if suffix == "" {
		describe(a, e, info, of.pcn)
		if err := e.SaveRecipe(of.pcn.Network()); err != nil {
			return of, err
		}
	}
	teach := func(name string, l *train.PCN, file string, into **run.Result) (h *train.History, err error) {
		fmt.Fprintln(info, strings.ToUpper(name))
		ext := filepath.Ext(file)
		return h, learn(a, e, name, info, func(o run.Options) (*train.History, error) {
			var res run.Result
			res, h, err = e.Learn(ctx, name, l, strings.TrimSuffix(file, ext)+suffix+ext, o)
			*into = &res
			return h, err
		})
	}
	if of.pcnHistory, err = teach(run.PCN, of.pcn, run.PCNFile, &both.PCN); err == nil {
		of.mlpHistory, err = teach(run.MLP, of.mlp, run.MLPFile, &both.MLP)
	}
	return of, err
}

// means are the mean test scores by learner, and their standard errors.
func means(all []comparison) map[string]sweep.Score {
	scores := map[string][]float64{}
	for _, of := range all {
		for _, r := range []*run.Result{of.PCN, of.MLP} {
			score := r.TestMSE
			if r.TestAccuracy != nil {
				score = r.TestAccuracy
			}
			scores[r.Learner] = append(scores[r.Learner], float64(*score))
		}
	}
	return map[string]sweep.Score{run.PCN: sweep.Mean(scores[run.PCN]), run.MLP: sweep.Mean(scores[run.MLP])}
}

// endEarly ends a comparison of which a part failed or was interrupted.
func endEarly(a *cli.App, f *cli.RecipeFlags, both comparison, err error) error {
	if both.PCN == nil { // nothing was learned
		return err
	}
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
