package use

import (
	"fmt"
	"io"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// evaluation is what --json prints of a score.
type evaluation struct {
	run.Evaluation
	Assessment train.Assessment `json:"assessment"`
}

// printEvaluation prints the score of t, and writes what it got wrong to a file, if that is
// named.
func printEvaluation(a *cli.App, t *trained.Model, res evaluation, wrong string, json bool) error {
	if wrong != "" {
		if res.Assessment.Classification == nil {
			return cli.Usagef("--wrong: is for classes, and these targets are numbers")
		}
		if json && wrong == "-" {
			return cli.Usagef("--json: name a file for --wrong")
		}
	}
	switch {
	case json:
		if err := cli.PrintJSON(a.Stdout, res); err != nil {
			return err
		}
	case wrong != "-":
		fmt.Fprintf(a.Info(), "network  %v\n", t.Network)
		terminal.Paint(a.Stdout, terminal.Bold, fmt.Sprintf("test %s on %s of %s", res.TestText(), plural.Of(res.TestExamples, "example"), res.Dataset))
		fmt.Fprintln(a.Stdout)
		if !a.Quiet {
			if err := res.Assessment.Write(a.Stdout, t.ClassNames()); err != nil {
				return err
			}
		}
	}
	if wrong == "" {
		return nil
	}
	return a.Write(wrong, func(w io.Writer) error { return t.WriteMistakes(w, res.Assessment.Classification.Mistakes) })
}
