package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// tinySweep has 24 runs of 25 batches.
const tinySweep = `
base:
  data: {limit: 100}
  learning: {epochs: 1, batch: 4}
seeds: 2
keys:
  learning.rate: [0.001, 0.003, 0.01]
  inference.method: [gradient, adam]
  model.layers: [[64, 16, 10], [64, 10]]
`

// TestSweepCut kills a sweep of 24 runs in the middle with SIGKILL and takes it up
// again, and takes another in 3 shards: both have the table of one that was never
// cut, and no run that had ended is carried out again.
func TestSweepCut(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "sweep.yaml")
	if err := os.WriteFile(config, []byte(tinySweep), 0o666); err != nil {
		t.Fatal(err)
	}
	plan, err := sweep.Load(config)
	if err != nil {
		t.Fatal(err)
	}
	runs := plan.Runs()
	if len(runs) != 24 {
		t.Fatalf("want 24 runs, got %d", len(runs))
	}
	command := func(out string, args ...string) *exec.Cmd {
		return exec.Command("pcnrun", append([]string{"sweep", "--config", config, "--out", filepath.Join(dir, out), "--workers", "2", "-q"}, args...)...)
	}
	do := func(c *exec.Cmd) []byte {
		t.Helper()
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %v", c.Args, err)
		}
		return out
	}
	file := func(out, name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, out, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := do(command("whole"))

	cut := command("cut", "--checkpoint-every", "1b")
	if err := cut.Start(); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "cut", runs[12].Name(), run.CheckpointFile)
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(half); err == nil {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the sweep has not come to its middle in a minute")
		}
	}
	cut.Process.Kill()
	if cut.Wait() == nil {
		t.Fatal("the sweep ended before it was killed")
	}
	before := map[string][]byte{}
	halfway := 0
	for _, r := range runs {
		if rec, err := run.LoadRecord(filepath.Join(dir, "cut", r.Name())); err == nil && rec.Over() {
			before[r.Name()] = file("cut", filepath.Join(r.Name(), run.RecordFile))
		} else if _, err := train.LoadCheckpoint(filepath.Join(dir, "cut", r.Name(), run.CheckpointFile)); err == nil {
			halfway++
		}
	}
	if len(before) == 0 || len(before) == len(runs) {
		t.Fatalf("%d of %d runs had ended when the sweep was killed", len(before), len(runs))
	}
	got := do(command("cut"))
	if !bytes.Equal(want, got) {
		t.Errorf("cut and taken up again: got\n%s\nwant\n%s", got, want)
	}
	resumed := 0
	for _, r := range runs {
		rec := must(run.LoadRecord(filepath.Join(dir, "cut", r.Name())))
		resumed += rec.Resumed
		if text := before[r.Name()]; text != nil && !bytes.Equal(text, file("cut", filepath.Join(r.Name(), run.RecordFile))) {
			t.Errorf("%s had ended and was carried out again", r.Name())
		}
	}
	if resumed != halfway {
		t.Errorf("%d runs went on from a checkpoint, want %d", resumed, halfway)
	}
	t.Logf("killed when %d of %d runs had ended; %d went on from a checkpoint", len(before), len(runs), resumed)

	for _, shard := range []string{"3/3", "1/3", "2/3"} {
		if out := do(command("shards", "--shard", shard)); len(out) > 0 {
			t.Errorf("shard %s printed %s", shard, out)
		}
	}
	for _, r := range runs {
		file("shards", filepath.Join(r.Name(), run.ModelFile))
	}
	if got := do(exec.Command("pcnrun", "sweep", filepath.Join(dir, "shards"), "-q")); !bytes.Equal(want, got) {
		t.Errorf("in shards: got\n%s\nwant\n%s", got, want)
	}

	for _, name := range []string{"sweep.json", "sweep.csv", "sweep.png"} {
		for _, out := range []string{"cut", "shards"} {
			if !bytes.Equal(file("whole", name), file(out, name)) {
				t.Errorf("%s of %s is another", name, out)
			}
		}
	}
	for _, r := range runs {
		for _, out := range []string{"cut", "shards"} {
			if model := filepath.Join(r.Name(), run.ModelFile); !bytes.Equal(file("whole", model), file(out, model)) {
				t.Errorf("%s of %s is another", model, out)
			}
		}
		if rec := must(run.LoadRecord(filepath.Join(dir, "whole", r.Name()))); rec.Result.TestAccuracy != nil {
			t.Errorf("%s was scored on the test part", r.Name())
		}
	}
}

// TestSweepInterrupt interrupts a sweep: it exits with 130, and its runs have
// checkpoints.
func TestSweepInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted on Windows")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "sweep.yaml")
	text := "base: {learning: {epochs: 100000}}\nkeys: {learning.rate: [0.001, 0.002, 0.003]}\n"
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	interrupt := func(begun func() bool) {
		t.Helper()
		c := exec.Command("pcnrun", "sweep", "--config", config, "--out", out, "--workers", "2", "-q")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Process.Kill()
		for began := time.Now(); !begun() && time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
		}
		c.Process.Signal(os.Interrupt)
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitInterrupted {
			t.Fatalf("want exit code %d, got %v", cli.ExitInterrupted, err)
		}
		if want := "pcnrun: interrupted: 0 of 3 runs have ended; the same command goes on\n"; stderr.String() != want {
			t.Errorf("want %q, got %q", want, stderr.String())
		}
	}
	interrupt(func() bool {
		for _, name := range []string{"p0001-s1", "p0002-s1"} {
			if _, err := os.Stat(filepath.Join(out, name, run.ModelFile)); err != nil {
				return false
			}
		}
		return true
	})
	for name, want := range map[string]bool{"p0001-s1": true, "p0002-s1": true, "p0003-s1": false} {
		if _, err := os.Stat(filepath.Join(out, name, run.CheckpointFile)); (err == nil) != want {
			t.Errorf("%s: a checkpoint is there: %v, want %v", name, err == nil, want)
		}
	}

	// A record that is cut short is named, and without it the run goes on.
	cut := filepath.Join(out, "p0001-s1")
	record := filepath.Join(cut, run.RecordFile)
	if err := os.Truncate(record, 100); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("pcnrun", "sweep", "--config", config, "--out", out, "-q").CombinedOutput()
	if err == nil || !strings.Contains(string(said), record) {
		t.Errorf("with a record cut short: %v: %s", err, said)
	}
	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	interrupt(func() bool { _, err := run.LoadRecord(cut); return err == nil })
	if rec := must(run.LoadRecord(cut)); rec.Resumed != 1 || rec.Result.Status != run.Interrupted {
		t.Errorf("without its record, the run was resumed %d times and is %s", rec.Resumed, rec.Result.Status)
	}
}
