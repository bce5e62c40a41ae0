package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/fuzzing"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/run"
)

func parse(t *testing.T, text string) *Plan {
	t.Helper()
	p, err := Parse("sweep.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestGrid has all combinations, the last key changing first, each as a recipe
// with the run's seed.
func TestGrid(t *testing.T) {
	p := parse(t, `
base: {model: {direction: generative}, learning: {epochs: 3}}
seeds: [5, 9]
keys:
  inference.method: [gradient, adam]
  model.layers: [[64, 10], [64, 8, 10]]
`)
	var values [][]string
	for _, point := range p.Points {
		values = append(values, point.Values)
	}
	want := [][]string{{"gradient", "[64, 10]"}, {"gradient", "[64, 8, 10]"}, {"adam", "[64, 10]"}, {"adam", "[64, 8, 10]"}}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	runs := p.Runs()
	if len(runs) != 8 || runs[5].Name() != "p0003-s9" {
		t.Fatalf("got %d runs, the sixth is %s", len(runs), runs[5].Name())
	}
	r := runs[5].Recipe
	if r.Learning.Epochs != 3 || r.Learning.Seed != 9 || r.Data.Seed != 1 || r.Model.Seed != 9 || r.Model.Direction != model.Generative ||
		r.Inference.Method != model.Adam || r.Inference.Rate != 0.05 || !slices.Equal(r.Model.Layers, []int{64, 10}) {
		t.Errorf("the sixth run is %+v", r)
	}
	if again := parse(t, "seeds: [5, 9]\nkeys:\n  inference.method: [gradient, adam]\n  model.layers: [[64, 10], [64, 8, 10]]\nbase:\n  model:\n    direction: generative\n  learning:\n    epochs: 3\n"); !p.Same(again) {
		t.Error("the same sweep written otherwise is another")
	}
	if p.Same(parse(t, "keys: {learning.rate: [0.1]}")) {
		t.Error("another sweep is the same")
	}
}

// TestOneSplit: runs of several seeds have the same test part, which base decides.
func TestOneSplit(t *testing.T) {
	test := func(base string) data.Fingerprint {
		t.Helper()
		var of *data.Fingerprint
		for _, r := range parse(t, "base: "+base+"\nseeds: 3\nkeys: {learning.rate: [0.1, 0.2]}").Runs() {
			sets, err := r.Recipe.Data.Load()
			if err != nil {
				t.Fatal(err)
			}
			is := sets.Test.Fingerprint()
			if of != nil && is != *of {
				t.Errorf("base %s: %s has a test part of its own", base, r.Name())
			}
			of = &is
		}
		return *of
	}
	if test("{}") == test("{data: {seed: 2}}") {
		t.Error("data.seed does not draw the split")
	}
}

// TestRandom draws points within their ranges that its seed alone decides, and
// whose number does not change them.
func TestRandom(t *testing.T) {
	text := `
search: random
points: 400
seed: 3
keys:
  learning.rate: {low: 0.0001, high: 0.1, scale: log}
  learning.batch: {low: 1, high: 4}
  inference.tolerance: {low: 0, high: 0.5}
  optimizer: [adam, sgd]
`
	p := parse(t, text)
	if diff := cmp.Diff(p, parse(t, text)); diff != "" {
		t.Error(diff)
	}
	few := parse(t, strings.Replace(text, "400", "3", 1))
	if diff := cmp.Diff(p.Points[:3], few.Points); diff != "" {
		t.Errorf("fewer points are others:\n%s", diff)
	}
	if other := parse(t, strings.Replace(text, "seed: 3", "seed: 4", 1)); cmp.Equal(p.Points, other.Points) {
		t.Error("another seed draws the same")
	}
	counts := map[string]int{}
	for _, point := range p.Points {
		r := point.Recipe
		if r.Learning.Rate < 0.0001 || r.Learning.Rate > 0.1 || r.Inference.Tolerance < 0 || r.Inference.Tolerance > 0.5 {
			t.Fatalf("out of range: %v", point.Values)
		}
		counts[point.Values[1]]++
		counts[r.Optimizer]++
		if r.Learning.Rate < math.Sqrt(0.0001*0.1) {
			counts["low rate"]++
		}
		if r.Inference.Tolerance < 0.25 {
			counts["low tolerance"]++
		}
	}
	// Five standard deviations of a binomial distribution of 400 draws.
	for name, share := range map[string]float64{"1": 0.25, "2": 0.25, "3": 0.25, "4": 0.25, "adam": 0.5, "sgd": 0.5, "low rate": 0.5, "low tolerance": 0.5} {
		if off := math.Abs(float64(counts[name]) - 400*share); off > 5*math.Sqrt(400*share*(1-share)) {
			t.Errorf("%s: %d of 400, want about %v", name, counts[name], 400*share)
		}
	}
	if len(counts) != 8 {
		t.Errorf("drew %v", counts)
	}
}

// TestRandomPointsDiffer draws every combination there is, each once.
func TestRandomPointsDiffer(t *testing.T) {
	p := parse(t, "search: random\npoints: 12\nkeys: {optimizer: [adam, sgd, momentum], learning.batch: {low: 1, high: 4}}\n")
	seen := map[string]bool{}
	for _, point := range p.Points {
		seen[fmt.Sprint(point.Values)] = true
	}
	if len(seen) != 12 {
		t.Errorf("%d of 12 points differ: %v", len(seen), seen)
	}
}

// TestMistakes gives each mistake its place.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"": "1:1: keys: must name the keys to search over, such as learning.rate",
		`base:
  learning: {epochs: -2, seed: 3}
  data: {limt: 300, validation: 0}
serch: grid
points: 3
seeds: [1, 1]
keys:
  learning.rat: [0.001]
  learning.rate: [0.001, x]
  learning.batch: {low: 3, high: 4}
  inference.method: []
  data.dataset: [sine]
  optimizer: adam
`: `2:22: learning.epochs: must be > 0, got -2
2:32: learning.seed: seeds decides the seeds of a sweep's runs
3:10: data.limt: unknown key, did you mean limit?
4:1: serch: unknown key, did you mean search?
5:9: points: is for a random search: a grid has all combinations
6:8: seeds: must differ, got [1 1]
8:3: learning.rat: unknown key, did you mean learning.rate?
9:26: learning.rate: must be a number, got "x"
10:19: keys.learning.batch: must be a list in a grid: a range needs search: random
11:21: keys.inference.method: must not be empty
12:3: keys.data.dataset: must be the same in all points of a sweep: give it in base, or a seed in seeds
13:14: keys.optimizer: must be a list of values, or a range with the keys low and high`,
		`search: random
recipe: mine
seeds: many
keys:
  learning.batch: {low: 0.5, high: 4}
  learning.rate: {low: -1, high: 2, scale: lg}
  inference.rate: {low: 0, high: 2, scale: log}
  inference.steps: {low: 4, high: 2}
  optimizer: {lw: 3}
  data.limit: {low: 3}
  model.layers: {low: 1, high: 3}
`: `1:1: points: must be 1 to 10000 for a random search, got 0
2:9: recipe: must be default or article, got "mine"
3:8: seeds: must be a whole number, got "many"
5:19: keys.learning.batch: low and high must be whole numbers, as learning.batch is
6:44: keys.learning.rate.scale: must be linear or log, got "lg"
7:25: keys.inference.rate.low: must be > 0 on a logarithmic scale, got 0
8:20: keys.inference.steps: low must be less than high, got 4 and 2
9:15: lw: unknown key, did you mean low?
10:15: keys.data.limit: a range needs high
11:17: model.layers: must be a list, got "1"`,
		"base: {data: {validation: 0}}\nkeys: {learning.rate: [1]}\n":                        "1:7: data.validation: must be > 0: points are selected on the validation part",
		"keys:\n  learning.rate: [1, -1]\n  model.layers: [[64, 10], [5, 0]]\n":              "2:22: learning.rate: must be a number > 0, got -1\n3:32: model.layers[1]: must be > 0, got 0",
		"search: both\nseeds: []\nkeys: 3\n":                                                 "1:9: search: must be one of grid, random, got \"both\"\n2:8: seeds: must not be empty\n3:7: keys: must be a mapping of keys, such as learning.rate, to lists or ranges",
		"seeds: 0\nkeys: {learning.rate: [1]}\n":                                             "1:8: seeds: must be a list, or a number from 1 to 10000, got 0",
		"seeds: 5001\nkeys: {learning.rate: [1, 2]}\n":                                       "2:7: keys: more than 10000 runs",
		"search: random\npoints: 3\nkeys: {learning.rate: {low: -2, high: -1}}\n":            "3:23: learning.rate: must be a number > 0, got -1",
		"search: random\npoints: 3\nkeys: {optimizer: [adam, sgd]}\n":                        "2:9: points: must be at most 2, for no more differ, or search: grid",
		"base: [1]\nkeys: {learning.rate: [1]}\n":                                            "1:7: must be a mapping with the keys data, model, inference, learning, optimizer, got a list",
		"base: {data: {dataset: mnits}}\nkeys: {learning.rate: [1]}\nsearch: {a: b}\n- x: 1": "4:1: ",
	} {
		_, err := Parse("sweep.yaml", []byte(text))
		got := "no error"
		if err != nil {
			got = strings.ReplaceAll(err.Error(), "sweep.yaml:", "")
		}
		if got != want && !(strings.Count(want, "\n") == 0 && strings.HasPrefix(got, want)) {
			t.Errorf("%.60q:\n%s", text, cmp.Diff(want, got))
		}
	}
}

// TestShards has each run in one shard, and SLURM's variables name it.
func TestShards(t *testing.T) {
	runs := parse(t, "seeds: 5\nkeys: {learning.rate: [1, 2]}").Runs()
	seen := map[string]int{}
	for i := 1; i <= 3; i++ {
		mine := Shard{i, 3}.Of(runs)
		if n := len(mine); n < 3 || n > 4 {
			t.Errorf("shard %d has %d of 10 runs", i, n)
		}
		for _, r := range mine {
			seen[r.Name()]++
		}
	}
	for _, r := range runs {
		if seen[r.Name()] != 1 {
			t.Errorf("%s is in %d shards", r.Name(), seen[r.Name()])
		}
	}
	if s, err := ParseShard("2/8"); err != nil || s != (Shard{2, 8}) {
		t.Errorf("2/8: %v, %v", s, err)
	}
	for _, bad := range []string{"", "2", "0/3", "4/3", "a/b", "1/3/5", "-1/3", "1/0"} {
		if s, err := ParseShard(bad); err == nil {
			t.Errorf("%q: got %v", bad, s)
		}
	}
	for _, test := range []struct {
		id, count, min, step string
		want                 Shard // zero for an error
	}{
		{"", "", "", "", Shard{1, 1}},
		{"0", "4", "0", "", Shard{1, 4}},
		{"3", "4", "0", "1", Shard{4, 4}},
		{"5", "3", "1", "2", Shard{3, 3}},
		{"4", "3", "1", "2", Shard{}},
		{"7", "3", "1", "", Shard{}},
		{"0", "3", "1", "", Shard{}},
		{"1", "", "1", "", Shard{}},
		{"1", "3", "1", "0", Shard{}},
		{"x", "3", "1", "", Shard{}},
	} {
		for name, value := range map[string]string{"ID": test.id, "COUNT": test.count, "MIN": test.min, "STEP": test.step} {
			t.Setenv("SLURM_ARRAY_TASK_"+name, value)
		}
		got, err := SlurmShard()
		if (err != nil) != (test.want == Shard{}) || err == nil && got != test.want {
			t.Errorf("%+v: got %v, %v", test, got, err)
		}
	}
}

// TestEach runs at most so many at once, and ends at the first error or when
// cancelled.
func TestEach(t *testing.T) {
	runs := parse(t, "seeds: 40\nkeys: {learning.rate: [1]}").Runs()
	var now, most, done atomic.Int32
	var mu sync.Mutex
	err := Each(t.Context(), 3, runs, func(context.Context, Run) error {
		n := now.Add(1)
		mu.Lock()
		most.Store(max(most.Load(), n))
		mu.Unlock()
		runtime.Gosched()
		now.Add(-1)
		done.Add(1)
		return nil
	})
	if err != nil || done.Load() != 40 || most.Load() > 3 {
		t.Errorf("%d runs, %d at once, %v", done.Load(), most.Load(), err)
	}
	failure := errors.New("no disk")
	begun := 0
	err = Each(t.Context(), 1, runs, func(_ context.Context, r Run) error {
		begun++
		if r.Seed == 4 {
			return failure
		}
		return nil
	})
	if err != failure || begun != 4 {
		t.Errorf("%d runs were begun, %v", begun, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun = 0
	err = Each(ctx, 1, runs, func(ctx context.Context, _ Run) error {
		if begun++; begun == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || begun != 2 {
		t.Errorf("%d runs were begun, %v", begun, err)
	}
}

// TestTable orders points by their means, over seeds, and has the standard error
// of these: of 1, 2, 3 it is 1/√3.
func TestTable(t *testing.T) {
	p := parse(t, "seeds: 3\nkeys: {learning.rate: [1, 2, 3, 4]}")
	number := func(x float64) *float64 { return &x }
	scores := []float64{0.1, 0.2, 0.3, 0.5, 0.5, 0.5, 0.9, math.NaN(), 0.9, 0.4, 0.5, 0.6}
	for _, name := range []string{accuracy, mse} {
		var outcomes []Outcome
		for i, x := range scores {
			o := Outcome{Accuracy: number(x), Diverged: i > 6 && i < 9}
			if name == mse {
				o.Accuracy, o.MSE = nil, number(x)
			}
			outcomes = append(outcomes, o)
		}
		table := NewTable(p, outcomes)
		var order []int
		for _, r := range table.Rows {
			order = append(order, r.Point)
		}
		want := []int{2, 4, 1, 3}
		if name == mse {
			want = []int{1, 2, 4, 3}
		}
		if !slices.Equal(order, want) || table.Winner.Point != want[0] || table.Score != name {
			t.Errorf("%s: order %v, winner %d, want %v", name, order, table.Winner.Point, want)
		}
		first := table.Rows[slices.Index(want, 1)].Validation
		if m, e := float64(*first.Mean), float64(*first.StandardError); math.Abs(m-0.2) > 1e-12 || math.Abs(e-0.1/math.Sqrt(3)) > 1e-12 {
			t.Errorf("%s: point 1 is %v ± %v", name, m, e)
		}
		if last := table.Rows[3]; last.Validation.Mean != nil || last.Diverged != 2 {
			t.Errorf("%s: point 3 is %+v", name, last)
		}
		table.Winner.Test = run.Mean([]float64{0.5})
		var text, csv bytes.Buffer
		if err := errors.Join(table.Write(&text), table.WriteCSV(&csv)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(csv.String(), "\n")
		if len(lines) != 6 || lines[0] != "point,learning.rate,runs,diverged,validation_"+name+",validation_standard_error,test_"+name+",test_standard_error" ||
			!strings.HasSuffix(lines[1], ",0.5,") || lines[4] != "3,3,3,2,,,," {
			t.Errorf("%s: CSV\n%s", name, csv.String())
		}
		if panels := table.Panels(); len(panels) != 1 || panels[0].X.Label.Text != "learning.rate" || !strings.HasPrefix(panels[0].Y.Label.Text, "validation "+table.ScoreName()) {
			t.Errorf("panels %v", panels)
		}
	}
	none := NewTable(p, make([]Outcome, 12))
	if none.Winner != nil {
		t.Errorf("a sweep without scores has the winner %d", none.Winner.Point)
	}
	if s := run.Mean([]float64{3}); s.StandardError != nil || *s.Mean != 3 {
		t.Errorf("one score: %v", s)
	}
}

// FuzzParse reads any text without a panic, with memory in proportion to the text
// and to the points that it asks for.
func FuzzParse(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add([]byte("base: {learning: {epochs: 1}}\nseeds: 3\nkeys:\n  learning.rate: [0.1, 0.2]\n  model.layers: [[64, 10]]\n"))
	f.Add([]byte("search: random\npoints: 5\nseed: 3\nseeds: [1, 2]\nrecipe: article\nkeys:\n  learning.rate: {low: 0.1, high: 1, scale: log}\n  learning.batch: {low: 1, high: 9}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if root, err := yamlfile.Parse("fuzz", text); err == nil {
			var sweep file
			var r train.Recipe
			root.Decode(&sweep)
			if sweep.Base != nil {
				sweep.Base.Decode(&r)
			}
			if r.Data.Own() {
				t.Skip("reads other files")
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := Parse("fuzz", text)
		runtime.ReadMemStats(&after)
		points := maxRuns // may have been tried
		if err == nil {
			points = len(p.Points)
		}
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(8<<20+1<<10*len(text)+256<<10*points); used > most {
			t.Errorf("%d bytes took %d bytes of memory, more than %d", len(text), used, most)
		}
		if err != nil {
			var found yamlfile.Errors
			if !errors.As(err, &found) || len(found) == 0 || found[0].Line < 1 || found[0].Column < 1 {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		for _, r := range p.Runs() {
			if err := r.Recipe.Validate(); err != nil {
				t.Fatalf("point %d: %v", r.Point, err)
			}
		}
	})
}

// TestOptimizerSettings: a value of a key may be a mapping of a name and its settings.
func TestOptimizerSettings(t *testing.T) {
	p, err := Parse("sweep", []byte("base: {data: {dataset: digits}}\nkeys:\n  optimizer: [adam, {name: adamw, weight_decay: 1e-4}, {name: adam, beta1: 0.8}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range p.Runs() {
		got = append(got, r.Recipe.Optimizer)
	}
	if want := []string{"adam", "adamw weight_decay=1e-4", "adam beta1=0.8"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := Parse("sweep", []byte("base: {data: {dataset: digits}}\nkeys:\n  optimizer: [{name: adam, beta1: 2}]\n")); err == nil || !strings.Contains(err.Error(), "adam: beta1: must be a number > 0 and < 1, got \"2\"") {
		t.Errorf("got %v", err)
	}
}
