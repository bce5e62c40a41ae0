package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// ownCSV writes n examples of two inputs with a class and a number, sorted by
// class, and returns the file's path.
func ownCSV(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("a,b,kind,price\n")
	for i := range n {
		k := 2 * i / n
		fmt.Fprintf(&b, "%d,%d,%d,%d\n", i, 10*k, k, 1000*i)
	}
	path := filepath.Join(t.TempDir(), "own.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOwnRecipe(t *testing.T) {
	path := ownCSV(t, 200)
	for _, direction := range []model.Direction{model.Discriminative, model.Generative} {
		r, err := OwnRecipe(Data{Dataset: path, Label: "kind"}, direction)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		if r.Model.Direction != direction || !slices.Equal(r.Model.Layers, []int{3, 128, 2}) || r.Data.Validation != 26 || r.Data.Standardize != data.PerColumn || r.Data.StandardizeTarget {
			t.Errorf("got %+v", r)
		}
		// The file is sorted by class; each part has both.
		sets, err := r.Data.Load()
		if err != nil {
			t.Fatal(err)
		}
		if sets.Train.Len() != 144 || sets.Validation.Len() != 26 || sets.Test.Len() != 30 {
			t.Errorf("got parts of %d, %d and %d", sets.Train.Len(), sets.Validation.Len(), sets.Test.Len())
		}
		for _, labels := range [][]int{sets.Train.Labels(), sets.Validation.Labels(), sets.Test.Labels()} {
			ones := 0
			for _, k := range labels {
				ones += k
			}
			if share := float64(ones) / float64(len(labels)); share < 0.45 || share > 0.55 {
				t.Errorf("a part has %.2f of class 1, want half", share)
			}
		}
	}

	r, err := OwnRecipe(Data{Dataset: path, Target: []string{"price", "kind"}}, model.Discriminative)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Data.Regression() || !r.Data.StandardizeTarget || !slices.Equal(r.Model.Layers, []int{2, 128, 2}) {
		t.Errorf("got %+v", r)
	}
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	if scale := sets.Test.TargetTransform().Scale; len(scale) != 2 || scale[0] > 1e-3 || !slices.Equal(scale, sets.Train.TargetTransform().Scale) {
		t.Errorf("targets are scaled by %v", scale)
	}

	// It is a recipe that can be kept.
	text, err := r.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseRecipe(text)
	if err != nil || again.Data.Dataset != path || !slices.Equal(again.Data.Target, r.Data.Target) {
		t.Errorf("got %+v, %v", again.Data, err)
	}
}

func TestOwnData(t *testing.T) {
	path := ownCSV(t, 40)
	other := ownCSV(t, 10)
	for test, want := range map[string]int{"": 6, "0.25": 10, other: 10} {
		sets, err := Data{Dataset: path, Label: "kind", Test: test}.Load()
		if err != nil || sets.Test.Len() != want {
			t.Errorf("test %q: got %+v, %v, want %d examples", test, sets.Test, err, want)
		}
	}
	// A share is a number in YAML.
	r, err := ParseRecipe([]byte("data:\n  dataset: ./own.csv\n  label: kind\n  test: 0.25\n"))
	if err != nil || r.Data.Test != "0.25" {
		t.Errorf("got test %q, %v", r.Data.Test, err)
	}
	for want, d := range map[string]Data{
		`dataset: must be one of digits, sine, tracking, mnist, fashion-mnist, cifar10, cifar100, or the path`: {Dataset: "own"},
		"label: applies to a file or folder of your own, not to digits":                                        {Dataset: "digits", Label: "kind"},
		"target: applies to":                                       {Dataset: "sine", Target: []string{"y"}},
		"test: applies to":                                         {Dataset: "mnist", Test: "0.5"},
		"label and target: must be one of them":                    {Dataset: path, Label: "a", Target: []string{"b"}},
		"target[1]: must be the name of a column":                  {Dataset: path, Target: []string{"a", ""}},
		"test: must be a share between 0 and 1 or a path, got 1.5": {Dataset: path, Label: "a", Test: "1.5"},
		"test: must be a share between 0 and 1 or a path, got NaN": {Dataset: path, Label: "a", Test: "NaN"},
		"size: applies to":                                         {Dataset: "mnist", Size: data.Size{Width: 8, Height: 8}},
		"colour: applies to":                                       {Dataset: "cifar10", Colour: data.Grey},
		"dir: the dataset":                                         {Dataset: path, Dir: "x"},
	} {
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got error %v, want one that says %q", d, err, want)
		}
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{path: "own", "digits": "digits", "./a.csv.gz": "a", "..": filepath.Base(filepath.Dir(wd))} {
		if got := (Data{Dataset: path}).Name(); got != want {
			t.Errorf("name of %s: got %q, want %q", path, got, want)
		}
	}
}
