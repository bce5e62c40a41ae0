// Package notebooks holds notebooks for Jupyter, executed; this test reads their
// outputs. See kernel/install.sh for the kernel and run.sh for executing them.
package notebooks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
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
		{"the stale update after 1 step is off by", 50, 1000},
		{"the stale update after 50 steps is off by", 0, 1},
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
		{"steps 5, test accuracy", 86, 96},
		{"steps 10, test accuracy", 88, 96},
		{"steps 50, test accuracy", 88, 96},
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
