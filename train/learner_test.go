package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// TestLearnerWithoutNetwork interrupts a learner that is no network and goes on from a
// file: what it learns is the same to the bit. Data of other sizes are refused.
func TestLearnerWithoutNetwork(t *testing.T) {
	ctx := context.Background()
	sets, err := train.Data{Dataset: "digits", Validation: 200, Seed: 1}.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := train.Learning{Epochs: 3, Patience: 1}
	path, enough := filepath.Join(t.TempDir(), "checkpoint"), errors.New("enough")
	learn := func(opts train.Options) (*nearestMean, error) {
		l := &nearestMean{}
		_, err := train.Fit(ctx, l, c, sets.Train, sets.Validation, opts)
		return l, err
	}
	whole, err := learn(train.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := learn(train.Options{Event: func(e train.Event) error {
		if e.Epoch == 2 && e.Batch == 5 {
			return errors.Join(e.Checkpoint().Save(path), enough)
		}
		return nil
	}}); !errors.Is(err, enough) {
		t.Fatal(err)
	}
	from, err := train.LoadCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := learn(train.Options{From: from})
	if err != nil || !slices.Equal(resumed.means.Float64s(), whole.means.Float64s()) {
		t.Errorf("resumed, it is another: %v", err)
	}

	_, err = train.Fit(ctx, &nearestMean{}, c, data.Sine(20, 0.1, 1), sets.Validation, train.Options{})
	if want := "must have 1 inputs as the training set takes, got 64: the validation set"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
	if _, err = train.Evaluate(ctx, whole, data.Sine(20, 0.1, 1)); err == nil {
		t.Error("scored on data of another size: no error")
	}
	for _, zero := range []train.Learner{&train.PCN{}} {
		_, learns := train.Fit(ctx, zero, c, sets.Train, sets.Validation, train.Options{})
		_, predicts := train.Evaluate(ctx, zero, sets.Test)
		for _, err := range []error{learns, predicts} {
			if err == nil || !strings.Contains(err.Error(), "network: must be one of model.New or model.Load, got none") {
				t.Errorf("%T: got error %v", zero, err)
			}
		}
	}
}
