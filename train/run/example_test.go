package run_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/run"
)

// A run that is cancelled after its second epoch goes on, and ends as one that never stopped.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recipe, err := train.DefaultRecipe("sine", model.Discriminative, "")
	if err != nil {
		log.Fatal(err)
	}
	recipe.Learning.Epochs = 4

	// learn trains in a folder until the run's end or, with a number, until that epoch's.
	learn := func(r *run.Run, until int) string {
		defer r.Release()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, err := r.Train(ctx, run.Options{Event: func(e train.Event) {
			if e.Done != nil && e.Epoch == until {
				cancel()
			}
		}})
		if err != nil {
			log.Fatal(err)
		}
		return fmt.Sprintf("%s after %d epochs", r.Record.Result.Status, r.Record.Result.Epochs)
	}

	cut, whole := filepath.Join(dir, "cut"), filepath.Join(dir, "whole")
	r, err := run.Start(cut, recipe)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(learn(r, 2))
	if r, err = run.Resume(cut); err != nil {
		log.Fatal(err)
	}
	fmt.Println(learn(r, 0))

	if r, err = run.Start(whole, recipe); err != nil {
		log.Fatal(err)
	}
	fmt.Println(learn(r, 0))
	a, _ := os.ReadFile(filepath.Join(cut, run.ModelFile))
	b, _ := os.ReadFile(filepath.Join(whole, run.ModelFile))
	fmt.Println("the same bits:", len(a) > 0 && bytes.Equal(a, b))
	// Output:
	// interrupted after 2 epochs
	// completed after 4 epochs
	// completed after 4 epochs
	// the same bits: true
}
