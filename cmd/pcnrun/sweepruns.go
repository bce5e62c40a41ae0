package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"runtime"

	"github.com/spf13/pflag"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
	"example.com/pcn/train/sweep"
)

// runFlags say how many runs are carried out.
type runFlags struct {
	shard   string
	workers int
	every   interval
}

func (f *runFlags) add(flags *pflag.FlagSet) {
	f.every.Set(defaultInterval)
	flags.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "`N` runs side by side, each with its share of the cores (default one a core)")
	flags.Lookup("workers").DefValue = "0" // in help, which is the same on all machines
	flags.StringVar(&f.shard, "shard", "", "take shard `i/n` of the runs alone (default SLURM's, in a job array)")
	flags.Var(&f.every, "checkpoint-every", "how often each run writes a checkpoint: N epochs, Nb batches, or a time\nsuch as 30s")
}

// give gives d what the flags say.
func (f *runFlags) give(d *sweep.Driver) (err error) {
	if d.Workers = f.workers; f.workers < 1 {
		return usagef("--workers: must be a whole number >= 1, got %d", f.workers)
	}
	if f.shard != "" {
		if d.Shard, err = sweep.ParseShard(f.shard); err != nil {
			return usagef("--shard: %w", err)
		}
	} else if d.Shard, err = sweep.SlurmShard(); err != nil {
		return usagef("%w: give --shard", err)
	}
	return nil
}

// carryOut carries out the runs of the shard that have not ended, and says how it goes.
func (f *runFlags) carryOut(ctx context.Context, d *sweep.Driver, info io.Writer) error {
	all := len(d.Mine())
	if d.Shard.Count > 1 {
		fmt.Fprintf(info, "shard    %v: %d of the %d runs\n", d.Shard, all, len(d.Plan.Runs()))
	}
	d.Ended = func(r sweep.Run, o sweep.Outcome, done int, now bool) {
		if now {
			fmt.Fprintf(info, "run %*d/%d  %s  %s\n", len(fmt.Sprint(all)), done, all, r.Name(), outcomeText(o))
		}
	}
	err := d.Run(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %d of %d runs have ended; the same command goes on", d.Done(), all)
	}
	return err
}

// printMissing says how many runs have ended where there is no table yet. That is no
// result: it goes where the progress of runs does.
func (a *app) printMissing(d *sweep.Driver, command string, missing int, json bool, info io.Writer) error {
	all := len(d.Plan.Runs())
	if json {
		return printJSON(a.stdout, map[string]any{"dir": d.Dir, "runs": all, "ended": all - missing})
	}
	text := "when all have"
	if missing == 0 {
		text = "now"
	}
	_, err := fmt.Fprintf(info, "%d of %d runs have ended; 'pcnrun %s' makes the table %s\n", all-missing, all, command, text)
	return err
}

// runner carries out the runs of a sweep or a table as train does, in silence.
type runner struct{ every interval }

// Fits implements [sweep.Runner].
func (runner) Fits(r train.Recipe, sets train.Sets) error { return fits(r, sets) }

// Lock implements [sweep.Runner].
func (runner) Lock(dir string) (func(), error) {
	d, err := openFolder(dir)
	if errors.Is(err, errInUse) {
		return nil, sweep.ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	if file := d.holdsRun(); file != "" {
		d.release()
		return nil, usagef("--out %s: holds a run, of which %s is a part: name another folder", dir, file)
	}
	return d.release, nil
}

// Past implements [sweep.Runner].
func (runner) Past(dir string, r sweep.Run) (*sweep.Outcome, error) {
	rec, err := loadRun(dir, r)
	if err != nil || !rec.over() {
		return nil, err
	}
	return outcome(dir, r, rec)
}

// loadRun returns the record of a run.
func loadRun(dir string, r sweep.Run) (*record, error) {
	rec, err := loadRecord(dir)
	if err == nil && !reflect.DeepEqual(rec.Recipe, r.Recipe) {
		return nil, fmt.Errorf("%s: is of a run of other settings", filepath.Join(dir, recordFile))
	}
	return rec, err
}

// CarryOut implements [sweep.Runner].
func (u runner) CarryOut(ctx context.Context, dir string, r sweep.Run, cores int) (*sweep.Outcome, error) {
	d, err := openFolder(dir)
	if errors.Is(err, errInUse) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.release()
	rec, err := loadRun(dir, r)
	switch {
	case err == nil && rec.over(): // in the meantime
		return outcome(dir, r, rec)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	from, err := train.LoadCheckpoint(d.path(checkpointFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		from, rec, err = nil, nil, d.clear()
	case err == nil && (from.Recipe == nil || !reflect.DeepEqual(*from.Recipe, r.Recipe)):
		err = fmt.Errorf("%s is of another run", d.path(checkpointFile))
	}
	if err == nil {
		err = d.clean()
	}
	if err != nil {
		return nil, err
	}
	if rec == nil { // it is new, or its record is gone, and the checkpoint is all that matters
		rec = newRecord([]string{"train", "--config", d.path(recipeFile)})
	}
	if from != nil {
		rec.Resumed++
	}
	rec.Untested = true
	e, err := prepare(r.Recipe, func() (*folder, error) { return d, nil })
	if err != nil {
		return nil, err
	}
	e.workers, e.epochTests = cores, r.Tested
	silent := &app{stdout: io.Discard, stderr: io.Discard, quiet: true}
	if _, err := silent.carryOut(ctx, e, rec, from, u.every, io.Discard); err != nil {
		return nil, err
	}
	if err := rec.save(d); err != nil { // last: it says that all is there
		return nil, err
	}
	if !rec.over() {
		return nil, context.Cause(ctx)
	}
	return outcome(dir, r, rec)
}

// outcome returns what came of the run in a folder, which has ended.
func outcome(dir string, r sweep.Run, rec *record) (*sweep.Outcome, error) {
	o := &sweep.Outcome{
		Accuracy: (*float64)(rec.Result.ValidationAccuracy), MSE: (*float64)(rec.Result.ValidationMSE),
		Diverged: rec.Result.Status == diverged, Model: filepath.Join(dir, modelFile),
	}
	if r.Tested {
		h, err := loadMetrics(dir, rec.Result.Epochs)
		if err != nil {
			return nil, err
		}
		o.Epochs = h.Epochs
	}
	return o, nil
}

// outcomeText says what came of a run in a line.
func outcomeText(o sweep.Outcome) string {
	if o.Err != nil {
		return o.Err.Error()
	}
	text := "completed"
	if o.Diverged {
		text = diverged
	}
	if o.Accuracy != nil || o.MSE != nil {
		text = "validation " + (evaluation{TestAccuracy: (*number)(o.Accuracy), TestMSE: (*number)(o.MSE)}).testText() + ", " + text
	}
	if n := len(o.Epochs); n > 0 && o.Epochs[n-1].Test != nil {
		text = fmt.Sprintf("test accuracy %.2f %% after %s, %s", 100*o.Epochs[n-1].Test.Accuracy, plural.Of(n, "epoch"), text)
	}
	return text
}
