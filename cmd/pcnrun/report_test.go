package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"
	"gonum.org/v1/gonum/mat"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// svgText returns what stands in the SVG pictures of a page.
func svgText(t *testing.T, file string) string {
	t.Helper()
	text := ""
	for _, m := range regexp.MustCompile(`data:image/svg.xml;base64,([^"]*)"`).FindAllStringSubmatch(html.UnescapeString(string(must(os.ReadFile(file)))), -1) {
		text += string(must(base64.StdEncoding.DecodeString(m[1])))
	}
	return text
}

// TestReportOfRegression trains regressions on data of one's own: the pages about
// them, and those that compare them, plot the mean squared error.
func TestReportOfRegression(t *testing.T) {
	t.Chdir(t.TempDir())
	var table strings.Builder
	table.WriteString("a,b,price\n")
	x, y := mat.NewDense(80, 2, nil), make([]float64, 80)
	for i := range y {
		a, b := float64(i%7), float64(i%5)
		fmt.Fprintf(&table, "%v,%v,%v\n", a, b, 3*a+b*b)
		x.SetRow(i, []float64{a, b})
		y[i] = 3*a + b*b
	}
	if err := os.WriteFile("price.csv", []byte(table.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := npz.Write("price.npz", map[string]any{"x": x, "y": y}); err != nil {
		t.Fatal(err)
	}
	pcnrun := func(args ...string) {
		t.Helper()
		if code := execute(t.Context(), append(args, "-q"), nil, io.Discard, os.Stderr); code != cli.ExitOK {
			t.Fatalf("%v: exit code %d", args, code)
		}
	}
	check := func(file string) {
		t.Helper()
		if text := svgText(t, file); !strings.Contains(text, "mean squared error") || strings.Contains(text, "accuracy") {
			t.Errorf("%s: does not plot the mean squared error, or plots an accuracy", file)
		}
	}
	runs := map[string][]string{
		"csv": {"price.csv", "--target", "price"}, "npz": {"price.npz"},
		"generative": {"price.csv", "--target", "price", "--direction", "generative"},
	}
	compare := []string{"report", "--out", "both.html"}
	for out, args := range runs {
		pcnrun(append([]string{"train", "--epochs", "3", "--out", out}, args...)...)
		file := filepath.Join(out, run.ReportFile)
		check(file)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		pcnrun("report", out)
		check(file)
		compare = append(compare, out)
	}
	pcnrun(compare...)
	check("both.html")
}
