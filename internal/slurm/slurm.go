// Package slurm has Slurm carry out the runs of a sweep's driver, shard by shard, by its own
// commands.
package slurm

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"text/template"

	"example.com/pcn/internal/quoted"
)

// Job is an array of tasks, of which each takes a shard.
type Job struct {
	Title, Name string
	Dir         string // that the tasks work in
	Logs        string // the folder of what they print
	Tasks       []int  // which shards, of 1 to Shards, in rising order
	Shards      int
	CPUs        int // of each task
	// Time, Memory and Partition are Slurm's where they are empty; Options are of sbatch.
	Time, Memory, Partition string
	Options                 []string
	Command                 []string // of a task, to which --shard is added
	Interrupted             int      // the exit code of a task that was told to end and can go on
}

//go:embed script.sh
var script string

var parsed = template.Must(template.New("").Funcs(template.FuncMap{"quote": quoted.Shell, "ranges": ranges}).Parse(script))

// Write writes the script that sbatch takes.
func (j *Job) Write(w io.Writer) error { return parsed.Execute(w, j) }

// ranges writes rising numbers as --array takes them: 1-3,7.
func ranges(numbers []int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if fmt.Fprint(&b, numbers[i]); j > i {
			fmt.Fprintf(&b, "-%d", numbers[j])
		}
		i = j + 1
	}
	return b.String()
}

// submit has sbatch take the script at path, and returns the number of the job.
func submit(ctx context.Context, path string) (id string, err error) {
	out, err := call(ctx, "sbatch", "--parsable", path)
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";") // a name of a cluster
	return id, err
}

// queue returns how many tasks of a job, which have not ended, are in each state, such as
// RUNNING, or PENDING with Slurm's reason.
func queue(ctx context.Context, id string) (map[string]int, error) {
	out, err := call(ctx, "squeue", "--noheader", "--array", "--jobs="+id, "--format=%T %r")
	if err != nil {
		if strings.Contains(err.Error(), "Invalid job id") { // it ended some time ago
			return nil, nil
		}
		return nil, err
	}
	states := map[string]int{}
	for line := range strings.Lines(out) {
		state, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		if reason != "None" && reason != "" {
			state += " (" + reason + ")"
		}
		states[state]++
	}
	return states, nil
}

// call runs a command of Slurm's and returns what it prints.
func call(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.As(err, &exit):
		err = fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(exit.Stderr)))
	case err != nil:
		err = fmt.Errorf("must have Slurm's commands: %w", err)
	}
	return string(out), err
}
