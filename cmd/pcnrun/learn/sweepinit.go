package learn

import (
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
)

// firstSweep is a file to begin with.
const firstSweep = `base:                    # what all runs share: settings as train --config takes
  data: {dataset: digits, seed: 1} # seed decides the split, one for all runs
  learning: {epochs: 10}
recipe: default          # what base lies over: default or article
search: random           # or grid, the default: all combinations
points: 4                # of a random search, all different
seed: 1                  # decides its points
seeds: [1, 2]            # of the weights and the order of the examples, for the
                         # runs of each point; or a number n for 1 to n
keys:                    # any settings
  inference.method: [gradient, gauss-seidel]
  model.layers: [[64, 32, 10], [64, 64, 10]]
  learning.rate: {low: 0.001, high: 0.01, scale: log}
`

// sweepInit is the command sweep init.
func sweepInit(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:     "init",
		Short:   "Write a file of a sweep to begin with",
		Long:    "Write a file of a sweep to begin with, which says what to try:\n\n" + indented(firstSweep),
		Example: "  pcnrun sweep init\n  pcnrun sweep --config sweep.yaml",
		Args:    cli.Args(0, 0),
	}
	write := a.WriteFlags(c, sweepFile)
	c.RunE = func(*cobra.Command, []string) error { return write([]byte(firstSweep)) }
	return c
}

// indented is a text within another.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
