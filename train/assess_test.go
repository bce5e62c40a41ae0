package train

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/pcn/graph"
	"example.com/pcn/model"
)

// TestAssessClasses: the figures are those of scikit-learn 1.9's precision_recall_fscore_support,
// log_loss and DummyClassifier for the same six examples.
func TestAssessClasses(t *testing.T) {
	y := &tally{classes: 3, form: graph.CrossEntropy}
	labels := []int{0, 0, 0, 1, 1, 2}
	for i, p := range [][]float64{{.7, .2, .1}, {.5, .3, .2}, {.2, .7, .1}, {.1, .8, .1}, {.2, .2, .6}, {.1, .6, .3}} {
		want := make([]float64, 3)
		want[labels[i]] = 1
		y.add(p, want, labels[i], i+2)
	}
	got := y.assessment(6)
	want := Assessment{
		Score: Score{Examples: 6, Classes: 3, Accuracy: 0.5, MSE: 3.62 / 18, Loss: 0.9493023842},
		Classification: &Classification{
			Confusion: [][]int{{2, 1, 0}, {0, 1, 1}, {0, 1, 0}},
			Classes:   []ClassScore{{3, 2, 1, 2. / 3, 0.8}, {2, 3, 1. / 3, 0.5, 0.4}, {1, 1, 0, 0, 0}},
			Mistakes:  []Mistake{{2, 4, 0, 1, []float64{.2, .7, .1}}, {4, 6, 1, 2, []float64{.2, .2, .6}}, {5, 7, 2, 1, []float64{.1, .6, .3}}},
			MacroF1:   0.4, Majority: 0.5,
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	text, err := json.Marshal(got)
	must(t, err)
	var again Assessment
	must(t, json.Unmarshal(text, &again))
	if diff := cmp.Diff(got, again); diff != "" {
		t.Error(diff)
	}
}

// TestAssessNumbers: by r2_score and root_mean_squared_error. A target that never changes has
// no R².
func TestAssessNumbers(t *testing.T) {
	y := &tally{}
	for _, row := range [][4]float64{{2.5, 1, 3, 2}, {0, 1, -0.5, 1}, {2, 3, 2, 3}, {8, 4, 7, 6}} {
		y.add(row[:2], row[2:], 0, 0)
	}
	got := y.assessment(4)
	if r := got.Regression; math.Abs(r.R2-0.7957326400) > 1e-9 || math.Abs(r.RMSE-math.Sqrt(6.5/8)) > 1e-12 || math.Abs(r.MeanRMSE-2.3234537869) > 1e-9 || got.Loss != got.MSE {
		t.Errorf("got %+v, loss %v of MSE %v", r, got.Loss, got.MSE)
	}
	same := &tally{}
	same.add([]float64{1}, []float64{2}, 0, 0)
	if got := same.assessment(1); !math.IsNaN(got.Regression.R2) || got.MSE != 1 {
		t.Errorf("got %+v, MSE %v", got.Regression, got.MSE)
	}
}

// TestAssessLoss: an impossible class costs a finite loss, and the loss of a network that
// learned by the squared error is that.
func TestAssessLoss(t *testing.T) {
	if got := surprise(graph.CrossEntropy, []float64{1, 0}, []float64{0, 1}); !(got > 100 && got < 104) {
		t.Errorf("got %v", got)
	}
	if got, want := surprise(graph.Bernoulli, []float64{0.5, 0.5}, []float64{1, 0}), 2*math.Ln2; math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v", got)
	}
	for _, energies := range [][]model.NodeEnergy{nil, {model.Gaussian, model.Gaussian, model.CrossEntropy}} {
		r := recipe(t, "digits", model.Discriminative, "", 1)
		r.Model.Layers, r.Model.Energies = []int{64, 16, 10}, energies
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		a, err := Assess(t.Context(), l, sets.Validation)
		must(t, err)
		if (a.Loss == a.MSE) != (energies == nil) || energies != nil && math.Abs(a.Loss-math.Log(10)) > 1 {
			t.Errorf("energies %v: loss %v, MSE %v", energies, a.Loss, a.MSE)
		}
	}
}
