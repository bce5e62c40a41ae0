package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// digitsTable has 8 runs, and a row that no network of circles can take.
const digitsTable = `title: Digits
source: nobody
theirs: best test epoch
ours: last epoch
base: {data: {dataset: digits, limit: 200}, learning: {epochs: 2}}
seeds: 4
rows:
  - {name: PC, published: 90, settings: {learning.rule: pc}}
  - {name: circle, settings: {learning.rule: z-il, model.network: bidirectional}}
  - {name: backprop, settings: {learning.rule: backprop}}
quick: {seeds: 1, settings: {learning.epochs: 1}}
`

// TestReproduce: a row that cannot be run says why, the others go on, and the command ends
// with a failure; in shards, and after the loss of a run's record, the table is the same.
func TestReproduce(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(file, []byte(digitsTable), 0o666); err != nil {
		t.Fatal(err)
	}
	call := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		c := exec.Command("pcnrun", append([]string{"reproduce", file}, args...)...)
		c.Dir = dir
		var out, err bytes.Buffer
		c.Stdout, c.Stderr = &out, &err
		code := 0
		var exit *exec.ExitError
		if errors.As(c.Run(), &exit) {
			code = exit.ExitCode()
		}
		if code != want {
			t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, err.String())
		}
		return out.String(), err.String()
	}
	scores := func(table string) string { // what is the same on any machine
		var lines []string
		for line := range strings.Lines(table) {
			if at := strings.Fields(line); len(at) > 6 && (at[0] == "PC" || at[0] == "backprop") {
				lines = append(lines, strings.Join(at[:10], " "))
			}
		}
		return strings.Join(lines, "\n")
	}
	whole, said := call(cli.ExitFailure, "--out", "whole")
	for _, want := range []string{"circle could not be run: " + file + ":9:", "the network is not feedforward"} {
		if !strings.Contains(whole, want) {
			t.Errorf("want %s in\n%s", want, whole)
		}
	}
	if !strings.Contains(said, "run 8/8") || !strings.HasSuffix(said, "pcnrun: 1 of 3 rows could not be run\n") {
		t.Errorf("it said\n%s", said)
	}
	if strings.Count(scores(whole), "±") < 4 {
		t.Errorf("the table is\n%s", whole)
	}
	for _, name := range []string{"table.yaml", "result.json", "result.png"} {
		if _, err := os.Stat(filepath.Join(dir, "whole", name)); err != nil {
			t.Error(err)
		}
	}

	for _, shard := range []string{"2/2", "1/2"} {
		if out, _ := call(cli.ExitOK, "--out", "shards", "--shard", shard); out != "" {
			t.Errorf("shard %s printed %s", shard, out)
		}
	}
	if err := os.Remove(filepath.Join(dir, "shards", "pc-s3", run.RecordFile)); err != nil {
		t.Fatal(err)
	}
	if got, _ := call(cli.ExitFailure, "--out", "shards"); scores(got) != scores(whole) {
		t.Errorf("in shards\n%s\nwant\n%s", got, whole)
	}

	// One of its files is damaged: its row says so.
	metrics := filepath.Join(dir, "shards", "pc-s2", run.MetricsFile)
	if err := os.Truncate(metrics, 100); err != nil {
		t.Fatal(err)
	}
	if got, _ := call(cli.ExitFailure, "--out", "shards"); !strings.Contains(got, "PC could not be run: ") || !strings.Contains(got, metrics) && !strings.Contains(got, "pc-s2/"+run.MetricsFile) {
		t.Errorf("with %s cut short\n%s", metrics, got)
	}

	// Quickly, in the same folder: nothing of the table is lost.
	before, err := os.ReadFile(filepath.Join(dir, "whole", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	call(cli.ExitFailure, "--out", "whole", "--quick")
	if after, err := os.ReadFile(filepath.Join(dir, "whole", "result.json")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("--quick changed %s: %v", "result.json", err)
	}
	other := filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(other, []byte(strings.Replace(digitsTable, "epochs: 2", "epochs: 3", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("pcnrun", "reproduce", other, "--out", filepath.Join(dir, "whole"))
	if said, err := c.CombinedOutput(); err == nil || !strings.Contains(string(said), "holds a table of other settings") {
		t.Errorf("of other settings: %v: %s", err, said)
	}
	copied, _ := call(cli.ExitOK, "--print")
	if copied != digitsTable {
		t.Errorf("--print printed\n%s", copied)
	}
}
