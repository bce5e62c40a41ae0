package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestPredictMemory: the most memory that predict holds does not grow with the
// number of rows that a pipe delivers.
func TestPredictMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "digits")
	if code := run(t.Context(), []string{"train", "digits", "--layers", "64,16,10", "--epochs", "1", "-q", "--out", dir}, nil, io.Discard, os.Stderr); code != exitOK {
		t.Fatalf("train: exit code %d", code)
	}
	many := 200_000
	if testing.Short() {
		many = 50_000
	}
	row := strings.TrimSuffix(strings.Repeat("0,7,16,", 22), "7,16,") // 64 numbers
	row = strings.TrimSuffix(row, ",") + "\n"
	peak := func(rows int) int64 {
		out := &lineCounter{}
		peak := peakOf(t, io.LimitReader(&repeated{text: row}, int64(rows*len(row))), out, "predict", filepath.Join(dir, modelFile))
		if out.lines != rows {
			t.Fatalf("%d answers to %d rows", out.lines, rows)
		}
		return peak
	}
	few, all := peak(10_000), peak(many)
	t.Logf("peak %d MB for 10,000 rows, %d MB for %d", few>>20, all>>20, many)
	if all-few > 20<<20 {
		t.Errorf("peak memory grows from %d to %d bytes", few, all)
	}
}

// peakOf runs pcnrun and returns the most memory, in bytes, that it held.
func peakOf(t *testing.T, stdin io.Reader, stdout io.Writer, args ...string) int64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "peak")
	cmd := exec.Command("peak", append([]string{file, "pcnrun"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return must(strconv.ParseInt(string(must(os.ReadFile(file))), 10, 64))
}

func init() { commands["peak"] = writePeak }

// writePeak is a command that runs another one, and writes the most memory that this
// held to a file. Linux counts for a process what the one that began it has: that must
// be a small one, and not the tests.
func writePeak() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if err == nil {
		peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
		err = os.WriteFile(os.Args[1], strconv.AppendInt(nil, peak, 10), 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// repeated is a text again and again.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	for n < len(p) {
		n += copy(p[n:], r.text)
	}
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

type lineCounter struct{ lines int }

func (c *lineCounter) Write(p []byte) (int, error) {
	c.lines += strings.Count(string(p), "\n")
	return len(p), nil
}
