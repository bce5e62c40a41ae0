package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/train"
)

// ended is what a run leaves in its folder, but for times.
type ended struct {
	Model, Best, Last []byte
	Metrics           train.History
	Checkpoint        train.Checkpoint
	Result            result
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
	h := must(loadMetrics(dir, 0))
	c := must(train.LoadCheckpoint(filepath.Join(dir, checkpointFile)))
	rec := must(loadRecord(dir))
	h.Seconds, c.History.Seconds, c.Record.Seconds = 0, 0, 0
	for i := range h.Epochs {
		h.Epochs[i].Seconds, c.History.Epochs[i].Seconds = 0, 0
	}
	if !rec.over() {
		t.Errorf("%s: status %s", dir, rec.Result.Status)
	}
	rec.Result.Seconds, rec.Result.Model = 0, ""
	return ended{file(modelFile), file(bestFile), file(lastFile), *h, *c, rec.Result}
}

// TestKill kills training runs with SIGKILL at random moments, from their start
// to their end, and resumes them: each ends with the bits of the run that never
// stopped. PCN_KILLS says how many runs; there are a few by default.
func TestKill(t *testing.T) {
	kills := 4
	if testing.Short() {
		kills = 1
	}
	if text := os.Getenv("PCN_KILLS"); text != "" {
		kills = must(strconv.Atoi(text))
	}
	dir := t.TempDir()
	command := func(out string, every string) *exec.Cmd {
		return exec.Command("pcnrun", "train", "digits", "--direction", "generative", "--layers", "64,24,10", "--limit", "600", "--epochs", "14",
			"--rate", "0.03", "--patience", "3", "--checkpoint-every", every, "--out", out, "--force", "-q")
	}
	began := time.Now()
	if out, err := command(filepath.Join(dir, "whole"), "1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	span := time.Since(began)
	want := readEnded(t, filepath.Join(dir, "whole"))
	if len(want.Last) == 0 || len(want.Metrics.Epochs) == 14 {
		t.Fatalf("the run was to end early; it took %d epochs", len(want.Metrics.Epochs))
	}
	rng := rand.New(rand.NewPCG(uint64(kills), 1))
	killed, resumed, same := 0, 0, 0
	for i := range kills {
		out := filepath.Join(dir, "killed")
		os.RemoveAll(out)
		run := command(out, []string{"1b", "7b", "1", "100ms"}[i%4])
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Float64() * float64(span)))
		run.Process.Kill()
		if run.Wait() != nil {
			killed++
		}
		if _, err := train.LoadCheckpoint(filepath.Join(out, checkpointFile)); err == nil {
			resumed++
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kill %d: the checkpoint does not load: %v", i, err)
		}
		again := exec.Command("pcnrun", "train", "--resume", out, "-q")
		if _, err := os.Stat(filepath.Join(out, recordFile)); err != nil {
			again = command(out, "1") // it had not begun
		}
		if text, err := again.CombinedOutput(); err != nil {
			t.Fatalf("kill %d: resume: %v: %s", i, err, text)
		}
		diff := cmp.Diff(want, readEnded(t, out), cmp.Comparer(func(a, b *tensor.Dense) bool { return reflect.DeepEqual(a.Data(), b.Data()) }),
			cmp.Comparer(bytes.Equal), cmp.AllowUnexported(result{}))
		if diff != "" {
			t.Errorf("kill %d: ended otherwise:\n%s", i, diff)
			continue
		}
		same++
	}
	t.Logf("%d of %d runs ended with the same bits; %d were killed in time, %d of them after their first checkpoint", same, kills, killed, resumed)
}
