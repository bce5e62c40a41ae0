package datasets

import (
	"cmp"
	"fmt"

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
		Args: cli.Args(1, 1),
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
		o.Figure = cmp.Or(out, d.Name()+".png")
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
	terminal.Paint(a.Stdout, terminal.Bold, o.Dataset)
	fmt.Fprintf(a.Stdout, "  %s, %s\n", plural.Of(o.Train, "training example"), plural.Of(o.Test, "test example"))
	if err := o.Write(a.Stdout); err != nil {
		return err
	}
	if o.Figure != "" {
		fmt.Fprintf(a.Info(), "wrote %s\n", o.Figure)
	}
	return nil
}
