package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// TestPredictMemory: the most memory that predict holds does not grow with the
// number of rows that a pipe delivers.
func TestPredictMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "digits")
	if code := execute(t.Context(), []string{"train", "digits", "--layers", "64,16,10", "--epochs", "1", "-q", "--out", dir}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
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
		peak, err := peakOf(t.Context(), t, io.LimitReader(&repeated{text: row}, int64(rows*len(row))), out, os.Stderr, "predict", filepath.Join(dir, run.ModelFile))
		if err != nil {
			t.Fatal(err)
		}
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
