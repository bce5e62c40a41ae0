package reproduce

import (
	"context"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/kalman"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/sweep"
)

// row carries out a run of the table temporal, with fewer examples, and returns its figures.
func row(t *testing.T, name string) []float64 {
	t.Helper()
	table, err := Load("temporal", Options{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table.Plan.Points {
		if p.Values[0] != name {
			continue
		}
		sets, err := p.Recipe.Data.Load()
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.Recipe.PCN()
		if err != nil {
			t.Fatal(err)
		}
		score, err := train.Evaluate(context.Background(), l, sets.Test)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table.measure.of(context.Background(), sweep.Run{Recipe: p.Recipe}, sweep.Outcome{Epochs: []train.Epoch{{Test: &score}}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	t.Fatalf("no row %s", name)
	return nil
}

// TestTemporalGiven: the matrices that the table gives are those of the system: at rest the
// error is that of temporal predictive coding's closed form, which is no less than the Kalman
// filter's, and with fewer steps it is more.
func TestTemporalGiven(t *testing.T) {
	rest, few := row(t, "all given, 50"), row(t, "all given, 1")
	sets, err := train.Data{Dataset: "tracking", Seed: train.DefaultSplit}.Load()
	if err != nil {
		t.Fatal(err)
	}
	want := closedForm(t, sets.Test)
	t.Logf("error of the next target: %.4f at rest, %.4f after a step, %.4f in closed form, %.4f of the Kalman filter", rest[0], few[0], want, rest[1])
	if !(math.Abs(rest[0]-want) <= 1e-3*want) {
		t.Errorf("at rest: error %.5f, want %.5f", rest[0], want)
	}
	if !(rest[1] < want && want < 1.1*rest[1] && rest[0] < few[0]) {
		t.Errorf("error %.4f of the filter, %.4f at rest and %.4f after a step", rest[1], rest[0], few[0])
	}
}

// closedForm returns the mean squared error of C (A ẑ⁻ + B u), with ẑ = (I + CᵀC)⁻¹ (Cᵀy + A ẑ⁻ + B u).
func closedForm(t *testing.T, set *data.Set) float64 {
	s := kalman.Motion()
	var h mat.Dense
	h.Mul(s.C.T(), s.C)
	for i := range 3 {
		h.Set(i, i, h.At(i, i)+1)
	}
	sum, n := 0.0, set.Len()*set.Steps()*3
	rows := make([]int, set.Len())
	for i := range rows {
		rows[i] = i
	}
	u := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(set.Len(), set.Steps()))
	y := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(set.Len(), 3*set.Steps()))
	if err := set.Gather(rows, u, y); err != nil {
		t.Fatal(err)
	}
	for i := range set.Len() {
		z := mat.NewVecDense(3, nil)
		for at := i * set.Steps(); at < (i+1)*set.Steps(); at++ {
			var prior, bu, right, predicted, e mat.VecDense
			prior.MulVec(s.A, z)
			bu.MulVec(s.B, mat.NewVecDense(1, u.Float64s()[at:at+1]))
			prior.AddVec(&prior, &bu)
			seen := mat.NewVecDense(3, y.Float64s()[3*at:3*at+3])
			predicted.MulVec(s.C, &prior)
			e.SubVec(seen, &predicted)
			sum += mat.Dot(&e, &e)
			right.MulVec(s.C.T(), seen)
			right.AddVec(&right, &prior)
			if err := z.SolveVec(&h, &right); err != nil {
				t.Fatal(err)
			}
		}
	}
	return sum / float64(n)
}

// TestTrackingMeasure is of the dataset whose system is known, and drawn along the table's lines with
// one for the filter.
func TestTrackingMeasure(t *testing.T) {
	if _, err := tracking(context.Background(), sweep.Run{Recipe: train.Recipe{Data: train.Data{Dataset: "sine"}}}, sweep.Outcome{}); err == nil || !strings.Contains(err.Error(), "data.dataset: must be tracking") {
		t.Errorf("of another dataset: got %v", err)
	}
	table, err := Parse("two.yaml", []byte(`
measure: tracking
base: {data: {dataset: tracking}}
lines: [{name: PC, settings: {learning.rule: pc}}]
places: [{at: 1, settings: {inference.steps: 1}}, {at: 2, settings: {inference.steps: 2}}]
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make([]sweep.Outcome, len(table.Plan.Runs()))
	for i := range outcomes {
		outcomes[i].Epochs = []train.Epoch{{Test: &train.Score{MSE: 4}}}
	}
	res, err := table.NewResult(context.Background(), Options{}, outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if panels := res.Panels(); len(panels) != 1 {
		t.Errorf("%d panels, want one with both", len(panels))
	}
	if s := res.Rows[0].Scores; float64(*s[0].Mean) != 4 || !(float64(*s[1].Mean) > 3 && float64(*s[1].Mean) < 3.5) {
		t.Errorf("scores %v and %v", float64(*s[0].Mean), float64(*s[1].Mean))
	}
}
