package use

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/pcn/internal/atomicfile"
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
			if _, err := io.WriteString(a.Stdout, assessmentText(res.Assessment, t.ClassNames())); err != nil {
				return err
			}
		}
	}
	if wrong == "" {
		return nil
	}
	write := func(w io.Writer) error { return writeWrong(w, t, res.Assessment.Classification.Mistakes) }
	if wrong == "-" {
		return write(a.Stdout)
	}
	return atomicfile.Write(wrong, write)
}

// mostShown is the most classes that a table is of.
const mostShown = 32

// assessmentText is what stands behind a score, of classes with these names.
func assessmentText(a train.Assessment, names []string) string {
	if r := a.Regression; r != nil {
		return fmt.Sprintf("RMSE %.4g, R² %.4g; always the mean: RMSE %.4g\n", r.RMSE, r.R2, r.MeanRMSE)
	}
	c := a.Classification
	var b strings.Builder
	fmt.Fprintf(&b, "mean F1 %.4f; always the commonest class: accuracy %.2f %%\n", c.MacroF1, 100*c.Majority)
	shown := make([]int, len(c.Classes))
	for class := range shown {
		shown[class] = class
	}
	if len(shown) > mostShown {
		slices.SortStableFunc(shown, func(x, y int) int { return cmp.Compare(c.Classes[x].F1, c.Classes[y].F1) })
		shown = shown[:mostShown]
		fmt.Fprintf(&b, "the %d classes of the lowest F1, of %d:\n", mostShown, len(c.Classes))
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "class\texamples\tprecision\trecall\tF1\t")
	for _, class := range shown {
		of := c.Classes[class]
		fmt.Fprintf(t, "%s\t%d\t%.3f\t%.3f\t%.3f\t\n", terminal.Printable(names[class]), of.Examples, of.Precision, of.Recall, of.F1)
	}
	t.Flush() // into memory
	return b.String()
}

// writeWrong writes a line for each mistake of t, below a header: by the row of the file where
// that is known, so that a spreadsheet shows it.
func writeWrong(w io.Writer, t *trained.Model, mistakes []train.Mistake) error {
	out := bufio.NewWriter(w)
	first := "example"
	if len(mistakes) > 0 && mistakes[0].Row > 0 {
		first = "row"
	}
	fmt.Fprintf(out, "%s,class,taken for,%s\n", first, strings.Join(numberNames(t), ","))
	d := t.Network.Config().Dtype.Tensor()
	for _, m := range mistakes {
		line := fmt.Appendf(nil, "%d,", cmp.Or(m.Row, m.Example+1))
		line = append(appendClass(t, line, m.Class, false), ',')
		line = append(appendClass(t, line, m.Taken, false), ',')
		out.Write(append(appendRow(line, m.Predicted, d), '\n'))
	}
	return out.Flush()
}

// numberNames are fields of CSV that name what t predicts, in its order: a probability only
// where it is one.
func numberNames(t *trained.Model) []string {
	kind, names := "target", t.Recipe.Data.Target
	if t.Classifies() {
		names = t.ClassNames()
	}
	if t.Probable() {
		kind = "probability"
	}
	fields := make([]string, t.Network.Size(t.Network.TargetNode()))
	for j := range fields {
		name := fmt.Sprint(j)
		if len(names) == len(fields) {
			name = names[j]
		}
		fields[j] = cli.CSVField(kind + " " + name)
	}
	return fields
}
