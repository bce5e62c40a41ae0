//go:build unix

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
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// TestKill ends training runs at random moments, from their start to their end: with
// SIGKILL, with signals after which they are to save what they have, and by closing
// the pipe that they write to. Most signals come twice, as from timeout. It then goes on
// with them, by turns with --resume and with the same command line: each ends with the
// bits of the run that never stopped.
// PCN_KILLS says how many runs of each; there is one by default.
func TestKill(t *testing.T) {
	kills := 1
	if text := os.Getenv("PCN_KILLS"); text != "" {
		kills = must(strconv.Atoi(text))
	}
	dir := t.TempDir()
	command := func(out string, every string) *exec.Cmd {
		return exec.Command("pcnrun", "train", "digits", "--direction", "generative", "--layers", "64,24,10", "--limit", "600", "--epochs", "14",
			"--rate", "0.03", "--patience", "3", "--augment", "shift=1", "--checkpoint-every", every, "--out", out, "--resume-or-start")
	}
	began := time.Now()
	if out, err := command(filepath.Join(dir, "whole"), "1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	span := time.Since(began) * 3 / 4 // so that most are ended in time
	want := readEnded(t, filepath.Join(dir, "whole"))
	if len(want.Last) == 0 || len(want.Metrics.Epochs) == 14 {
		t.Fatalf("the run was to end early; it took %d epochs", len(want.Metrics.Epochs))
	}
	const closedPipe = syscall.Signal(0) // instead of a signal
	for s, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, closedPipe} {
		name := sig.String()
		if sig == closedPipe {
			name = "a closed pipe"
		}
		rng := rand.New(rand.NewPCG(uint64(kills), uint64(s)))
		ended, saved, same := 0, 0, 0
		for i := range kills {
			out := filepath.Join(dir, "ended")
			os.RemoveAll(out)
			every := "1000000" // no checkpoint but that of the end
			if sig == syscall.SIGKILL {
				every = []string{"1b", "7b", "1", "100ms"}[i%4]
			}
			process := command(out, every)
			reader, writer, err := os.Pipe() // large enough for what a run prints
			if err != nil {
				t.Fatal(err)
			}
			process.Stdout, process.Stderr = writer, writer
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			time.Sleep(time.Duration(rng.Float64() * float64(span)))
			if sig == closedPipe {
				reader.Close()
			} else {
				process.Process.Signal(sig)
			}
			if sig != closedPipe && sig != syscall.SIGINT { // of which a second ends the process at once
				process.Process.Signal(sig)
			}
			process.Wait()
			reader.Close()
			code := process.ProcessState.ExitCode()
			if code != cli.ExitOK {
				ended++
			}
			c, err := train.LoadCheckpoint(filepath.Join(out, run.CheckpointFile))
			switch {
			case err == nil:
				saved++
			case !errors.Is(err, fs.ErrNotExist):
				t.Errorf("%s %d: the checkpoint does not load: %v", name, i, err)
			}
			if sig != syscall.SIGKILL && code == cli.ExitInterrupted {
				if err != nil {
					t.Errorf("%s %d: the checkpoint of the end: %v", name, i, err)
				} else if n := len(must(run.LoadMetrics(out, 0)).Epochs); n != len(c.History.Epochs) {
					t.Errorf("%s %d: %d epochs were done, and the checkpoint has %d", name, i, n, len(c.History.Epochs))
				}
			}
			again := exec.Command("pcnrun", "train", "--resume", out)
			if _, err := os.Stat(filepath.Join(out, run.RecordFile)); err != nil || i%2 == s%2 {
				again = command(out, every)
			}
			if text, err := again.CombinedOutput(); err != nil {
				t.Fatalf("%s %d: going on: %v: %s", name, i, err, text)
			}
			diff := cmp.Diff(want, readEnded(t, out), cmp.Comparer(func(a, b *tensor.Dense) bool { return reflect.DeepEqual(a.Data(), b.Data()) }),
				cmp.Comparer(bytes.Equal), cmp.AllowUnexported(run.Result{}))
			if diff != "" {
				t.Errorf("%s %d: ended otherwise:\n%s", name, i, diff)
				continue
			}
			if _, err := os.Stat(filepath.Join(out, run.ReportFile)); err != nil {
				t.Errorf("%s %d: %v", name, i, err)
			}
			same++
		}
		t.Logf("%s: %d of %d runs ended with the same bits; %d were ended in time, %d had a checkpoint", name, same, kills, ended, saved)
	}
}
