package reproduce

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/sweep"
)

// TestTables: every table that is built in says what it is of, and each of its rows can be
// run, in full and quickly, with the seeds that are asked for.
func TestTables(t *testing.T) {
	for _, name := range Names() {
		var plans []*sweep.Plan
		for _, o := range []Options{{}, {Quick: true, Seeds: 2}} {
			table, err := Load(name, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for field, text := range map[string]string{"title": table.Title, "source": table.Source, "theirs": table.Theirs, "ours": table.Ours, "takes": table.Takes} {
				if text == "" {
					t.Errorf("%s: has no %s", name, field)
				}
			}
			for _, p := range table.Plan.Points {
				if p.Err != nil {
					t.Errorf("%s: %s: %v", name, p.Values[0], p.Err)
				}
			}
			plans = append(plans, table.Plan)
		}
		if plans[0].Same(plans[1]) || len(plans[1].Seeds) != 2 {
			t.Errorf("%s: the quick version is the same, or of other seeds than asked, %v", name, plans[1].Seeds)
		}
	}
}

const small = `
title: Digits
base: {data: {dataset: digits}, learning: {epochs: 3}}
seeds: 2
rows:
  - {name: PC (SE), published: 97.5, settings: {learning.rule: pc}}
  - {name: Z-IL in a circle, settings: {learning.rule: z-il, model.network: bidirectional}}
lines:
  - {name: deep, settings: {learning.rule: backprop}}
along: hidden layers
places:
  - {at: 1, settings: {model.layers: [64, 8, 10]}}
  - {at: 2, settings: {model.layers: [64, 8, 8, 10]}}
quick: {settings: {learning.epochs: 1}}
`

// TestParse: settings of a row lie over the base, those of a place over these, and those of
// the quick version over all; a row that is refused says why and leaves the others.
func TestParse(t *testing.T) {
	table, err := Parse("small.yaml", []byte(small), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range table.Plan.Runs() {
		names = append(names, r.Name())
	}
	if want := []string{"pc-se-s1", "pc-se-s2", "deep-1-s1", "deep-1-s2", "deep-2-s1", "deep-2-s2"}; !slices.Equal(names, want) {
		t.Errorf("runs %v, want %v", names, want)
	}
	points := table.Plan.Points
	if points[1].Err == nil || !strings.Contains(points[1].Err.Error(), "feedforward") {
		t.Errorf("Z-IL on a network with circles: %v", points[1].Err)
	}
	if r := points[3].Recipe; !slices.Equal(r.Model.Layers, []int{64, 8, 8, 10}) || r.Learning.Rule != "backprop" || r.Learning.Epochs != 3 {
		t.Errorf("deep, 2: %+v", r)
	}
	quick, err := Parse("small.yaml", []byte(small), Options{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if r := quick.Plan.Points[3].Recipe; r.Learning.Epochs != 1 || len(quick.Plan.Seeds) != 1 {
		t.Errorf("quickly: %d epochs, seeds %v", r.Learning.Epochs, quick.Plan.Seeds)
	}
}

// TestParseErrors name the line.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"title: x":                            "rows: must not be empty",
		"rows: [{name: a}, {name: A}]":        `rows[1].name: must be letters and digits that no other row has, got "A"`,
		"rows: [{name: a}]\nmeasure: luck":    `t.yaml:2:10: measure: must be one of accuracy`,
		"rows: [{name: a}]\nmeasure: time":    `time: must have accuracies in percent`,
		"rows: [{name: a}]\nseeds: -1":        "t.yaml:2:8: seeds: must be a whole number >= 1, got -1",
		"rows: [{name: a, settings: fast}]":   "must be a mapping of settings",
		"row: [{name: a, settings: {}}]":      "unknown key, did you mean rows?",
		"rows: [{name: a}]\nquick: {seed: 1}": "unknown key, did you mean seeds?",
	} {
		if _, err := Parse("t.yaml", []byte(text), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if _, err := Load("pcx-minst", Options{}); err == nil || !strings.Contains(err.Error(), "pcx-mnist") {
		t.Errorf("a table that is not there: %v", err)
	}
}

// epochs returns records with these accuracies, of 2 s of learning and 3 in all each.
func epochs(validation, test []float64) (all []train.Epoch) {
	for i := range test {
		e := train.Epoch{Epoch: i + 1, Seconds: 2, Elapsed: 3 * float64(i+1), Test: &train.Score{Accuracy: test[i]}}
		if validation != nil {
			e.Validation = &train.Score{Accuracy: validation[i], Loss: 1 - validation[i]}
		}
		all = append(all, e)
	}
	return all
}

// TestMeasures: which epoch each column is of, and nothing where there is none.
func TestMeasures(t *testing.T) {
	for _, c := range []struct {
		measure string
		epochs  []train.Epoch
		want    []float64
	}{
		{"", epochs([]float64{0.8, 0.96, 0.95}, []float64{0.97, 0.92, 0.94}), []float64{94, 95, 92, 97}},
		{"accuracy", epochs(nil, []float64{0.97, 0.92}), []float64{92, math.NaN(), math.NaN(), 97}},
		{"accuracy", append(epochs(nil, []float64{0.97}), train.Epoch{}), []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}},
		{"time 95 97", epochs([]float64{0.8, 0.95, 0.96}, []float64{0.7, 0.9, 0.92}), []float64{4, 6, 90, math.NaN(), math.NaN(), math.NaN()}},
	} {
		m, err := newMeasure(c.measure)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.of(context.Background(), sweep.Run{}, sweep.Outcome{Epochs: c.epochs})
		if err != nil || len(m.columns) != len(got) {
			t.Fatalf("%s: %v, %d columns: %v", c.measure, got, len(m.columns), err)
		}
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 || a != a && b != b }) {
			t.Errorf("%q: got %v, want %v", c.measure, got, c.want)
		}
	}
}

// TestResult puts means and standard errors beside what was published, and the reason in
// place of a row that could not be run.
func TestResult(t *testing.T) {
	table, err := Parse("small.yaml", []byte(small), Options{})
	if err != nil {
		t.Fatal(err)
	}
	of := func(test ...float64) sweep.Outcome { return sweep.Outcome{Epochs: epochs(nil, test)} }
	failed := sweep.Outcome{Err: errors.New("the disk is full")}
	res, err := table.NewResult(context.Background(), Options{}, []sweep.Outcome{
		of(0.98, 0.96), of(0.94, 0.98), {Err: table.Plan.Points[1].Err}, {Err: table.Plan.Points[1].Err}, of(0.5, 0.5), failed, of(0.9), of(0.9),
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"row                last epoch (%)   best test epoch (%)   published   runs   seconds of learning\n",
		"PC (SE)            97.00 ± 1.00     98.00 ± 0.00          97.50       2      4.0 ± 0.0\n",
		"deep, 1            -                -                     -           -      -\n",
		"deep, 2            90.00 ± 0.00     90.00 ± 0.00          -           2      2.0 ± 0.0\n",
		"\ndeep, 1 could not be run: the disk is full\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want a line %qin\n%s", want, b.String())
		}
	}
	panels := res.Panels()
	if res.Failed() != 2 || len(panels) != 2 {
		t.Errorf("%d rows failed and %d panels are drawn, want 2 and 2", res.Failed(), len(panels))
	}
	res.Rows = res.Rows[2:] // along a line
	for along, p := range map[string]*report.Panel{"row": panels[0], "hidden layers": res.Panels()[0]} {
		if p.X.Label.Text != along || p.Y.Label.Text != "last epoch (%)" {
			t.Errorf("the axes are %q and %q, want %q", p.X.Label.Text, p.Y.Label.Text, along)
		}
	}
}
