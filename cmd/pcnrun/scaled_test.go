package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// lines writes a file of a header and n lines, and returns its path.
func lines(t *testing.T, name, header string, n int, line func(i int) string) string {
	t.Helper()
	text := header + "\n"
	for i := range n {
		text += line(i) + "\n"
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// learned trains on a file and returns the model and what train prints as JSON.
func learned(t *testing.T, args ...string) (model, stdout string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	code, stdout, stderr := asked(t, append([]string{"train", "-q", "--json", "--out", out}, args...)...)
	if code != cli.ExitOK {
		t.Fatalf("train: exit code %d: %s", code, stderr)
	}
	return filepath.Join(out, run.ModelFile), stdout
}

// TestScaledThenRounded: of times in seconds, as inputs, as targets and as inputs to
// complete, no digit is lost that training had: numbers are scaled in float64.
func TestScaledThenRounded(t *testing.T) {
	const start = 1700000000
	path := lines(t, "times.csv", "t,y,u", 300, func(i int) string { return fmt.Sprintf("%d,%d,%d", start+i, i, start+2*i) })
	model, result := learned(t, path, "--target", "y,u", "--test", path)
	want := must(strconv.ParseFloat(field(result, "test_mse"), 64))
	code, stdout, stderr := asked(t, "eval", model, "--input", path, "--json")
	if code != cli.ExitOK {
		t.Fatal(stderr)
	}
	if got := must(strconv.ParseFloat(field(stdout, "test_mse"), 64)); math.Abs(got-want) > 1e-3*want {
		t.Errorf("MSE %v of rows, and %v of the same examples at the end of training", got, want)
	}
	code, stdout, stderr = asked(t, "predict", model, lines(t, "four.csv", "t", 4, func(i int) string { return fmt.Sprint(start + 40*i) }))
	if code != cli.ExitOK {
		t.Fatal(stderr)
	}
	different := map[string]bool{}
	for _, row := range must(csv.NewReader(strings.NewReader(stdout)).ReadAll()) {
		different[row[0]], different[row[1]] = true, true
	}
	if len(different) != 8 {
		t.Errorf("4 times give the predictions\n%s", stdout)
	}
	path = lines(t, "two.csv", "t,u,y", 300, func(i int) string { return fmt.Sprintf("%d,%d,%d", start+i, start+2*i, i) })
	model, _ = learned(t, path, "--target", "y", "--direction", "generative", "--epochs", "2")
	if _, stdout, _ = asked(t, "complete", model, "--input", lines(t, "hole.csv", "t,u", 1, func(int) string { return "1700000123," })); !strings.Contains(stdout, "\n1.700000123e+09,") {
		t.Errorf("what was given comes back as\n%s", stdout)
	}
}

// TestOneNumberIsOneClass: labels that are the same number are one class, however
// they are written, for train and eval alike.
func TestOneNumberIsOneClass(t *testing.T) {
	path := lines(t, "d.csv", "a,b,kind", 120, func(i int) string {
		kind := []string{"0", "1", "0.0", "1.00"}[i%4]
		return fmt.Sprintf("%d.%d,%d,%s", i%2*4, i%10, i%2*-4, kind)
	})
	model, result := learned(t, path, "--label", "kind", "--epochs", "20")
	if layers := field(result, "layers"); layers != "[2,128,2]" {
		t.Errorf("layers %s", layers)
	}
	if _, stdout, stderr := asked(t, "eval", model, "--input", path, "--json"); field(stdout, "test_accuracy") != "1" {
		t.Errorf("eval: %s%s", stdout, stderr)
	}
}

// TestNamesWithCommas: the names of columns are given as in a line of CSV.
func TestNamesWithCommas(t *testing.T) {
	path := lines(t, "d.csv", `a,b,"price, EUR",tax`, 40, func(i int) string { return fmt.Sprintf("%d,%d,%d,%d", i%7, i%5, i%7+i%5, i%7) })
	for target, layers := range map[string]string{`"price, EUR"`: "[3,128,1]", `"price, EUR", TAX`: "[2,128,2]"} {
		model, result := learned(t, path, "--target", target, "--epochs", "2")
		if got := field(result, "layers"); got != layers {
			t.Errorf("%s: layers %s, want %s", target, got, layers)
		}
		if code, _, stderr := asked(t, "eval", model, "--input", path, "--target", target); code != cli.ExitOK {
			t.Errorf("eval --target %s: %s", target, stderr)
		}
	}
	if code, _, stderr := asked(t, "train", path, "--target", `"price`); code != cli.ExitUsage || !strings.Contains(stderr, "must be names with commas between") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
