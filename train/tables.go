package train

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"example.com/pcn/internal/quoted"
)

// mostShown is the most classes that a table is of.
const mostShown = 32

// Write writes what stands behind the score as people read it, of classes with these names.
func (a Assessment) Write(w io.Writer, names []string) error {
	if r := a.Regression; r != nil {
		_, err := fmt.Fprintf(w, "RMSE %.4g, R² %.4g; always the mean: RMSE %.4g\n", r.RMSE, r.R2, r.MeanRMSE)
		return err
	}
	c := a.Classification
	fmt.Fprintf(w, "mean F1 %.4f; always the commonest class: accuracy %.2f %%\n", c.MacroF1, 100*c.Majority)
	shown := make([]int, len(c.Classes))
	for class := range shown {
		shown[class] = class
	}
	if len(shown) > mostShown {
		slices.SortStableFunc(shown, func(x, y int) int { return cmp.Compare(c.Classes[x].F1, c.Classes[y].F1) })
		shown = shown[:mostShown]
		fmt.Fprintf(w, "the %d classes of the lowest F1, of %d:\n", mostShown, len(c.Classes))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "class\texamples\tprecision\trecall\tF1\t")
	for _, class := range shown {
		of := c.Classes[class]
		fmt.Fprintf(t, "%s\t%d\t%.3f\t%.3f\t%.3f\t\n", quoted.Printable(names[class]), of.Examples, of.Precision, of.Recall, of.F1)
	}
	return t.Flush()
}

// WriteConfusion writes what [Confusion] has counted as a table by the names of the classes,
// with a dot for none.
func WriteConfusion(w io.Writer, counts [][]int, names []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, name := range names {
		fmt.Fprintf(t, "\t%s", quoted.Printable(name))
	}
	fmt.Fprintln(t, "\t")
	for class, row := range counts {
		fmt.Fprint(t, quoted.Printable(names[class]))
		for _, n := range row {
			if n == 0 {
				fmt.Fprint(t, "\t.")
			} else {
				fmt.Fprintf(t, "\t%d", n)
			}
		}
		fmt.Fprintln(t, "\t")
	}
	return t.Flush()
}

// Write writes what inputs and targets are like as people read it.
func (o Overview) Write(w io.Writer) error {
	of := ""
	if o.Shape != nil {
		colour := ""
		if o.Shape[2] == 3 {
			colour = " in colour"
		}
		of = fmt.Sprintf(" (images of %d×%d pixels%s)", o.Shape[1], o.Shape[0], colour)
	}
	fmt.Fprintf(w, "inputs   %d%s, %.4g to %.4g, mean %.4g\n", o.Inputs, of, o.InputRange[0], o.InputRange[1], o.InputMean)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if len(o.Classes) > 0 {
		fmt.Fprintf(w, "classes  %d\n", len(o.Classes))
		fmt.Fprintln(t, "class\ttraining\ttest")
		const most = 100
		for i, c := range o.Classes {
			if i == most {
				fmt.Fprintf(t, "and %d more\t\t\n", len(o.Classes)-most)
				break
			}
			fmt.Fprintf(t, "%s\t%d\t%d\n", quoted.Printable(c.Name), c.Train, c.Test)
		}
	} else {
		fmt.Fprintln(t, "target\tleast\tlargest\tmean")
		for _, s := range o.Targets {
			fmt.Fprintf(t, "%s\t%.4g\t%.4g\t%.4g\n", s.Name, s.Low, s.High, s.Mean)
		}
	}
	return t.Flush()
}
