package run

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

// TestResumeTo: a run of two epochs that goes on to four, interrupted or not, is that of four.
func TestResumeTo(t *testing.T) {
	recipe, err := train.DefaultRecipe("sine", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Learning.Schedule = "constant"
	teach := func(r *Run, err error) *train.History {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		h, err := r.Train(t.Context(), Options{})
		if err != nil || !r.Record.Over() {
			t.Fatalf("%+v: %v", r.Record.Result, err)
		}
		return h
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
	if diff := cmp.Diff(want, teach(ResumeTo(short, 4)), same); diff != "" {
		t.Error(diff)
	}
	past, err := Open(short)
	if err != nil || past.Record.Result.Epochs != 4 || past.Record.Recipe.Learning.Epochs != 4 || past.Record.Resumed != 1 {
		t.Errorf("%+v, %v", past, err)
	}
	if _, err := ResumeTo(filepath.Join(dir, "none"), 3); err == nil {
		t.Error("a folder that is not there was resumed")
	}
}
