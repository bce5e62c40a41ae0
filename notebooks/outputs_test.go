// Package notebooks holds notebooks for Jupyter, executed; this test reads their
// outputs. See kernel/install.sh for the kernel and run.sh for executing them.
package notebooks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// claim is a number that a notebook prints as "name = number", and where it must
// lie for the notebook's text to be true.
type claim struct {
	name      string
	low, high float64
}

// claims are those of each notebook, and how many pictures it has at least.
var claims = map[string]struct {
	pictures int
	claims   []claim
}{
	"01-the-article.ipynb": {8, []claim{
		{"energy before the first step", 2.9402, 2.9403},
		{"energy after the last step", 2.1117, 2.1119},
		{"largest difference to the loop by hand", 0, 1e-12},
		{"largest difference to Hebbian", 0, 1e-12},
		{"settled energy before", 2.1117, 2.1119},
		{"settled energy after 1 update", 1.85, 1.852},
		{"settled energy after 100 updates", 0, 0.01},
		{"test accuracy", 88, 100},
		{"the stale update after 1 step is off by", 20, 1000},
		{"the stale update after 50 steps is off by", 0, 4},
		{"fixed, best validation accuracy", 75, 90},
		{"fixed, last validation accuracy", 5, 50},
		{"guarded, last validation accuracy", 85, 100},
	}},
	"02-directions.ipynb": {5, []claim{
		{"PCN, test MSE", 0.008, 0.02},
		{"MLP, test MSE", 0.008, 0.02},
		{"generative PCN, test MSE", 0.4, 0.6},
		{"PCN, test accuracy", 97, 100},
		{"MLP, test accuracy", 97, 100},
		{"generative PCN, test accuracy", 88, 96},
		{"steps 1, test accuracy", 5, 15},
		{"steps 5, test accuracy", 80, 96},
		{"steps 10, test accuracy", 86, 96},
		{"steps 50, test accuracy", 88, 96},
	}},
	"03-generate-and-complete.ipynb": {6, []claim{
		{"by settle, accuracy", 90, 96},
		{"by energy, accuracy", 91, 97},
		{"by energy is better by", 0, 5},
		{"half seen, accuracy", 75, 90},
		{"network, MSE of the mean image's", 0.3, 0.7},
		{"nearest image, MSE of the mean image's", 0.6, 0.85},
		{"with noise, MSE", 0.085, 0.095},
		{"precision chosen", 0.02, 0.2},
		{"denoised at precision 1, MSE", 0.04, 0.06},
		{"denoised at that precision, MSE", 0.015, 0.03},
		{"noise trusted, accuracy", 65, 80},
		{"noise doubted, accuracy", 80, 92},
	}},
	"04-settling.ipynb": {5, []claim{
		{"energy as settled, above that on paper", -1e-9, 1e-9},
		{"largest difference of a latent", 0, 1e-9},
		{"left by a step, measured over theory", 0.998, 1.002},
		{"the guard's rate over the largest safe one", 0.5, 1},
		{"a little above the cliff, energy over that of the start", 1e3, math.Inf(1)},
		{"gradient, to come after 20 steps", 1, 4},
		{"nesterov, to come after 20 steps", 0, 0.5},
		{"gauss-seidel, to come after 20 steps", 0, 0.1},
		{"symmetric-gauss-seidel, to come after 20 steps", 0, 0.02},
		{"chain, to come after 20 steps", 0, 0.01},
		{"error-coordinates, to come after 20 steps", 1, 5},
		{"largest error of the estimate", 0, 1},
		{"T = 1, still to lose", 60, 100},
		{"T = 100, still to lose", 0, 5},
		{"T = 1, validation accuracy", 70, 87},
		{"T = 2, validation accuracy", 75, 90},
		{"T = 5, validation accuracy", 92, 98},
		{"T = 20, validation accuracy", 92, 98},
		{"T = 100, validation accuracy", 91, 98},
	}},
	"05-your-own.ipynb": {4, []claim{
		{"leaky-relu, adam, test accuracy", 97, 100},
		{"largest error of the slope", 0, 1e-8},
		{"snake, adam, test accuracy", 93, 100},
		{"leaky-relu, lion, test accuracy", 97, 100},
	}},
}

// notebook is what is read of a file.
type notebook struct {
	Metadata struct{ Kernelspec struct{ Name string } }
	Cells    []struct {
		Type    string `json:"cell_type"`
		Count   *int   `json:"execution_count"`
		Outputs []struct {
			Type string `json:"output_type"`
			Text lines
			Data map[string]json.RawMessage
		}
	}
}

// lines is a text, or a list of its lines.
type lines string

func (l *lines) UnmarshalJSON(b []byte) error {
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return json.Unmarshal(b, (*string)(l))
	}
	*l = lines(strings.Join(list, ""))
	return nil
}

var number = regexp.MustCompile(`(?m)^(.+) = ([-+.\deE]+|NaN|[-+]?Inf)( %)?$`)

// TestOutputs reads the notebooks in the folder that PCN_NOTEBOOKS names, or the
// committed ones: each was executed from top to bottom without an error, has its
// pictures, and prints numbers that bear out its text.
func TestOutputs(t *testing.T) {
	dir := os.Getenv("PCN_NOTEBOOKS")
	if dir == "" {
		dir = "."
	}
	paths, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, ok := claims[path]; !ok {
			t.Errorf("%s claims nothing", path)
		}
	}
	for name, want := range claims {
		t.Run(name, func(t *testing.T) {
			numbers, pictures := read(t, filepath.Join(dir, name))
			if pictures < want.pictures {
				t.Errorf("want %d pictures, got %d", want.pictures, pictures)
			}
			for _, c := range want.claims {
				if x, ok := numbers[c.name]; !ok {
					t.Errorf("%q is not printed", c.name)
				} else if !(c.low <= x && x <= c.high) {
					t.Errorf("%s: want %v to %v, got %v", c.name, c.low, c.high, x)
				}
			}
		})
	}
}

// read returns the numbers that a notebook prints, by name, and how many pictures
// it shows.
func read(t *testing.T, path string) (numbers map[string]float64, pictures int) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	if n.Metadata.Kernelspec.Name != "pcn" {
		t.Errorf("want the kernel pcn, got %q", n.Metadata.Kernelspec.Name)
	}
	numbers = map[string]float64{}
	executed := 0
	for i, cell := range n.Cells {
		if cell.Type != "code" {
			continue
		}
		executed++
		if cell.Count == nil || *cell.Count != executed {
			t.Errorf("cell %d was not executed in its turn", i)
		}
		for _, o := range cell.Outputs {
			if o.Type == "error" {
				t.Errorf("cell %d ended in an error", i)
			}
			for _, m := range number.FindAllStringSubmatch(string(o.Text), -1) {
				if numbers[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
					t.Errorf("cell %d: %s: %v", i, m[0], err)
				}
			}
			if data, ok := o.Data["image/png"]; ok {
				picture(t, i, data)
				pictures++
			}
			if data, ok := o.Data["image/svg+xml"]; ok {
				drawing(t, i, data)
				pictures++
			}
		}
	}
	return numbers, pictures
}

// picture checks that data is a PNG file of a picture that shows something.
func picture(t *testing.T, cell int, data json.RawMessage) {
	var encoded lines
	if err := json.Unmarshal(data, &encoded); err != nil {
		t.Fatal(err)
	}
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(encoded), "\n", ""))
	if err != nil {
		t.Fatalf("cell %d: %v", cell, err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("cell %d: %v", cell, err)
	}
	if blank(img) {
		t.Errorf("cell %d: its picture is blank", cell)
	}
}

// drawing checks that data is an SVG file that draws boxes and arrows.
func drawing(t *testing.T, cell int, data json.RawMessage) {
	var file lines
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	drawn := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(string(file))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("cell %d: %v", cell, err)
		}
		if e, ok := token.(xml.StartElement); ok {
			drawn[e.Name.Local]++
		}
	}
	if drawn["svg"] != 1 || drawn["rect"] < 2 || drawn["path"] < 2 {
		t.Errorf("cell %d: its drawing has %v", cell, drawn)
	}
}

// blank reports whether all of img has one colour.
func blank(img image.Image) bool {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if img.At(x, y) != img.At(b.Min.X, b.Min.Y) {
				return false
			}
		}
	}
	return true
}
