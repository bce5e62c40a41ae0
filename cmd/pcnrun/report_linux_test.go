package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/pcn/internal/sealed"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// TestReportOfAnyRun writes pages about runs that went as badly as runs go, or took
// as long: each within a second, or ten with the race detector or on a machine at
// work, and 200 MB.
func TestReportOfAnyRun(t *testing.T) {
	t.Chdir(t.TempDir())
	rows := func(scale float64) string {
		var b strings.Builder
		b.WriteString("a,b,price\n")
		for i := range 60 {
			fmt.Fprintf(&b, "%d,%d,%g\n", i%7, i%5, scale*(1+1e-12*float64(3*(i%7)+i%5)))
		}
		return b.String()
	}
	for name, text := range map[string]string{"large.csv": rows(1e12), "small.csv": rows(1e-30)} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	repeat := func(epochs int, energy func(i int) float64) func() []float64 {
		return func() (all []float64) {
			for i := range epochs {
				all = append(all, energy(i))
			}
			return all
		}
	}
	for name, test := range map[string]struct {
		args     string           // of train
		fails    bool             // it says that training failed
		energies func() []float64 // put in place of what training gave
	}{
		"diverged":            {"sine --rate 3 --optimizer sgd --epochs 3", true, nil},
		"diverged generative": {"digits --direction generative --layers 64,16,10 --rate 1e4 --optimizer sgd --epochs 3 --unguarded --inference-rate 50", true, nil},
		"targets of 1e12":     {"large.csv --target price --epochs 3", false, nil},
		"targets of 1e-30":    {"small.csv --target price --epochs 3", false, nil},
		"one epoch":           {"sine --epochs 1", false, nil},
		"one example":         {"sine --limit 1 --validation 1 --epochs 2", false, nil},
		"one digit":           {"digits --limit 1 --validation 1 --direction generative --layers 64,16,10 --epochs 2", false, nil},
		"1e-30":               {"sine --epochs 2", false, repeat(2, func(i int) float64 { return 1e-30 * float64(1+i) })},
		"denormal":            {"sine --epochs 2", false, repeat(2, func(i int) float64 { return 5e-324 * float64(1+i) })},
		"1e300":               {"sine --epochs 2", false, repeat(2, func(i int) float64 { return 1e300 * float64(1+i) })},
		"near 1e300":          {"sine --epochs 3", false, repeat(3, func(i int) float64 { return 1e300 * (1 + 1e-15*float64(i)) })},
		"near -1e12":          {"sine --epochs 3", false, repeat(3, func(i int) float64 { return -1e12 - 1e-3*float64(i) })},
		"largest":             {"sine --epochs 3", false, repeat(3, func(i int) float64 { return math.MaxFloat64 * float64(1-i) })},
		"NaN":                 {"sine --epochs 2", false, repeat(2, func(int) float64 { return math.NaN() })},
		"Inf and NaN":         {"sine --epochs 3", false, repeat(3, func(i int) float64 { return []float64{1, math.Inf(1), math.NaN()}[i] })},
		"30,000 epochs":       {"sine --epochs 2", false, repeat(30_000, func(i int) float64 { return math.Exp(-float64(i)/1e3) * (2 + math.Sin(float64(i))) })},
	} {
		t.Run(name, func(t *testing.T) {
			dir := strings.ReplaceAll(name, " ", "-")
			out, err := exec.Command("pcnrun", append(strings.Fields("train -q --out "+dir), strings.Fields(test.args)...)...).CombinedOutput()
			if failed := strings.Contains(string(out), "training failed"); (err != nil) != test.fails || failed != test.fails {
				t.Fatalf("train: %v: %s", err, out)
			}
			if test.energies != nil {
				h := must(run.LoadMetrics(dir, 0))
				var text []byte
				for i, energy := range test.energies() {
					e := h.Epochs[i%len(h.Epochs)]
					e.Epoch, e.Energy, e.NodeEnergy = i+1, energy, slices.Repeat([]float64{energy}, len(e.NodeEnergy))
					e.Validation = &train.Score{MSE: energy}
					text = append(append(text, must(sealed.Marshal(e))...), '\n')
				}
				if err := os.WriteFile(filepath.Join(dir, run.MetricsFile), text, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			page := filepath.Join(dir, run.ReportFile)
			if err := os.Remove(page); err != nil {
				t.Fatal(err) // train has left one, too
			}
			began := time.Now()
			peak, err := peakOf(t.Context(), t, nil, io.Discard, os.Stderr, "report", dir)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			size := must(os.Stat(page)).Size()
			t.Logf("%.2f s, %d MB, a page of %d kB", took.Seconds(), peak>>20, size>>10)
			if took > limit(10*time.Second) || peak > 200<<20 || size > 4<<20 {
				t.Errorf("took %v and %d MB for a page of %d bytes", took, peak>>20, size)
			}
		})
	}
}
