package learn

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/slurm"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// runFlags say how many runs are carried out, and in which form the table is printed.
type runFlags struct {
	shard        string
	workers      int
	every        run.Interval
	slurm        bool // carries out the runs
	dryRun       bool
	tasks        int
	job          slurm.Job
	follow, json bool // the runs, which others carry out
}

// slurmNames are those of the flags that say how Slurm is to carry out runs.
var slurmNames = []string{"dry-run", "tasks", "cpus", "time", "mem", "partition", "sbatch"}

func (f *runFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "`N` runs side by side, each with its share of the cores (default one a core)")
	flags.Lookup("workers").DefValue = "0" // in help, which is the same on all machines
	flags.StringVar(&f.shard, "shard", "", "take shard `i/n` of the runs alone (default SLURM's, in a job array)")
	flags.Var(&f.every, "checkpoint-every", "how often each run writes a checkpoint: N epochs, Nb batches, or a time\nsuch as 30s")
	flags.BoolVar(&f.slurm, "slurm", false, "have Slurm carry out the runs, as tasks of a job array:\n'pcnrun sweep status DIR' follows them")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the script for sbatch, and submit nothing")
	flags.IntVar(&f.tasks, "tasks", 0, "`N` tasks, which divide the runs (default one a run, 1000 at most)")
	flags.IntVar(&f.job.CPUs, "cpus", 1, "`N` cores for each task")
	flags.StringVar(&f.job.Time, "time", "", "the most `TIME` of a task, which goes on in another when it is up, such as 4:00:00")
	flags.StringVar(&f.job.Memory, "mem", "", "`SIZE` of memory for each task, such as 2G")
	flags.StringVar(&f.job.Partition, "partition", "", "`NAME` of the partition")
	flags.StringArrayVar(&f.job.Options, "sbatch", nil, "any other `OPTION` of sbatch, such as --sbatch=--account=physics; may be repeated")
}

// give gives d what the flags say.
func (f *runFlags) give(flags *pflag.FlagSet, d *sweep.Driver) (err error) {
	d.Every, d.Program, d.Version = f.every, "pcnrun", cli.Version()
	if d.Shard = (sweep.Shard{Index: 1, Count: 1}); f.follow {
		return nil
	}
	for _, name := range slurmNames {
		if !f.slurm && flags.Changed(name) {
			return cli.Usagef("--%s: must go with --slurm, got it alone", name)
		}
	}
	switch {
	case f.slurm && flags.Changed("shard"):
		return cli.Usagef("--shard: must be left out with --slurm, which takes all")
	case f.job.CPUs < 1:
		return cli.Usagef("--cpus: must be a whole number >= 1, got %d", f.job.CPUs)
	case f.tasks < 0 || flags.Changed("tasks") && f.tasks == 0:
		return cli.Usagef("--tasks: must be a whole number >= 1, got %d", f.tasks)
	case f.workers < 1:
		return cli.Usagef("--workers: must be a whole number >= 1, got %d", f.workers)
	}
	d.Workers = f.workers
	if f.shard != "" {
		if d.Shard, err = sweep.ParseShard(f.shard); err != nil {
			return cli.Usagef("--shard: %w", err)
		}
	} else if d.Shard, err = sweep.SlurmShard(); err != nil {
		return cli.Usagef("%w: give --shard", err)
	}
	return nil
}

// work is what a command makes a table of.
type work struct {
	what    string   // a sweep, a table
	of      string   // the file, or the name, that says it
	heading string   // of what is printed as it goes
	again   []string // the command that makes the table
	slurm.Submitted
}

// carryOut has the runs of d carried out that have not ended, and returns what came of all
// of all shards: nil where there is no table yet, which it says.
func (f *runFlags) carryOut(c *cobra.Command, a *cli.App, d *sweep.Driver, w work) ([]sweep.Outcome, error) {
	ctx, info, all := c.Context(), a.Info(), len(d.Plan.Runs())
	if !f.dryRun {
		switch err := d.Begin(ctx); {
		case errors.Is(err, sweep.ErrOther):
			return nil, cli.Usagef("--out %s: holds %s of other settings than %s: name another folder", d.Dir, w.what, w.of)
		case errors.Is(err, sweep.ErrRun):
			return nil, cli.Usagef("--out %w: name another folder", err)
		case err != nil:
			return nil, err
		}
	}
	fmt.Fprint(info, w.heading)
	if f.slurm {
		return nil, f.submit(c, a, d, w)
	}
	if f.follow {
		if err := slurm.Follow(ctx, d, info); err != nil {
			return nil, err
		}
	} else {
		mine := len(d.Mine())
		if d.Shard.Count > 1 {
			fmt.Fprintf(info, "shard    %v: %d of the %d runs\n", d.Shard, mine, all)
		}
		d.Ended = func(r sweep.Run, o sweep.Outcome, done int, now bool) {
			if now {
				fmt.Fprintf(info, "run %*d/%d  %s  %v\n", len(fmt.Sprint(mine)), done, mine, r.Name(), o)
			}
		}
		d.Waits = func(runs []sweep.Run) {
			fmt.Fprintf(info, "waiting for %s that other processes are at\n", plural.Of(len(runs), "run"))
		}
		err := d.Run(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted: %d of %d runs have ended; the same command goes on", d.Done(), mine)
		}
		if err != nil {
			return nil, err
		}
	}
	outcomes, missing, err := d.Outcomes()
	if err != nil || missing == 0 && d.Shard.Count == 1 {
		return outcomes, err
	}
	if f.json {
		return nil, cli.PrintJSON(a.Stdout, map[string]any{"dir": d.Dir, "runs": all, "ended": all - missing})
	}
	when := "when all have"
	if missing == 0 {
		when = "now"
	}
	_, err = fmt.Fprintf(info, "%d of %d runs have ended; 'pcnrun %s' makes the table %s\n", all-missing, all, strings.Join(w.again, " "), when)
	return nil, err
}

// submit has Slurm carry out what is left of the runs of d.
func (f *runFlags) submit(c *cobra.Command, a *cli.App, d *sweep.Driver, w work) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	job := f.job
	job.Command, job.Interrupted = append([]string{program}, w.again...), cli.ExitInterrupted
	c.Flags().Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "workers", "checkpoint-every", "gemm", "verbose":
			job.Command = append(job.Command, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	if err := job.Divide(d, f.tasks); err != nil || f.dryRun {
		return cmp.Or(err, job.Write(a.Stdout))
	}
	if len(job.Tasks) == 0 {
		_, err := fmt.Fprintf(a.Info(), "all of %s have ended; 'pcnrun sweep status %s' makes the table\n", plural.Of(len(d.Plan.Runs()), "run"), d.Dir)
		return err
	}
	id, err := job.Submit(c.Context(), d, w.Submitted)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Info(), "slurm    job %s, %s of %s\n'pcnrun sweep status %s' follows it, and makes the table\n",
		id, plural.Of(len(job.Tasks), "task"), d.Path(slurm.ScriptFile), d.Dir)
	return err
}
