package run

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// past is a run that has come to an end.
func past(t *testing.T, dir string, change func(*train.Recipe), seed uint64, accuracy float64) *Past {
	t.Helper()
	r, err := train.DefaultRecipe("digits", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	if r.SetSeed(seed); change != nil {
		change(&r)
	}
	a := Number(accuracy)
	res := Result{Evaluation: Evaluation{Dataset: "digits", TestAccuracy: &a}, ValidationAccuracy: &a, Status: Completed, Epochs: 2, BestEpoch: 1}
	h := &train.History{}
	for i := range 2 {
		h.Epochs = append(h.Epochs, train.Epoch{Epoch: i + 1, Settled: train.Settled{Energy: accuracy + float64(i)}, Validation: &train.Score{Classes: 10, Accuracy: accuracy}})
	}
	return &Past{Dir: filepath.FromSlash(dir), Record: &Record{Recipe: r, Result: res, Command: "pcnrun train"}, History: h}
}

// TestGroups: runs that differ by their seeds are one, with mean and standard error, in each
// folder; and of the others it is said by what they differ.
func TestGroups(t *testing.T) {
	fast := func(r *train.Recipe) { r.Learning.Rate = 0.5 }
	runs := []*Past{
		past(t, "sweep/p0001-s1", nil, 1, 0.9), past(t, "sweep/p0002-s1", fast, 1, 0.5),
		past(t, "sweep/p0001-s2", nil, 2, 0.8), past(t, "sweep/p0002-s2", fast, 2, 0.5),
		past(t, "sweep/again", nil, 1, 0.7), past(t, "other/p0001-s3", nil, 3, 0.6),
	}
	runs[3].Record.Result.Status = Running
	groups, err := Groups(runs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ name, seeds, test, status, settings string }{
		{"sweep/p0001", "2 seeds", "accuracy 85.00 ± 5.00 %", "completed", "learning.rate=0.002"},
		{"sweep/p0002", "2 seeds", "accuracy 50.00 ± 0.00 %", "1 completed, 1 running", "learning.rate=0.5"},
		{"sweep/again", "1", "accuracy 70.00 %", "completed", "learning.rate=0.002"},
		{"other/p0001-s3", "3", "accuracy 60.00 %", "completed", ""},
	} {
		g := groups[i]
		if got := filepath.ToSlash(g.Name()); got != want.name || g.SeedsText() != want.seeds || g.TestText() != want.test || g.StatusText() != want.status || g.Settings() != want.settings {
			t.Errorf("got %s, %s, %s, %s, %s, want %+v", got, g.SeedsText(), g.TestText(), g.StatusText(), g.Settings(), want)
		}
	}
	if h := groups[0].history(); len(h.Epochs) != 2 || h.Epochs[1].Energy != 1.85 || h.Epochs[1].Validation.Accuracy < 0.849 || h.Epochs[1].Validation.Accuracy > 0.851 {
		t.Errorf("the mean history is %+v", h.Epochs)
	}
	if len(groups) != 4 || len(Alone(groups)) != len(runs) {
		t.Errorf("%d groups of %d runs", len(groups), len(Alone(groups)))
	}

	page, err := ComparePage(runs)
	if err != nil {
		t.Fatal(err)
	}
	table := page.Sections[0].Table
	if got := strings.Join(table.Head, ","); got != "run,seeds,settings,validation,test,status,epochs,best epoch,seconds" {
		t.Errorf("the table has %s", got)
	}
	if got := strings.Join(table.Rows[1][1:5], ","); got != "2 seeds,learning.rate=0.5,accuracy 50.00 ± 0.00 %,accuracy 50.00 ± 0.00 %" || len(table.Rows) != 4 {
		t.Errorf("%d rows, the second %s", len(table.Rows), got)
	}
}
