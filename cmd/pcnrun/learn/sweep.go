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
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// Files in the folder of a sweep, beside the folders of its runs.
const (
	sweepFile      = "sweep.yaml" // a copy of the file of --config
	tableFile      = "sweep.json" // what came of it
	tableCSVFile   = "sweep.csv"
	sweepPlotsFile = "sweep.png"
)

func Sweep(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "sweep [DIR]",
		Short: "Search for good settings with many runs",
		Long: `Train with many settings and several seeds each, side by side, and say which
settings score best on the validation part. The best alone is then scored on the
test part, once.

The file says what to try:

  base:                  # what all runs share: settings as train --config takes
    data: {dataset: digits, seed: 1}  # seed decides the split, one for all runs
  recipe: default        # what base lies over: default or article
  search: random         # or grid, the default: all combinations
  points: 20             # of a random search, all different
  seed: 1                # decides its points
  seeds: [1, 2, 3]       # of the weights and the order of the examples, for the
                         # runs of each point; or a number n for 1 to n
  keys:                  # any settings
    inference.method: [gradient, adam]
    model.layers: [[64, 32, 10], [64, 64, 10]]
    learning.rate: {low: 0.0001, high: 0.01, scale: log}

Each run has a folder in the folder of the sweep, which also gets
  sweep.yaml   a copy of the file
  sweep.json   the table: mean and standard error of each point, the best first
  sweep.csv    the same for a spreadsheet
  sweep.png    the scores over each key

A sweep that was interrupted or killed goes on with the same command, or with
pcnrun sweep DIR: runs that have ended are kept, and others go on from their last
checkpoint.

With --shard 2/8 a process takes the second eighth of the runs. In a SLURM job
array each task takes its shard unasked. When all shards have ended, pcnrun sweep
DIR makes the table.`,
		Example: `  pcnrun sweep --config sweep.yaml
  pcnrun sweep --config sweep.yaml --shard 1/2 --out runs/sweep
  sbatch --array=1-8 --wrap 'pcnrun sweep --config sweep.yaml'
  pcnrun sweep runs/sweep --csv`,
		Args:   cli.Args(0, 1),
		PreRun: cli.InterruptOnPipe,
	}
	f := &sweepFlags{}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.config, "config", "", "`FILE` that says what to try (default DIR/sweep.yaml)")
	flags.StringVar(&f.out, "out", "", "`DIR` of the sweep (default runs/ and the name of FILE)")
	flags.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "`N` runs side by side, each with its share of the cores (default one a core)")
	flags.Lookup("workers").DefValue = "0" // in help, which is the same on all machines
	flags.StringVar(&f.shard, "shard", "", "take shard `i/n` of the runs alone (default SLURM's, in a job array)")
	flags.Var(&f.every, "checkpoint-every", "how often each run writes a checkpoint: N epochs, Nb batches, or a time such as 30s")
	flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	flags.BoolVar(&f.csv, "csv", false, "print the table as CSV, all else on the standard error")
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := f.sweep(args)
		if err != nil {
			return err
		}
		s.app, s.info = a, a.Info()
		return s.run(c.Context())
	}
	return c
}

type sweepFlags struct {
	config, out, shard string
	workers            int
	every              run.Interval
	json, csv          bool
}

// sweeping is a sweep under way.
type sweeping struct {
	*sweepFlags
	app   *cli.App
	info  io.Writer
	dir   string
	plan  *sweep.Plan
	runs  []sweep.Run // all
	shard sweep.Shard

	mu    sync.Mutex // guards ended
	ended int        // runs of the shard
}

// sweep reads what the flags and arguments say.
func (f *sweepFlags) sweep(args []string) (*sweeping, error) {
	s := &sweeping{sweepFlags: f, dir: f.out, shard: sweep.Shard{Index: 1, Count: 1}}
	switch {
	case len(args) == 1 && f.out != "":
		return nil, cli.Usagef("--out: must be left out with the folder %s, got %s", args[0], f.out)
	case len(args) == 1:
		s.dir = args[0]
	case f.config == "":
		return nil, cli.Usagef("sweep: must have a file with --config, or the folder of a sweep, got neither")
	case f.out == "":
		name := filepath.Base(f.config)
		s.dir = filepath.Join("runs", strings.TrimSuffix(name, filepath.Ext(name)))
	}
	if f.json && f.csv {
		return nil, cli.Usagef("--json and --csv: must be one of them, got both")
	}
	if f.workers < 1 {
		return nil, cli.Usagef("--workers: must be a whole number >= 1, got %d", f.workers)
	}
	var err error
	if f.shard != "" {
		if s.shard, err = sweep.ParseShard(f.shard); err != nil {
			return nil, cli.Usagef("--shard: %w", err)
		}
	} else if s.shard, err = sweep.SlurmShard(); err != nil {
		return nil, cli.Usagef("%w: give --shard", err)
	}
	if s.plan, err = sweep.Load(cmp.Or(f.config, filepath.Join(s.dir, sweepFile))); err != nil {
		return nil, err
	}
	s.runs = s.plan.Runs()
	return s, nil
}

func (s *sweeping) path(name string) string { return filepath.Join(s.dir, name) }

// run carries out the runs of the shard that have not ended, and makes the table
// when all of all shards have.
func (s *sweeping) run(ctx context.Context) error {
	if err := s.fit(); err != nil {
		return err
	}
	if err := s.claim(); err != nil {
		return err
	}
	mine := s.shard.Of(s.runs)
	fmt.Fprintf(s.info, "sweep    %s of %s, in %s\n", plural.Of(len(s.runs), "run"), plural.Of(len(s.plan.Points), "point"), s.dir)
	if s.shard.Count > 1 {
		fmt.Fprintf(s.info, "shard    %v: %d of the %d runs\n", s.shard, len(mine), len(s.runs))
	}
	workers := max(1, min(s.workers, len(mine)))
	cores := max(1, runtime.GOMAXPROCS(0)/workers)
	err := sweep.Each(ctx, workers, mine, func(ctx context.Context, r sweep.Run) error {
		err := s.carryOut(ctx, r, cores, len(mine))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", s.path(r.Name()), err)
		}
		return err
	})
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %d of %d runs have ended; the same command goes on", s.ended, len(mine))
	}
	if err != nil {
		return err
	}
	records, missing, err := s.records()
	if err != nil {
		return err
	}
	if missing > 0 || s.shard.Count > 1 {
		return s.printProgress(missing)
	}
	t, err := s.table(ctx, records)
	if err != nil {
		return err
	}
	return s.print(t)
}

// fit finds layers that do not fit the data before anything is learned.
func (s *sweeping) fit() error {
	first := s.runs[0].Recipe
	sets, err := first.Data.Load()
	if err != nil {
		return err
	}
	for _, p := range s.plan.Points {
		if err := p.Recipe.CheckSets(sets); err != nil {
			return fmt.Errorf("%s: point %d: %w", cmp.Or(s.config, s.path(sweepFile)), p.Number, err)
		}
	}
	return nil
}

// claim makes the folder the sweep's, or checks that it is.
func (s *sweeping) claim() error {
	there, err := sweep.Load(s.path(sweepFile))
	switch {
	case err == nil && !there.Same(s.plan):
		return cli.Usagef("--out %s: holds a sweep of other settings than %s: name another folder", s.dir, s.config)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	d, err := run.OpenFolder(s.dir)
	if errors.Is(err, run.ErrInUse) {
		return nil // another shard is making it the sweep's
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer d.Release()
	if file := d.Holds(); file != "" {
		return cli.Usagef("--out %s: holds a run, of which %s is a part: name another folder", s.dir, file)
	}
	text, err := bounded.ReadFile(s.config)
	if err != nil {
		return err
	}
	return writeFile(d.Path(sweepFile), text)
}

// carryOut carries out a run, or what is left of it, on that many cores. It leaves
// a run alone that another process is at.
func (s *sweeping) carryOut(ctx context.Context, r sweep.Run, cores, all int) error {
	dir := s.path(r.Name())
	rec, err := s.record(r)
	if err == nil && rec.Over() {
		s.end(rec, r, all, false)
		return nil
	}
	d, err := run.OpenFolder(dir)
	if errors.Is(err, run.ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Release()
	rec, err = s.record(r)
	switch {
	case err == nil && rec.Over(): // in the meantime
		s.end(rec, r, all, false)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	from, err := train.LoadCheckpoint(d.Path(run.CheckpointFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		from, rec, err = nil, nil, d.Clear()
	case err == nil && (from.Recipe == nil || !reflect.DeepEqual(*from.Recipe, r.Recipe)):
		err = fmt.Errorf("%s is of another run", d.Path(run.CheckpointFile))
	}
	if err == nil {
		err = d.Clean()
	}
	if err != nil {
		return err
	}
	if err := os.Remove(s.path(tableFile)); err != nil && !errors.Is(err, fs.ErrNotExist) { // it will be another
		return err
	}
	e, err := prepare(r.Recipe, func() (*run.Folder, error) { return d, nil })
	if err != nil {
		return err
	}
	under := run.Begin(e)
	if from != nil {
		if rec == nil { // its record is gone, and the checkpoint is all that matters
			rec = under.Record
		}
		under = run.GoOn(e, rec, from)
	}
	rec = under.Record
	if rec.Command == "" {
		rec.Command, rec.Version = commandLine([]string{"train", "--config", d.Path(run.RecipeFile)}), cli.Version()
	}
	rec.Untested = true
	if _, err := under.Train(ctx, run.Options{Every: s.every, Workers: cores}); err != nil {
		return err
	}
	if !rec.Over() {
		return context.Cause(ctx)
	}
	s.end(rec, r, all, true)
	return nil
}

// end counts a run that has ended, and says so where it has just done so.
func (s *sweeping) end(rec *run.Record, r sweep.Run, all int, now bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	if now {
		fmt.Fprintf(s.info, "run %*d/%d  %s  validation %s, %s\n", len(fmt.Sprint(all)), s.ended, all, r.Name(), rec.Result.ValidationText(), rec.Result.StatusText())
	}
}

// record returns the record of a run.
func (s *sweeping) record(r sweep.Run) (*run.Record, error) {
	rec, err := run.LoadRecord(s.path(r.Name()))
	if err == nil && !reflect.DeepEqual(rec.Recipe, r.Recipe) {
		return nil, fmt.Errorf("%s: is of a run of other settings than %s says", filepath.Join(s.path(r.Name()), run.RecordFile), s.path(sweepFile))
	}
	return rec, err
}

// records returns the records of all runs, and how many have not ended.
func (s *sweeping) records() ([]*run.Record, int, error) {
	records := make([]*run.Record, len(s.runs))
	missing := 0
	for i, r := range s.runs {
		rec, err := s.record(r)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, 0, err
		}
		if err != nil || !rec.Over() {
			missing++
			continue
		}
		records[i] = rec
	}
	return records, missing, nil
}
