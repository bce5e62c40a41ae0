package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// trainedSine returns the path of a small model of one input.
func trainedSine(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sine")
	if code := execute(t.Context(), []string{"train", "sine", "--epochs", "1", "-q", "--out", dir}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
		t.Fatalf("train: exit code %d", code)
	}
	return filepath.Join(dir, run.ModelFile)
}

// TestPredictInteractively: each row of a slow pipe is answered before the next
// is written, and an interrupt ends the wait for one with 130.
func TestPredictInteractively(t *testing.T) {
	cmd := exec.Command("pcnrun", "predict", trainedSine(t))
	stdin := must(cmd.StdinPipe())
	stdout := bufio.NewScanner(must(cmd.StdoutPipe()))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	for range 3 {
		io.WriteString(stdin, "1.5\n0.")
		if !stdout.Scan() {
			t.Fatalf("no answer: %v, %s", stdout.Err(), &stderr)
		}
		io.WriteString(stdin, "5\n")
		if !stdout.Scan() {
			t.Fatalf("no answer: %v, %s", stdout.Err(), &stderr)
		}
	}
	if runtime.GOOS == "windows" {
		return // a process cannot be interrupted there
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for stdout.Scan() {
		t.Errorf("unasked: %s", stdout.Text())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitInterrupted {
		t.Errorf("want exit code %d, got %v", cli.ExitInterrupted, err)
	}
	if got := stderr.String(); got != "pcnrun: interrupted\n" {
		t.Errorf("standard error %q", got)
	}
}

// TestPredictBrokenPipe: when nobody reads on, as after head -1, predict ends
// without a word although there are rows without end.
func TestPredictBrokenPipe(t *testing.T) {
	cmd := exec.Command("pcnrun", "predict", trainedSine(t))
	cmd.Stdin = endless{}
	cmd.WaitDelay = time.Minute
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Errorf("standard error %q", &stderr)
	}
	if !watchdog.Stop() {
		t.Error("predict did not end")
	}
}

// endless is rows of the number 1.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("1\n"), len(p)/2)), nil
}
