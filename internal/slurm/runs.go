package slurm

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

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// Files in the folder of runs that Slurm carries out. What its tasks print is beside them.
const (
	folder     = "slurm"
	ScriptFile = folder + "/job.sh"
	jobFile    = folder + "/job.json" // the job submitted last
)

// mostTasks is how many tasks an array has that Slurm takes as it is installed.
const mostTasks = 1000

// Submitted is what the folder of runs says of the job submitted last, and of what its table
// is made of.
type Submitted struct {
	Job   string `json:"job"`
	Quick bool   `json:"quick,omitempty"` // of a table of reproduce, as is the next
	Seeds int    `json:"seeds,omitempty"`
}

// Last reads what the folder says, nothing where no job was submitted.
func Last(dir string) (s Submitted, err error) {
	path := filepath.Join(dir, jobFile)
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

// Divide makes j the job of what is left of d's runs, which so many tasks divide or, for 0,
// a task each.
func (j *Job) Divide(d *sweep.Driver, tasks int) (err error) {
	if j.Dir, err = os.Getwd(); err != nil {
		return err
	}
	runs := len(d.Plan.Runs())
	j.Title = fmt.Sprintf("%s of %s, in %s.", plural.Of(runs, "run"), d.Name, d.Dir)
	j.Name, j.Logs = "pcnrun-"+filepath.Base(d.Dir), filepath.ToSlash(d.Path(folder))
	j.Shards = cmp.Or(tasks, min(runs, mostTasks))
	for i := 1; i <= j.Shards; i++ {
		left, err := d.Left(sweep.Shard{Index: i, Count: j.Shards})
		if err != nil {
			return err
		}
		if len(left) > 0 {
			j.Tasks = append(j.Tasks, i)
		}
	}
	return nil
}

// Submit has sbatch take j, of d's runs, and has their folder say so with s, of which it
// returns the job. It is an error where tasks of the job before are in the queue.
func (j *Job) Submit(ctx context.Context, d *sweep.Driver, s Submitted) (id string, err error) {
	was, err := Last(d.Dir)
	if err != nil {
		return "", err
	}
	if was.Job != "" {
		states, err := queue(ctx, was.Job)
		if err != nil {
			return "", err
		}
		if len(states) > 0 {
			return "", fmt.Errorf("%s: must be in no queue, got Slurm's job %s (%s): 'pcnrun sweep status %s' follows it", d.Dir, was.Job, text(states), d.Dir)
		}
	}
	if err := run.MakeFolder(d.Path(folder)); err != nil {
		return "", err
	}
	if err := atomicfile.Write(d.Path(ScriptFile), j.Write); err != nil {
		return "", err
	}
	if s.Job, err = submit(ctx, d.Path(ScriptFile)); err != nil {
		return "", err
	}
	return s.Job, atomicfile.Write(d.Path(jobFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(s) })
}

// text lists states of tasks.
func text(states map[string]int) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%d %s", states[state], strings.ToLower(state)))
	}
	return strings.Join(parts, ", ")
}

// between is how often those who follow runs look at them.
const between = 2 * time.Second

// Follow waits until all of d's runs have ended, and writes how it goes whenever that
// changes. It is an error where some have not, and nobody is at them.
func Follow(ctx context.Context, d *sweep.Driver, w io.Writer) error {
	s, err := Last(d.Dir)
	if err != nil {
		return err
	}
	all, said, idle := len(d.Plan.Runs()), "", 0
	for {
		states := map[string]int{}
		if s.Job != "" {
			if states, err = queue(ctx, s.Job); err != nil {
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
		line := fmt.Sprintf("runs     %d of %d have ended, %d are under way", all-len(left), all, busy)
		if len(states) > 0 {
			line += fmt.Sprintf("; job %s: %s", s.Job, text(states))
		}
		if line != said {
			fmt.Fprintln(w, line)
			said = line
		}
		if len(left) == 0 {
			return nil
		}
		if idle++; busy > 0 || len(states) > 0 {
			idle = 0
		}
		if idle > 2 { // looks: a shared file system may be late with what other machines have written
			return fmt.Errorf("%s: %d of %d runs have not ended, and nobody is at them: what the tasks of Slurm printed is in %s; --slurm submits those that are left",
				d.Dir, len(left), all, d.Path(folder))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(between):
		}
	}
}
