package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// TestResumeTo: a run of two epochs that goes on to four, and is interrupted on its way, is that
// of four.
func TestResumeTo(t *testing.T) {
	recipe, err := train.DefaultRecipe("sine", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Learning.Schedule = "constant"
	// until, where it is not 0, is the epoch after which it is interrupted.
	teachUntil := func(until int, r *Run, err error) *train.History {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		h, err := r.Train(ctx, Options{Event: func(e train.Event) {
			if e.Done != nil && e.Epoch == until {
				cancel()
			}
		}})
		if err != nil || r.Record.Over() != (until == 0) {
			t.Fatalf("%+v: %v", r.Record.Result, err)
		}
		return h
	}
	teach := func(r *Run, err error) *train.History {
		t.Helper()
		return teachUntil(0, r, err)
	}
	dir := t.TempDir()
	whole, short := filepath.Join(dir, "whole"), filepath.Join(dir, "short")
	recipe.Learning.Epochs = 4
	want := teach(Start(whole, recipe))
	recipe.Learning.Epochs = 2
	teach(Start(short, recipe))
	for _, epochs := range []int{1, 2} {
		if _, err := ResumeTo(short, epochs); err == nil || !strings.Contains(err.Error(), "epochs: must be more than the 2 that the run has") {
			t.Errorf("%d epochs: %v", epochs, err)
		}
	}
	// What is estimated is so in ten epochs of a run, and in others of a longer one.
	same := cmp.Options{cmpopts.IgnoreFields(train.Epoch{}, "Seconds", "Elapsed", "Settled.Reached", "Settled.EndResidual", "Settled.NodeCosine", "Settled.TargetAlignment"), cmpopts.IgnoreFields(train.History{}, "Seconds")}
	longer, err := ResumeTo(short, 4)
	if h := teachUntil(3, longer, err); len(h.Epochs) != 3 {
		t.Errorf("interrupted after %d epochs", len(h.Epochs))
	}
	if diff := cmp.Diff(want, teach(Resume(short)), same); diff != "" {
		t.Error(diff)
	}
	past, err := Open(short)
	if err != nil || past.Record.Result.Epochs != 4 || past.Record.Recipe.Learning.Epochs != 4 || past.Record.Resumed != 2 {
		t.Errorf("%+v, %v", past, err)
	}
	if _, err := ResumeTo(filepath.Join(dir, "none"), 3); err == nil {
		t.Error("a folder that is not there was resumed")
	}
}
