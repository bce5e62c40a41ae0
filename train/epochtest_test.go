package train

import (
	"context"
	"testing"
	"time"

	"example.com/pcn/model"
)

// TestEpochTest: the test part is scored after each epoch where that is asked, as Evaluate
// does, and decides nothing; the time that has elapsed counts from where the run began.
func TestEpochTest(t *testing.T) {
	r, err := DefaultRecipe("digits", model.Discriminative, "")
	must(t, err)
	r.Data.Limit, r.Learning.Epochs = 200, 3
	sets, err := r.Data.Load()
	must(t, err)
	fit := func(opts Options) (*History, Score) {
		l, err := r.PCN()
		must(t, err)
		h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, opts)
		must(t, err)
		score, err := Evaluate(context.Background(), l, sets.Test)
		must(t, err)
		return h, score
	}
	asked, score := fit(Options{Test: sets.Test, Began: time.Now().Add(-time.Hour)})
	plain, same := fit(Options{})
	if score != same {
		t.Errorf("scores of the test part changed what was learned: %v and %v", score, same)
	}
	before := time.Hour.Seconds()
	for i, e := range asked.Epochs {
		if e.Test == nil || plain.Epochs[i].Test != nil || *e.Validation != *plain.Epochs[i].Validation {
			t.Fatalf("epoch %d: test score %v, and without one asked %v", e.Epoch, e.Test, plain.Epochs[i].Test)
		}
		if !(e.Elapsed >= before+e.Seconds) {
			t.Errorf("epoch %d: %v s have elapsed after %v s and %v s of learning", e.Epoch, e.Elapsed, before, e.Seconds)
		}
		before = e.Elapsed
	}
	if last := *asked.Epochs[2].Test; last != score {
		t.Errorf("the last test score is %v, of the model at the end %v", last, score)
	}
}
