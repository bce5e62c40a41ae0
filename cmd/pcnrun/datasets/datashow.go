package datasets

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
)

// A grid of sample images has this many, in rows of so many.
const (
	sampleImages  = 60
	sampleColumns = 12
)

// DataShow is the command data show.
func DataShow(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "show DATASET|PATH",
		Short: "Print what a dataset holds, and draw some of it",
		Long: `Print the shape of a dataset as train reads and cuts it, the range of its raw
inputs and targets, and how many examples of each class there are. Where inputs
are images, the first of the training part are drawn in a PNG file, with --augment as
they are learned from in the first epoch.

` + cli.DatasetHelp,
		Example: `  pcnrun data show digits
  pcnrun data show flowers.csv --label kind
  pcnrun data show photos --size 32 --augment flip,shift=2 --out photos.png`,
		Args:      cli.Args(1, 1),
		ValidArgs: train.Datasets,
	}
	c.Flags().SortFlags = false
	cli.AddSettings(c.Flags(), "", "data", "label", "target", "inputs", "drop", "sequence", "test", "size", "colour", "augment")
	var out cli.PNGFile
	c.Flags().Var(&out, "out", "PNG `FILE` for sample images (default DATASET.png)")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var given train.Recipe
		if err := cli.Apply(c.Flags(), &given); err != nil {
			return err
		}
		given.Data.Seed = train.DefaultSplit
		d, err := cli.DatasetOf(given.Data, args[0])
		if err != nil {
			return err
		}
		if err := cli.CheckDir(d); err != nil {
			return err
		}
		if err := d.Validate(); err != nil {
			return cli.Usage(err)
		}
		return overlook(a, d, string(out), *json)
	}
	return c
}

// overview is what --json prints of a dataset.
type overview struct {
	train.Overview
	Figure string `json:"figure,omitempty"`
}

func overlook(a *cli.App, d train.Data, out string, json bool) error {
	sets, err := d.Load()
	if err != nil {
		return cli.ColumnUsage(err)
	}
	for _, text := range sets.Remarks() {
		a.Note("%s", text)
	}
	of, images, err := d.Overview(sets, sampleImages)
	if err != nil {
		return err
	}
	o := overview{Overview: of}
	switch {
	case o.Shape != nil:
		if o.Figure = out; out == "" {
			o.Figure = d.Name() + ".png"
		}
		grid := report.Grid{Images: images, Width: o.Shape[1], Height: o.Shape[0], Columns: sampleColumns, High: sets.Train.White}
		for _, k := range sets.Train.Limit(len(images)).Labels() {
			grid.Names = append(grid.Names, sets.Train.ClassName(k))
		}
		picture, err := grid.Draw()
		if err != nil {
			return err
		}
		if err := report.WritePNG(o.Figure, picture); err != nil {
			return err
		}
	case out != "":
		return cli.Usagef("--out: the inputs of %s are no images", d.Dataset)
	}
	if json {
		return cli.PrintJSON(a.Stdout, o)
	}
	return printOverview(a, o)
}

func printOverview(a *cli.App, o overview) error {
	w := a.Stdout
	terminal.Paint(w, terminal.Bold, o.Dataset)
	fmt.Fprintf(w, "  %s, %s\n", plural.Of(o.Train, "training example"), plural.Of(o.Test, "test example"))
	shape := fmt.Sprint(o.Inputs)
	if o.Shape != nil {
		shape += fmt.Sprintf(" (images of %d×%d pixels%s)", o.Shape[1], o.Shape[0], inColour(o.Shape))
	}
	fmt.Fprintf(w, "inputs   %s, %.4g to %.4g, mean %.4g\n", shape, o.InputRange[0], o.InputRange[1], o.InputMean)
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
			fmt.Fprintf(t, "%s\t%d\t%d\n", terminal.Printable(c.Name), c.Train, c.Test)
		}
	} else {
		fmt.Fprintln(t, "target\tleast\tlargest\tmean")
		for _, s := range o.Targets {
			fmt.Fprintf(t, "%s\t%.4g\t%.4g\t%.4g\n", s.Name, s.Low, s.High, s.Mean)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if o.Figure != "" {
		fmt.Fprintf(a.Info(), "wrote %s\n", o.Figure)
	}
	return nil
}

// inColour says of a shape of images that they are in colour, if they are.
func inColour(shape []int) string {
	if shape[2] == 3 {
		return " in colour"
	}
	return ""
}
