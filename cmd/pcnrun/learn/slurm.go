package learn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/slurm"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// Files in the folder of runs that Slurm carries out. What its tasks print is beside them.
const (
	slurmFolder = "slurm"
	scriptFile  = slurmFolder + "/job.sh"
	jobFile     = slurmFolder + "/job.json" // the job submitted last
)

// mostTasks is how many tasks an array has that Slurm takes as it is installed.
const mostTasks = 1000

// slurmFlags have Slurm carry out runs.
type slurmFlags struct {
	on, dryRun bool
	tasks      int
	job        slurm.Job
}

// slurmNames are those of the flags that say how Slurm is to carry out runs.
var slurmNames = []string{"dry-run", "tasks", "cpus", "time", "mem", "partition", "sbatch"}

func (f *slurmFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "slurm", false, "have Slurm carry out the runs, as tasks of a job array:\n'pcnrun sweep status DIR' follows them")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the script for sbatch, and submit nothing")
	flags.IntVar(&f.tasks, "tasks", 0, "`N` tasks, which divide the runs (default one a run, 1000 at most)")
	flags.IntVar(&f.job.CPUs, "cpus", 1, "`N` cores for each task")
	flags.StringVar(&f.job.Time, "time", "", "the most `TIME` of a task, which goes on in another when it is up, such as 4:00:00")
	flags.StringVar(&f.job.Memory, "mem", "", "`SIZE` of memory for each task, such as 2G")
	flags.StringVar(&f.job.Partition, "partition", "", "`NAME` of the partition")
	flags.StringArrayVar(&f.job.Options, "sbatch", nil, "any other `OPTION` of sbatch, such as --sbatch=--account=physics; may be repeated")
}

// check finds flags that do not go together.
func (f *slurmFlags) check(flags *pflag.FlagSet) error {
	for _, name := range slurmNames {
		if !f.on && flags.Changed(name) {
			return cli.Usagef("--%s: must go with --slurm, got it alone", name)
		}
	}
	switch {
	case f.on && flags.Changed("shard"):
		return cli.Usagef("--shard: must be left out with --slurm, which takes all")
	case f.job.CPUs < 1:
		return cli.Usagef("--cpus: must be a whole number >= 1, got %d", f.job.CPUs)
	case f.tasks < 0 || flags.Changed("tasks") && f.tasks == 0:
		return cli.Usagef("--tasks: must be a whole number >= 1, got %d", f.tasks)
	}
	return nil
}

// submitted is what the folder says of the job submitted last, and of what its table is
// made of.
type submitted struct {
	Job   string `json:"job"`
	Quick bool   `json:"quick,omitempty"` // of a table of reproduce, as is the next
	Seeds int    `json:"seeds,omitempty"`
}

// loadSubmitted reads what the folder says, nothing where no job was submitted.
func loadSubmitted(d string) (s submitted, err error) {
	path := filepath.Join(d, jobFile)
	text, err := bounded.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		if err = json.Unmarshal(text, &s); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}
	return s, err
}

// submit has Slurm carry out what is left of the runs of d, as the command of words does.
func (f *runFlags) submit(ctx context.Context, a *cli.App, flags *pflag.FlagSet, d *sweep.Driver, words []string, s submitted) error {
	job, err := f.slurmJob(flags, d, words)
	if err != nil || f.slurm.dryRun {
		return cmp.Or(err, job.Write(a.Stdout))
	}
	if len(job.Tasks) == 0 {
		_, err := fmt.Fprintf(a.Info(), "all of %s have ended; 'pcnrun sweep status %s' makes the table\n", plural.Of(len(d.Plan.Runs()), "run"), d.Dir)
		return err
	}
	was, err := loadSubmitted(d.Dir)
	if err != nil {
		return err
	}
	if was.Job != "" {
		states, err := slurm.Queue(ctx, was.Job)
		if err != nil {
			return err
		}
		if len(states) > 0 {
			return fmt.Errorf("%s: must be in no queue, got Slurm's job %s (%s): 'pcnrun sweep status %s' follows it", d.Dir, was.Job, statesText(states), d.Dir)
		}
	}
	if err := run.MakeFolder(d.Path(slurmFolder)); err != nil {
		return err
	}
	if err := atomicfile.Write(d.Path(scriptFile), job.Write); err != nil {
		return err
	}
	if s.Job, err = slurm.Submit(ctx, d.Path(scriptFile)); err != nil {
		return err
	}
	if err := atomicfile.Write(d.Path(jobFile), func(w io.Writer) error { return cli.PrintJSON(w, s) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Info(), "slurm    job %s, %s of %s\n'pcnrun sweep status %s' follows it, and makes the table\n",
		s.Job, plural.Of(len(job.Tasks), "task"), d.Path(scriptFile), d.Dir)
	return err
}

// slurmJob returns the job of what is left of the runs.
func (f *runFlags) slurmJob(flags *pflag.FlagSet, d *sweep.Driver, words []string) (*slurm.Job, error) {
	job := f.slurm.job
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if job.Dir, err = os.Getwd(); err != nil {
		return nil, err
	}
	job.Command = append([]string{program}, words...)
	flags.Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "workers", "checkpoint-every", "gemm", "verbose":
			job.Command = append(job.Command, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	job.Title = fmt.Sprintf("%s of %s, in %s.", plural.Of(len(d.Plan.Runs()), "run"), d.Name, d.Dir)
	job.Name, job.Logs, job.Interrupted = "pcnrun-"+filepath.Base(d.Dir), filepath.ToSlash(d.Path(slurmFolder)), cli.ExitInterrupted
	job.Shards = cmp.Or(f.slurm.tasks, min(len(d.Plan.Runs()), mostTasks))
	for i := 1; i <= job.Shards; i++ {
		left, err := d.Left(sweep.Shard{Index: i, Count: job.Shards})
		if err != nil {
			return nil, err
		}
		if len(left) > 0 {
			job.Tasks = append(job.Tasks, i)
		}
	}
	return &job, nil
}

// statesText lists states of tasks.
func statesText(states map[string]int) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%d %s", states[state], strings.ToLower(state)))
	}
	return strings.Join(parts, ", ")
}

// between is how often those who follow runs look at them.
const between = 2 * time.Second

// follow waits until all runs have ended, and says how it goes. It is an error where some
// have not, and nobody is at them.
func follow(ctx context.Context, d *sweep.Driver, info io.Writer) error {
	s, err := loadSubmitted(d.Dir)
	if err != nil {
		return err
	}
	all, said, idle := len(d.Plan.Runs()), "", 0
	for {
		states := map[string]int{}
		if s.Job != "" {
			if states, err = slurm.Queue(ctx, s.Job); err != nil {
				return err
			}
		}
		left, err := d.Left(sweep.Shard{Index: 1, Count: 1}) // after the queue: what has left it has ended
		if err != nil {
			return err
		}
		busy := 0
		for _, r := range left {
			if run.InUse(d.Path(r.Name())) {
				busy++
			}
		}
		text := fmt.Sprintf("runs     %d of %d have ended, %d are under way", all-len(left), all, busy)
		if len(states) > 0 {
			text += fmt.Sprintf("; job %s: %s", s.Job, statesText(states))
		}
		if text != said {
			fmt.Fprintln(info, text)
			said = text
		}
		if len(left) == 0 {
			return nil
		}
		if idle++; busy > 0 || len(states) > 0 {
			idle = 0
		}
		if idle > 2 { // looks: a shared file system may be late with what other machines have written
			return fmt.Errorf("%s: %d of %d runs have not ended, and nobody is at them: what the tasks of Slurm printed is in %s; --slurm submits those that are left",
				d.Dir, len(left), all, d.Path(slurmFolder))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(between):
		}
	}
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
		if _, err := os.Stat(filepath.Join(args[0], tableCopyFile)); err == nil {
			s, err := loadSubmitted(args[0])
			if err != nil {
				return err
			}
			if f.csv {
				return cli.Usagef("--csv: must be left out with a table of reproduce")
			}
			t := &reproduceFlags{runFlags: f.runFlags, quick: s.Quick, seeds: s.Seeds, json: f.json, out: args[0]}
			return table(c, a, t, filepath.Join(args[0], tableCopyFile))
		}
		return sweepWith(c, a, f, args)
	}
	return c
}
