package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/pflag"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// runFlags say how many runs are carried out.
type runFlags struct {
	shard   string
	workers int
	every   run.Interval
	slurm   slurmFlags
	follow  bool // the runs, which others carry out
}

func (f *runFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "`N` runs side by side, each with its share of the cores (default one a core)")
	flags.Lookup("workers").DefValue = "0" // in help, which is the same on all machines
	flags.StringVar(&f.shard, "shard", "", "take shard `i/n` of the runs alone (default SLURM's, in a job array)")
	flags.Var(&f.every, "checkpoint-every", "how often each run writes a checkpoint: N epochs, Nb batches, or a time\nsuch as 30s")
	f.slurm.add(flags)
}

// give gives d what the flags say.
func (f *runFlags) give(flags *pflag.FlagSet, d *sweep.Driver) (err error) {
	d.Every, d.Program, d.Version = f.every, "pcnrun", cli.Version()
	if f.follow {
		d.Shard = sweep.Shard{Index: 1, Count: 1}
		return nil
	}
	if err := f.slurm.check(flags); err != nil {
		return err
	}
	if d.Workers = f.workers; f.workers < 1 {
		return cli.Usagef("--workers: must be a whole number >= 1, got %d", f.workers)
	}
	if f.shard != "" {
		if d.Shard, err = sweep.ParseShard(f.shard); err != nil {
			return cli.Usagef("--shard: %w", err)
		}
	} else if d.Shard, err = sweep.SlurmShard(); err != nil {
		return cli.Usagef("%w: give --shard", err)
	}
	return nil
}

// begin begins what goes by a name in a folder of its own.
func (f *runFlags) begin(ctx context.Context, d *sweep.Driver, what, name string) error {
	if f.slurm.dryRun {
		return nil
	}
	err := d.Begin(ctx)
	switch {
	case errors.Is(err, sweep.ErrOther):
		return cli.Usagef("--out %s: holds %s of other settings than %s: name another folder", d.Dir, what, name)
	case errors.Is(err, sweep.ErrRun):
		return cli.Usagef("--out %w: name another folder", err)
	}
	return err
}

// carryOut carries out the runs of the shard that have not ended, or follows those who do,
// and says how it goes.
func (f *runFlags) carryOut(ctx context.Context, d *sweep.Driver, info io.Writer) error {
	if f.follow {
		return follow(ctx, d, info)
	}
	all := len(d.Mine())
	if d.Shard.Count > 1 {
		fmt.Fprintf(info, "shard    %v: %d of the %d runs\n", d.Shard, all, len(d.Plan.Runs()))
	}
	d.Ended = func(r sweep.Run, o sweep.Outcome, done int, now bool) {
		if now {
			fmt.Fprintf(info, "run %*d/%d  %s  %s\n", len(fmt.Sprint(all)), done, all, r.Name(), outcomeText(o))
		}
	}
	d.Waits = func(runs []sweep.Run) {
		fmt.Fprintf(info, "waiting for %s that other processes are at\n", plural.Of(len(runs), "run"))
	}
	err := d.Run(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %d of %d runs have ended; the same command goes on", d.Done(), all)
	}
	return err
}

// printMissing says how many runs have ended where there is no table yet. That is no
// result: it goes where the progress of runs does.
func printMissing(a *cli.App, d *sweep.Driver, command string, missing int, json bool, info io.Writer) error {
	all := len(d.Plan.Runs())
	if json {
		return cli.PrintJSON(a.Stdout, map[string]any{"dir": d.Dir, "runs": all, "ended": all - missing})
	}
	text := "when all have"
	if missing == 0 {
		text = "now"
	}
	_, err := fmt.Fprintf(info, "%d of %d runs have ended; 'pcnrun %s' makes the table %s\n", all-missing, all, command, text)
	return err
}

// outcomeText says what came of a run in a line.
func outcomeText(o sweep.Outcome) string {
	if o.Err != nil {
		return o.Err.Error()
	}
	text := "completed"
	if o.Diverged {
		text = run.Diverged
	}
	if o.Accuracy != nil || o.MSE != nil {
		text = "validation " + (run.Evaluation{TestAccuracy: (*cli.Number)(o.Accuracy), TestMSE: (*cli.Number)(o.MSE)}).TestText() + ", " + text
	}
	if n := len(o.Epochs); n > 0 && o.Epochs[n-1].Test != nil {
		var tested run.Evaluation
		tested.SetTest(*o.Epochs[n-1].Test)
		text = fmt.Sprintf("test %s after %s, %s", tested.TestText(), plural.Of(n, "epoch"), text)
	}
	return text
}
