package learn

import (
	"cmp"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/slurm"
	"example.com/pcn/train/reproduce"
)

// Reproduce is the command reproduce.
func Reproduce(a *cli.App) *cobra.Command {
	f := &reproduceFlags{}
	c := &cobra.Command{
		Use:   "reproduce [TABLE]",
		Short: "Run the tables of the field again, beside the published figures",
		Long: `Carry out the runs of a table, several seeds of each row, and print their mean and
standard error beside the figure that was published. Without TABLE, list the tables.

A figure that was published is often that of the best epoch on the test part. Such
is shown under its name, and beside it that of the last epoch, and of the epoch with
the lowest error on the validation part where there is one: neither has looked at
the test part.

TABLE is a name of the list or the path of a file of one's own; --print writes that
of a table, to copy and change. A row that cannot be run says why, and the others go
on.

The folder of a table gets a folder for each run, and
  table.yaml    a copy of the table's file
  result.json   what came of it
  result.png    the same as a picture
or, with --quick, quick.json and quick.png.

A table that was interrupted or killed goes on with the same command: runs that have
ended are kept, and others go on from their last checkpoint. --shard divides the runs
among processes, as in a sweep; without it the same command then makes the table.
With --slurm tasks of Slurm take them, and pcnrun sweep status DIR makes the table.`,
		Example: `  pcnrun reproduce
  pcnrun reproduce pcx-mnist --quick
  pcnrun reproduce pcx-mnist --print > mine.yaml
  pcnrun reproduce ./mine.yaml --seeds 3
  pcnrun reproduce pcx-mnist --shard 1/16
  pcnrun reproduce pcx-mnist --slurm --time 12:00:00`,
		Args:   cli.Args(0, 1),
		PreRun: cli.InterruptOnPipe,
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.quick, "quick", false, "the version of a minute, which shows how the table goes and no more")
	flags.IntVar(&f.seeds, "seeds", 0, "`N` seeds of each row, 1 to N (default the table's)")
	flags.StringVar(&f.out, "out", "", "`DIR` of the table (default runs/reproduce/ and its name)")
	f.add(flags)
	flags.BoolVar(&f.print, "print", false, "print the table's file and run nothing")
	flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return listTables(a, f.json)
		}
		return table(c, a, f, args[0])
	}
	return c
}

type reproduceFlags struct {
	runFlags
	quick, print bool
	seeds        int
	out          string
}

// listTables prints the tables that are built in.
func listTables(a *cli.App, json bool) error {
	type entry struct {
		Name string `json:"name"`
		reproduce.Head
	}
	var entries []entry
	for _, name := range reproduce.Names() {
		t, err := reproduce.Load(name, reproduce.Options{})
		if err != nil {
			return err
		}
		entries = append(entries, entry{name, t.Head})
	}
	if json {
		return cli.PrintJSON(a.Stdout, entries)
	}
	tab := tabwriter.NewWriter(a.Stdout, 0, 0, 3, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", e.Name, e.Title, e.Takes)
	}
	return tab.Flush()
}

// table carries out the runs of a table, and makes it when all of all shards have ended.
func table(c *cobra.Command, a *cli.App, f *reproduceFlags, name string) error {
	ctx := c.Context()
	if f.seeds < 0 {
		return cli.Usagef("--seeds: must be a whole number >= 1, got %d", f.seeds)
	}
	o := reproduce.Options{Quick: f.quick, Seeds: f.seeds}
	t, err := reproduce.Load(name, o)
	if err != nil {
		return cli.Usagef("reproduce: %w", err)
	}
	if f.print {
		_, err := a.Stdout.Write(t.Text)
		return err
	}
	dir := cmp.Or(f.out, filepath.Join("runs", "reproduce", t.Name))
	d := t.Driver(dir, name, o)
	if err := f.give(c.Flags(), d); err != nil {
		return err
	}
	w := work{
		what: "a table", of: name, again: f.again(name, dir), Submitted: slurm.Submitted{Quick: f.quick, Seeds: f.seeds},
		heading: fmt.Sprintf("table    %s: %s of %s, in %s\n", t.Title, plural.Of(len(t.Plan.Runs()), "run"), plural.Of(len(t.Rows), "row"), dir),
	}
	if t.Takes != "" && !f.quick {
		w.heading += fmt.Sprintf("takes    %s\n", t.Takes)
	}
	outcomes, err := f.carryOut(c, a, d, w)
	if outcomes == nil || err != nil {
		return err
	}
	res, err := t.NewResult(ctx, o, outcomes)
	if err != nil {
		return err
	}
	file, picture, err := res.Save(ctx, d)
	if err != nil {
		return err
	}
	if f.json {
		err = cli.PrintJSON(a.Stdout, res)
	} else {
		err = res.Write(a.Stdout)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Info(), "wrote %s and %s\n", d.Path(file), d.Path(picture))
	if n := res.Failed(); n > 0 {
		return fmt.Errorf("%d of %d rows could not be run", n, len(res.Rows))
	}
	return nil
}

// again is the command that makes the table of a folder.
func (f *reproduceFlags) again(name, dir string) []string {
	words := []string{"reproduce", name, "--out", dir}
	if f.quick {
		words = append(words, "--quick")
	}
	if f.seeds > 0 {
		words = append(words, "--seeds", fmt.Sprint(f.seeds))
	}
	return words
}
