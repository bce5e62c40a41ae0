package learn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train/sweep"
)

// sweepFile is a copy of the file of --config in the folder of a sweep.
const sweepFile = "sweep.yaml"

// Sweep is the command sweep.
func Sweep(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "sweep [DIR]",
		Short: "Search for good settings with many runs",
		Long: `Train with many settings and several seeds each, side by side, and say which
settings score best on the validation part. The best alone is then scored on the
test part, once.

The file says what to try; pcnrun sweep init writes this one:

` + indented(firstSweep) + `
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

// sweepWith carries out the command c, of sweep's flags.
func sweepWith(c *cobra.Command, a *cli.App, f *sweepFlags, args []string) error {
	s, err := f.sweep(c.Flags(), args)
	if err != nil {
		return err
	}
	s.app, s.info = a, a.Info()
	return s.run(c.Context(), c.Flags())
}

type sweepFlags struct {
	runFlags
	config, out string
	json, csv   bool
}

func (f *sweepFlags) addFormats(flags *pflag.FlagSet) {
	flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	flags.BoolVar(&f.csv, "csv", false, "print the table as CSV, all else on the standard error")
}

// sweeping is a sweep under way.
type sweeping struct {
	*sweepFlags
	*sweep.Driver
	app  *cli.App
	info io.Writer
}

// sweep reads what the flags and arguments say.
func (f *sweepFlags) sweep(flags *pflag.FlagSet, args []string) (*sweeping, error) {
	s := &sweeping{sweepFlags: f, Driver: &sweep.Driver{Dir: f.out, File: sweepFile, Read: sweep.Load}}
	switch {
	case len(args) == 1 && f.out != "":
		return nil, cli.Usagef("--out: must be left out with the folder %s, got %s", args[0], f.out)
	case len(args) == 1:
		s.Dir = args[0]
	case f.config == "":
		return nil, cli.Usagef("sweep: must have a file with --config, or the folder of a sweep, got neither")
	case f.out == "":
		name := filepath.Base(f.config)
		s.Dir = filepath.Join("runs", strings.TrimSuffix(name, filepath.Ext(name)))
	}
	if f.json && f.csv {
		return nil, cli.Usagef("--json and --csv: must be one of them, got both")
	}
	if err := f.runFlags.give(flags, s.Driver); err != nil {
		return nil, err
	}
	s.Name = cmp.Or(f.config, s.Path(sweepFile))
	var err error
	if s.Plan, err = sweep.Load(s.Name); err != nil {
		return nil, err
	}
	s.Text, err = bounded.ReadFile(s.Name)
	return s, err
}

// run carries out the runs of the shard that have not ended, and makes the table
// when all of all shards have.
func (s *sweeping) run(ctx context.Context, flags *pflag.FlagSet) error {
	s.Changes = func() error { // the table will be another
		if err := os.Remove(s.Path(sweep.TableFile)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := s.runFlags.begin(ctx, s.Driver, "a sweep", s.config); err != nil {
		return err
	}
	fmt.Fprintf(s.info, "sweep    %s of %s, in %s\n", plural.Of(len(s.Plan.Runs()), "run"), plural.Of(len(s.Plan.Points), "point"), s.Dir)
	if s.slurm.on {
		return s.submit(ctx, s.app, flags, s.Driver, []string{"sweep", s.Dir}, submitted{})
	}
	if err := s.runFlags.carryOut(ctx, s.Driver, s.info); err != nil {
		return err
	}
	outcomes, missing, err := s.Outcomes()
	if err != nil {
		return err
	}
	if missing > 0 || s.Shard.Count > 1 {
		return printMissing(s.app, s.Driver, "sweep "+s.Dir, missing, s.json, s.info)
	}
	t, notes, err := s.Table(ctx, outcomes)
	for _, note := range notes {
		s.app.Warn("%s", note)
	}
	if err != nil {
		return err
	}
	return s.print(t)
}

// print prints the table.
func (s *sweeping) print(t *sweep.Table) error {
	stdout := s.app.Stdout
	switch {
	case s.json:
		return cli.PrintJSON(stdout, t)
	case s.csv:
		return t.WriteCSV(stdout)
	}
	if err := t.Write(stdout); err != nil {
		return err
	}
	text := "no point has a score: the energy of a run of each was no longer a number"
	if w := t.Winner; w != nil {
		text = fmt.Sprintf("point %d is best: test %s %s on %s", w.Point, t.ScoreName(), t.Text(w.Test), plural.Of(w.Examples, "example"))
	}
	terminal.Paint(stdout, terminal.Bold, text)
	if _, err := fmt.Fprintln(stdout); err != nil {
		return err
	}
	fmt.Fprintf(s.info, "wrote %s, %s and %s\n", s.Path(sweep.TableFile), s.Path(sweep.CSVFile), s.Path(sweep.PlotsFile))
	return nil
}
