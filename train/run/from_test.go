package run

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/train"
	"example.com/pcn/train/config"
	"example.com/pcn/train/trained"
)

const (
	firstFlowers = "long,wide,kind\n1,9,rose\n2,8,lily\n1,7,rose\n3,9,lily\n2,9,rose\n4,8,lily\n1,8,rose\n3,8,lily\n2,7,rose\n4,9,lily\n"
	moreFlowers  = "kind,wide,long\nlily,70,40\nrose,90,10\nlily,80,30\nrose,70,20\nlily,90,20\nrose,80,20\n"
)

// TestFrom: a run learns on from a model, on other data of the same columns and classes, with
// the model's network and scales; interrupted it ends with the same bits; and what does not fit
// is an error.
func TestFrom(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	resolve := func(text string) (train.Recipe, error) {
		return config.Parse("run.yaml", []byte(text), config.Choice{})
	}
	teach := func(r *Run, err error, until int) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := r.Train(ctx, Options{Event: func(e train.Event) {
			if e.Done != nil && e.Epoch == until {
				cancel()
			}
		}}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := resolve("data: {dataset: " + write("first.csv", firstFlowers) + ", label: kind}\nmodel: {layers: [2, 5, 2], seed: 7}\nlearning: {epochs: 2}\ninference: {steps: 7}\n")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(filepath.Join(dir, "first"), first)
	teach(r, err, 0)
	origin := filepath.Join(dir, "first", ModelFile)

	on, err := resolve("data: {dataset: " + write("more.csv", moreFlowers) + "}\nlearning: {from: " + origin + ", epochs: 4}\n")
	if err != nil {
		t.Fatal(err)
	}
	if on.Data.Label != "kind" || on.Inference.Steps != 7 || on.Learning.Epochs != 4 || !cmp.Equal(on.Model.Layers, first.Model.Layers) {
		t.Errorf("got %+v", on)
	}
	whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
	r, err = Start(whole, on)
	teach(r, err, 0)
	r, err = Start(cut, on)
	teach(r, err, 2)
	r, err = Resume(cut)
	teach(r, err, 0)
	of := func(path string) []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if !bytes.Equal(of(filepath.Join(whole, ModelFile)), of(filepath.Join(cut, ModelFile))) {
		t.Error("a run that was interrupted ended with other bits")
	}
	was, err := trained.Open(origin)
	if err != nil {
		t.Fatal(err)
	}
	is, err := trained.Open(filepath.Join(whole, ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(was.Inputs, is.Inputs); diff != "" {
		t.Errorf("the scales are others: %s", diff)
	}
	past, err := Open(whole)
	if err != nil || past.Record.Origin == "" || past.Record.Recipe.Learning.From != origin {
		t.Errorf("the record has %+v, %v", past.Record, err)
	}

	// At a rate of next to nothing the weights stay those of the model.
	on.Learning.Rate, on.Learning.Epochs = 1e-12, 1
	r, err = Start(filepath.Join(dir, "still"), on)
	teach(r, err, 0)
	still, err := trained.Open(filepath.Join(dir, "still", ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range still.Network.Parameters() {
		if !cmp.Equal(p.Float32s(), was.Network.Parameters()[i].Float32s()) {
			t.Errorf("parameter %d is not the model's", i)
		}
	}

	// Without data it is the model's.
	again, err := resolve("learning: {from: " + origin + "}\n")
	if diff := cmp.Diff(first.Data, again.Data); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	for text, want := range map[string]string{
		"data: {dataset: " + write("tall.csv", strings.ReplaceAll(moreFlowers, "long", "tall")) + "}\nlearning: {from: " + origin + "}\n":   `its columns and classes must be those of the data: data: ` + filepath.Join(dir, "tall.csv") + `: line 1: no column "long"`,
		"data: {dataset: " + write("poppy.csv", strings.ReplaceAll(moreFlowers, "rose", "poppy")) + "}\nlearning: {from: " + origin + "}\n": `must be one of the classes "lily", "rose", got "poppy"`,
		"data: {dataset: sine}\nlearning: {from: " + origin + "}\n":                                                                         "must have learned numbers to regress on, as sine has, got classes",
		"data: {dataset: digits}\nlearning: {from: " + origin + "}\n":                                                                       "digits: must have 2 inputs as the network takes, got 64",
		"model: {activation: relu}\nlearning: {from: " + origin + "}\n":                                                                     `its network is used: model.activation must be left out, or "leaky-relu" as there, got "relu"`,
		"learning: {from: " + write("torn.safetensors", "no model") + "}\n":                                                                 "run.yaml:1:18: learning.from: model: " + filepath.Join(dir, "torn.safetensors"),
	} {
		r, err := resolve(text)
		if err == nil {
			_, err = trained.LoadSets(r)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}

	// Another model in the place of the one that a run began with.
	on.Learning.Epochs = 3
	r, err = Start(filepath.Join(dir, "lost"), on)
	teach(r, err, 1)
	if err := os.WriteFile(origin, of(filepath.Join(whole, ModelFile)), 0o666); err != nil {
		t.Fatal(err)
	}
	if r, err = Resume(filepath.Join(dir, "lost")); err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if _, err := r.Train(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "has changed since the run began") {
		t.Errorf("got %v", err)
	}
}
