package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// ended is what a run leaves in its folder, but for times.
type ended struct {
	Model, Best, Last []byte
	Metrics           train.History
	Checkpoint        train.Checkpoint
	Result            run.Result
}

// readEnded reads what a run that has ended left.
func readEnded(t *testing.T, dir string) ended {
	t.Helper()
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return b
	}
	h := must(run.LoadMetrics(dir, 0))
	c := must(train.LoadCheckpoint(filepath.Join(dir, run.CheckpointFile)))
	rec := must(run.LoadRecord(dir))
	h.Seconds, c.History.Seconds, c.Record.Seconds, c.Record.Elapsed = 0, 0, 0, 0
	for i := range h.Epochs {
		h.Epochs[i].Seconds, c.History.Epochs[i].Seconds = 0, 0
		h.Epochs[i].Elapsed, c.History.Epochs[i].Elapsed = 0, 0
	}
	if !rec.Over() {
		t.Errorf("%s: status %s", dir, rec.Result.Status)
	}
	rec.Result.Seconds, rec.Result.Model = 0, ""
	return ended{file(run.ModelFile), file(run.BestFile), file(run.LastFile), *h, *c, rec.Result}
}

// TestResumeOrStart refuses a run of other settings, and prints again the result of
// one that has come to its end.
func TestResumeOrStart(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	call := func(want int, args ...string) (string, string) {
		t.Helper()
		var stdout, stderr strings.Builder
		if code := execute(t.Context(), append([]string{"train", "sine", "--out", out, "--resume-or-start"}, args...), nil, &stdout, &stderr); code != want {
			t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, stderr.String())
		}
		return stdout.String(), stderr.String()
	}
	first, _ := call(cli.ExitOK, "--epochs", "2")
	before := must(os.ReadFile(filepath.Join(out, run.RecordFile)))
	second, said := call(cli.ExitOK, "--epochs", "2", "--checkpoint-every", "1")
	if second != first || !strings.Contains(said, "has come to its end before") {
		t.Errorf("the ended run says %q and %q, and said %q", second, said, first)
	}
	_, said = call(cli.ExitUsage, "--epochs", "3", "--precisions", "1,2,1,1")
	if !strings.Contains(said, "of other settings: learning.epochs is 2 there and 3 here, model.precisions is not set there and [1,2,1,1] here") {
		t.Errorf("other settings are refused with %q", said)
	}
	call(cli.ExitUsage, "--force")
	call(cli.ExitUsage, "--resume", out)
	if after := must(os.ReadFile(filepath.Join(out, run.RecordFile))); !bytes.Equal(before, after) {
		t.Error("the run was written to")
	}
}

// TestRunEndsLast: a run says that it has come to its end when all of it is there.
// What was cut off before that is made up for.
func TestRunEndsLast(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	call := func(want int, args ...string) string {
		t.Helper()
		var stderr strings.Builder
		if code := execute(t.Context(), append([]string{"train", "-q"}, args...), nil, io.Discard, &stderr); code != want {
			t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, stderr.String())
		}
		return stderr.String()
	}
	call(cli.ExitOK, "sine", "--epochs", "2", "--out", out)
	whole := readEnded(t, out)
	page := filepath.Join(out, run.ReportFile)
	for _, err := range []error{os.Remove(filepath.Join(out, run.RecordFile)), os.Remove(page), os.MkdirAll(filepath.Join(page, "in the way"), 0o777)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	said := call(cli.ExitFailure, "--resume", out)
	if !strings.Contains(said, page) || !strings.Contains(said, "--resume "+out) {
		t.Errorf("a page that cannot be written is reported as %q", said)
	}
	if must(run.LoadRecord(out)).Over() {
		t.Error("a run without its report has come to its end")
	}
	if err := os.RemoveAll(page); err != nil {
		t.Fatal(err)
	}
	call(cli.ExitOK, "--resume", out)
	if _, err := os.Stat(page); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(whole.Result, readEnded(t, out).Result, cmp.AllowUnexported(run.Result{})); diff != "" {
		t.Error(diff)
	}
}

// TestOthersFilesStay: of a folder that is no run, and of what is not the run's own,
// nothing is removed.
func TestOthersFilesStay(t *testing.T) {
	out := t.TempDir()
	mine, others := ".model.safetensors.123.part", []string{".film.mkv.part", ".x.5.part", "notes"}
	put := func(names ...string) {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(out, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(when string, want bool, names ...string) {
		t.Helper()
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(out, name)); (err == nil) != want {
				t.Errorf("%s: %s is there: %v", when, name, err == nil)
			}
		}
	}
	train := func(want int, args ...string) {
		t.Helper()
		if code := execute(t.Context(), append([]string{"train", "-q"}, args...), nil, io.Discard, io.Discard); code != want {
			t.Fatalf("%v: exit code %d, want %d", args, code, want)
		}
	}
	put(append(others, mine)...)
	train(cli.ExitFailure, "--resume", out)
	check("no run", true, append(others, mine)...)
	train(cli.ExitOK, "sine", "--epochs", "1", "--out", out)
	check("a new run", true, append(others, mine)...)
	train(cli.ExitUsage, "sine", "--epochs", "1", "--out", out)
	check("a run that is in the way", true, append(others, mine)...)
	train(cli.ExitOK, "sine", "--epochs", "1", "--out", out, "--force")
	check("another run", true, others...)
	check("another run", false, mine)
	put(mine)
	if err := os.Remove(filepath.Join(out, run.RecordFile)); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	train(cli.ExitOK, "--resume", out)
	check("the run goes on", true, others...)
	check("the run goes on", false, mine)
}
