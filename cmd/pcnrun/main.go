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
// Each group of commands is a package; what they share is in the
// module's internal/cli.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/cmd/pcnrun/datasets"
	"example.com/pcn/cmd/pcnrun/learn"
	"example.com/pcn/cmd/pcnrun/models"
	"example.com/pcn/cmd/pcnrun/play"
	"example.com/pcn/cmd/pcnrun/runs"
	"example.com/pcn/cmd/pcnrun/settings"
	"example.com/pcn/cmd/pcnrun/tools"
	"example.com/pcn/cmd/pcnrun/use"
	"example.com/pcn/internal/cli"
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

A predictive coding network learns without backpropagation: each node, a layer of
units, predicts the one below it. Settling moves the units' latents, what they believe,
to where the prediction errors are small, and each weight then moves by what its own
two ends hold. 'pcnrun help words' says what each word means.

Results go to the standard output, all else to the standard error. The exit code
is 0, 1 for a failure, 2 for a mistake on the command line, and 130 when
interrupted.`,
		Example: `  pcnrun train
  pcnrun eval runs/digits/model.safetensors
  pcnrun compare sine`,
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return welcome(c) }
	for _, group := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"learn", "Train", []*cobra.Command{learn.Train(a), learn.Compare(a), learn.Sweep(a), learn.Reproduce(a), settings.Config(a), datasets.Data(a), runs.Runs(a), runs.Report(a)}},
		{"use", "Use a model", []*cobra.Command{use.Eval(a), use.Predict(a), use.Classify(a), use.Generate(a), use.Complete(a), play.Command(a), models.Inspect(a), models.Export(a), models.Import(a)}},
		{"other", "More", []*cobra.Command{tools.Bench(a), tools.Completion(a), tools.Man(a), tools.Version(a), tools.Words(), tools.Scaling(), tools.Slurm()}},
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

// welcome is what pcnrun says to someone who gives it no command.
func welcome(root *cobra.Command) error {
	var b strings.Builder
	b.WriteString(`pcnrun trains, scores and uses predictive coding networks: networks whose layers
predict each other, and that learn from their errors without backpropagation.

Begin with
  pcnrun train                                   learns to read digits, in a second
  pcnrun eval runs/digits/model.safetensors      scores what was learned
  pcnrun inspect runs/digits/model.safetensors   shows what is inside
  pcnrun play                                    shows it at work, in your browser

`)
	for _, group := range root.Groups() {
		var names []string
		for _, c := range root.Commands() {
			if c.GroupID == group.ID && c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		fmt.Fprintf(&b, "%-12s %s\n", group.Title, strings.Join(names, " "))
	}
	b.WriteString(`
'pcnrun COMMAND --help' says more about a command, 'pcnrun --help' what each is for,
and 'pcnrun help words' what the words mean.
`)
	_, err := io.WriteString(root.OutOrStdout(), b.String())
	return err
}
