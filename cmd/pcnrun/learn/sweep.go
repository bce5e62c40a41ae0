package learn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/slurm"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train/reproduce"
	"example.com/pcn/train/sweep"
)

// Sweep is the command sweep.
func Sweep(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "sweep [DIR]",
		Short: "Search for good settings with many runs",
		Long: `Train with many settings and several seeds each, side by side, and say which
settings score best on the validation part. The best alone is then scored on the
test part, once.

The file says what to try; pcnrun sweep init writes this one:

` + firstSweep() + `
Each run has a folder in the folder of the sweep, which also gets
  sweep.yaml   a copy of the file
  sweep.json   the table: mean and standard error of each point, the best first
  sweep.csv    the same for a spreadsheet
  sweep.png    the scores over each key

A sweep that was interrupted or killed goes on with the same command, or with
pcnrun sweep DIR: runs that have ended are kept, and others go on from their last
checkpoint.

With --slurm a job array of Slurm carries out the runs, and pcnrun sweep status DIR
follows it and makes the table: see 'pcnrun help slurm'. --dry-run prints the
script. A task that is preempted, or whose time is up, goes on in the queue.

With --shard 2/8 a process takes the second eighth of the runs, wherever it runs. In
a job array of one's own each task takes its shard unasked. When all shards have
ended, pcnrun sweep DIR makes the table.`,
		Example: `  pcnrun sweep init
  pcnrun sweep --config sweep.yaml
  pcnrun sweep --config sweep.yaml --shard 1/2 --out runs/sweep
  pcnrun sweep --config sweep.yaml --slurm --time 4:00:00 --mem 2G
  pcnrun sweep status runs/sweep
  pcnrun sweep runs/sweep --csv`,
		Args:   cli.Args(0, 1),
		PreRun: cli.InterruptOnPipe,
	}
	f := &sweepFlags{}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.config, "config", "", "`FILE` that says what to try (default DIR/sweep.yaml)")
	flags.StringVar(&f.out, "out", "", "`DIR` of the sweep (default runs/ and the name of FILE)")
	f.runFlags.add(flags)
	f.addFormats(flags)
	c.RunE = func(c *cobra.Command, args []string) error { return sweepWith(c, a, f, args) }
	c.AddCommand(sweepInit(a), sweepStatus(a))
	return c
}

// sweepFlags are what sweep is asked.
type sweepFlags struct {
	runFlags
	config, out string
	csv         bool
}

func (f *sweepFlags) addFormats(flags *pflag.FlagSet) {
	flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	flags.BoolVar(&f.csv, "csv", false, "print the table as CSV, all else on the standard error")
}

// driver returns what carries out the sweep that the flags and arguments say.
func (f *sweepFlags) driver(flags *pflag.FlagSet, args []string) (*sweep.Driver, error) {
	dir := f.out
	switch {
	case len(args) == 1 && f.out != "":
		return nil, cli.Usagef("--out: must be left out with the folder %s, got %s", args[0], f.out)
	case len(args) == 1:
		dir = args[0]
	case f.config == "":
		return nil, cli.Usagef("sweep: must have a file with --config, or the folder of a sweep, got neither")
	case f.out == "":
		name := filepath.Base(f.config)
		dir = filepath.Join("runs", strings.TrimSuffix(name, filepath.Ext(name)))
	}
	if f.json && f.csv {
		return nil, cli.Usagef("--json and --csv: must be one of them, got both")
	}
	d, err := sweep.NewDriver(f.config, dir)
	if err != nil {
		return nil, err
	}
	return d, f.give(flags, d)
}

// sweepWith carries out the command c, of sweep's flags.
func sweepWith(c *cobra.Command, a *cli.App, f *sweepFlags, args []string) error {
	d, err := f.driver(c.Flags(), args)
	if err != nil {
		return err
	}
	outcomes, err := f.carryOut(c, a, d, work{
		what: "a sweep", of: f.config, again: []string{"sweep", d.Dir},
		heading: fmt.Sprintf("sweep    %s of %s, in %s\n", plural.Of(len(d.Plan.Runs()), "run"), plural.Of(len(d.Plan.Points), "point"), d.Dir),
	})
	if outcomes == nil || err != nil {
		return err
	}
	t, notes, err := d.Table(c.Context(), outcomes)
	for _, note := range notes {
		a.Warn("%s", note)
	}
	switch {
	case err != nil:
		return err
	case f.json:
		return cli.PrintJSON(a.Stdout, t)
	case f.csv:
		return t.WriteCSV(a.Stdout)
	}
	if err := t.Write(a.Stdout); err != nil {
		return err
	}
	text := "no point has a score: the energy of a run of each was no longer a number"
	if w := t.Winner; w != nil {
		text = fmt.Sprintf("point %d is best: test %s %s on %s", w.Point, t.ScoreName(), t.Text(w.Test), plural.Of(w.Examples, "example"))
	}
	terminal.Paint(a.Stdout, terminal.Bold, text)
	if _, err := fmt.Fprintln(a.Stdout); err != nil {
		return err
	}
	fmt.Fprintf(a.Info(), "wrote %s, %s and %s\n", d.Path(sweep.TableFile), d.Path(sweep.CSVFile), d.Path(sweep.PlotsFile))
	return nil
}

// sweepInit is the command sweep init.
func sweepInit(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:     "init",
		Short:   "Write a file of a sweep to begin with",
		Long:    "Write a file of a sweep to begin with, which says what to try:\n\n" + firstSweep(),
		Example: "  pcnrun sweep init\n  pcnrun sweep --config sweep.yaml",
		Args:    cli.Args(0, 0),
	}
	write := a.WriteFlags(c, sweep.PlanFile)
	c.RunE = func(*cobra.Command, []string) error { return write(sweep.First) }
	return c
}

// firstSweep is a file to begin with, within another text.
func firstSweep() string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(string(sweep.First)), "\n", "\n  ") + "\n"
}

// sweepStatus is the command that follows the runs of a sweep, or of a table of reproduce.
func sweepStatus(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "status DIR",
		Short: "Follow the runs of a sweep or a table, and make the table when all have ended",
		Long: `Say how many runs in the folder of a sweep, or of a table of pcnrun reproduce, have
ended, and how the tasks of its job in Slurm's queue are, whenever that changes. When
all have ended, make the table and print it.

Runs are not begun. Where some have not ended, no task is in the queue and no process
is at them, that is an error; the command that submitted them submits what is left.`,
		Example: `  pcnrun sweep --config sweep.yaml --slurm --time 4:00:00
  pcnrun sweep status runs/sweep`,
		Args: cli.Args(1, 1),
	}
	f := &sweepFlags{}
	f.addFormats(c.Flags())
	f.follow = true
	c.RunE = func(c *cobra.Command, args []string) error {
		file := filepath.Join(args[0], reproduce.TableFile)
		if _, err := os.Stat(file); err != nil {
			return sweepWith(c, a, f, args)
		}
		s, err := slurm.Last(args[0])
		if err != nil {
			return err
		}
		if f.csv {
			return cli.Usagef("--csv: must be left out with a table of reproduce")
		}
		return table(c, a, &reproduceFlags{runFlags: f.runFlags, quick: s.Quick, seeds: s.Seeds, out: args[0]}, file)
	}
	return c
}
