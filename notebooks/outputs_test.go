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

	"example.com/pcn/internal/gemm"
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
		{"steps 1, test accuracy", 45, 75},
		{"steps 3, test accuracy", 60, 88},
		{"steps 10, test accuracy", 86, 91},
		{"steps 20, test accuracy", 88, 96},
		{"steps 50, test accuracy", 91, 96},
		{"steps 100, test accuracy", 91, 96},
	}},
	"03-generate-and-complete.ipynb": {6, []claim{
		{"by settling, accuracy", 90, 96},
		{"by energy, accuracy", 91, 97},
		{"by energy is better by", 0, 5},
		{"temperature", 0.001, 0.05},
		{"half seen, accuracy", 75, 90},
		{"mean image, MSE", 0.07, 0.085},
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
		{"energy at equilibrium, on paper", 16, 17},
		{"energy as settled", 16, 17},
		{"left by a step, in theory", 0.93, 0.95},
		{"left by a step, measured", 0.93, 0.95},
		{"the guard's rate", 0.09, 0.11},
		{"the guard's bound over the largest eigenvalue", 1, 1.5},
		{"fastest rate in the long run, in theory", 0.19, 0.21},
		{"fastest rate for 20 steps, of those tried", 0.18, 0.19},
		{"divergence, in theory, from", 0.2, 0.225},
		{"a little above the cliff, energy over that of the start", 1e3, math.Inf(1)},
		{"gradient, to come after 5 steps", 12, 18},
		{"gradient, to come after 20 steps", 2, 3},
		{"momentum, to come after 5 steps", 30, 35},
		{"momentum, to come after 20 steps", 6, 7},
		{"nesterov, to come after 5 steps", 6, 10},
		{"nesterov, to come after 20 steps", 0.15, 0.35},
		{"adam, to come after 5 steps", 50, 65},
		{"adam, to come after 20 steps", 7, 10},
		{"gauss-seidel, to come after 5 steps", 0.5, 0.8},
		{"gauss-seidel, to come after 20 steps", 0.02, 0.05},
		{"symmetric-gauss-seidel, to come after 5 steps", 0.2, 0.4},
		{"symmetric-gauss-seidel, to come after 20 steps", 0.004, 0.02},
		{"chain, to come after 5 steps", 1.5, 25},
		{"chain, to come after 20 steps", 0.0001, 0.021},
		{"error-coordinates, to come after 5 steps", 0.5, 7},
		{"error-coordinates, to come after 20 steps", 0.001, 1.1},
		{"largest error of the estimate", 0, 50},
		{"T = 1, still to lose", 45, 75},
		{"T = 2, still to lose", 25, 50},
		{"T = 5, still to lose", 8, 25},
		{"T = 20, still to lose", 0.5, 6},
		{"T = 100, still to lose", 0, 1},
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
	// Of each, the worst of three networks.
	"06-the-family.ipynb": {4, []claim{
		{"Z-IL, largest distance to backprop", 0, 1e-12},
		{"FPA, largest distance to backprop", 0, 1e-12},
		{"FPA, a step too few, smallest distance", 0.5, 1},
		{"FPA, early, widest angle in degrees", 0, 0.01},
		{"ePC, one step, widest angle in degrees", 10, 35},
		{"PC, early, widest angle in degrees", 10, 35},
		{"iPC, narrowest angle in degrees", 5, 30},
		{"iPC, widest angle in degrees", 20, 45},
		{"PC, narrowest angle in degrees", 20, 45},
		{"PC, widest angle in degrees", 35, 65},
		{"MCPC, widest angle in degrees", 35, 75},
		{"PN, widest angle in degrees", 20, 45},
		{"NN, widest angle in degrees", 20, 45},
		{"CN, centred, widest angle in degrees", 20, 45},
		{"soft, widest angle in degrees", 2, 10},
		{"soft, centred, widest angle in degrees", 1, 6},
		{"ePC, one step, η, smallest slope", 0.95, 1.05},
		{"ePC, one step, η, largest slope", 0.95, 1.05},
		{"ePC, one step, η, largest distance at 0.001", 1e-5, 5e-3},
		{"soft nudge, β, smallest slope", 0.95, 1.05},
		{"soft nudge, β, largest slope", 0.95, 1.05},
		{"soft nudge, β, largest distance at 0.001", 1e-4, 1e-2},
		{"soft nudge, centred, β, smallest slope", 1.9, 2.1},
		{"soft nudge, centred, β, largest slope", 1.9, 2.1},
		{"soft nudge, centred, β, largest distance at 0.001", 1e-7, 1e-4},
		{"hard nudge, β, smallest slope", -0.05, 0.05},
		{"hard nudge, β, largest slope", -0.05, 0.05},
		{"hard nudge, β, largest distance at 0.001", 0.3, 1},
		{"PC, precision p, smallest slope", 0.95, 1.05},
		{"PC, precision p, largest slope", 0.95, 1.05},
		{"PC, precision p, largest distance at 0.001", 1e-4, 1e-2},
		{"PC, two steps, γ, smallest slope", 0.95, 1.05},
		{"PC, two steps, γ, largest slope", 0.95, 1.05},
		{"PC, two steps, γ, largest distance at 0.001", 1e-5, 5e-3},
		{"ePC at rest, distance to PC at rest", 0, 1e-9},
		{"hard nudge of β = 1, distance to PC", 0, 1e-12},
		{"iPC with one step, distance to PC with one", 0, 0},
		{"iPC, distance to PC", 0.1, 1.5},
		{"MCPC without noise, distance to PC", 0, 1e-5},
		{"MCPC of 25 samples, distance to PC", 0.25, 1.5},
		{"MCPC of 1600 samples, distance to PC", 0, 0.2},
		{"hybrid, the label's guess, distance to backprop", 0, 1e-12},
		{"hybrid, hidden guesses, largest cosine to backprop", -1, 0.8},
		{"temporal, Z-IL of a step, distance to backprop of it", 0, 1e-12},
		{"temporal, PC of a step, smallest distance to backprop of it", 0.1, 1},
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

// kernelFile names the kernel of matrix products on the machine where the
// committed outputs were renewed. Another one rounds differently.
const kernelFile = "renewed-with.txt"

// seconds are what no two runs agree on.
var seconds = regexp.MustCompile(`\bin [\d.e+-]+ s\b`)

// TestOutputsAreCurrent compares what the notebooks in the folder PCN_NOTEBOOKS
// print with what the committed ones do.
func TestOutputsAreCurrent(t *testing.T) {
	dir := os.Getenv("PCN_NOTEBOOKS")
	if dir == "" {
		t.Skip("PCN_NOTEBOOKS names no folder of executed notebooks: see run.sh")
	}
	kernel, err := os.ReadFile(kernelFile)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := gemm.Kernel(), strings.TrimSpace(string(kernel)); got != want {
		t.Skipf("the outputs are of the kernel %s, and this is %s", want, got)
	}
	for name := range claims {
		want, got := load(t, name), load(t, filepath.Join(dir, name))
		for i := range want.Cells {
			if want, got := want.printed(i), got.printed(i); got != want {
				t.Errorf("%s, cell %d: renew with run.sh --renew: committed\n%s\nprinted now\n%s", name, i, want, got)
			}
		}
	}
}

// printed returns what a cell prints, without what depends on time and place.
func (n notebook) printed(cell int) string {
	var text strings.Builder
	if cell < len(n.Cells) {
		for _, o := range n.Cells[cell].Outputs {
			text.WriteString(string(o.Text))
			text.Write(o.Data["text/plain"])
		}
	}
	return strings.ReplaceAll(seconds.ReplaceAllString(text.String(), "in a while"), os.TempDir(), "/tmp")
}

// load reads a notebook.
func load(t *testing.T, path string) notebook {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// read returns the numbers that a notebook prints, by name, and how many pictures
// it shows.
func read(t *testing.T, path string) (numbers map[string]float64, pictures int) {
	n := load(t, path)
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
				var err error
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
