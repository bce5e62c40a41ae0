// Command pcnrun trains, scores and uses predictive coding networks.
//
//	pcnrun train digits
//	pcnrun eval runs/digits/model.safetensors
//	pcnrun compare sine
//
// pcnrun help lists the commands. Results are written to the standard output;
// progress bars, warnings and errors to the standard error. The exit code is 0,
// 1 for a failure, 2 for a mistake on the command line, and 130 when
// interrupted.
//
// Each group of commands is a package; what they share is in internal/cli.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"example.com/pcn/cmd/pcnrun/datasets"
	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/cmd/pcnrun/learn"
	"example.com/pcn/cmd/pcnrun/models"
	"example.com/pcn/cmd/pcnrun/play"
	"example.com/pcn/cmd/pcnrun/runs"
	"example.com/pcn/cmd/pcnrun/settings"
	"example.com/pcn/cmd/pcnrun/tools"
	"example.com/pcn/cmd/pcnrun/use"
	"example.com/pcn/internal/terminal"
)

//go:generate go run . man --markdown doc

func main() {
	os.Exit(execute(terminal.Interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute executes the command line args and returns the exit code.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(ctx, newRoot, args, stdin, stdout, stderr)
}

// newRoot returns the command pcnrun with all below it.
func newRoot(a *cli.App) *cobra.Command {
	root := &cobra.Command{
		Use:   "pcnrun",
		Short: "Train, score and use predictive coding networks",
		Long: `pcnrun trains, scores and uses predictive coding networks.

A predictive coding network learns without backpropagation: each node predicts
the one below it, latents settle to make the prediction errors small, and each
weight then moves by what its own two ends hold.

Results go to the standard output, all else to the standard error. The exit code
is 0, 1 for a failure, 2 for a mistake on the command line, and 130 when
interrupted.`,
		Example: `  pcnrun train
  pcnrun eval runs/digits/model.safetensors
  pcnrun compare sine`,
	}
	for _, group := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"learn", "Train", []*cobra.Command{learn.Train(a), learn.Compare(a), learn.Sweep(a), learn.Reproduce(a), settings.Config(a), datasets.Data(a), runs.Runs(a), runs.Report(a)}},
		{"use", "Use a model", []*cobra.Command{use.Eval(a), use.Predict(a), use.Classify(a), use.Generate(a), use.Complete(a), play.Command(a), models.Inspect(a), models.Export(a), models.Import(a)}},
		{"other", "More", []*cobra.Command{tools.Bench(a), tools.Completion(a), tools.Man(a), tools.Version(a), tools.Scaling(), tools.Slurm()}},
	} {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID("other")
	return root
}
