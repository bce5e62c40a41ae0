package train

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

func TestProgressPrintsSparingly(t *testing.T) {
	for _, epochs := range []int{1, 7, 10, 11, 95, 1000} {
		var out bytes.Buffer
		progress := Progress(&out)
		for epoch := 1; epoch <= epochs; epoch++ {
			step := Step{Status: model.StepLimit}
			if epoch > epochs/2 {
				step.Status = model.Diverged
			}
			for _, e := range []Event{{Step: step}, {Done: &Epoch{Epoch: epoch}}} {
				e.Epoch, e.Epochs, e.Batch, e.Batches = epoch, epochs, 1, 1
				if err := progress(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := strings.Count(out.String(), "diverged at"); n != 1 {
			t.Errorf("%d epochs: want one line about the divergence, got %d", epochs, n)
		}
		if n := strings.Count(out.String(), "\nepoch ") + 1; n < min(epochs, 6) || n > 12 {
			t.Errorf("%d epochs: got %d lines", epochs, n)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, fmt.Sprintf("epoch %d/%[1]d ", epochs)) {
			t.Errorf("%d epochs: the last line is %q", epochs, last)
		}
	}
}

func TestProgressTellsOfTheEnd(t *testing.T) {
	var out bytes.Buffer
	var options Options
	options.Event = Progress(&out)
	if err := options.Event(Event{Epoch: 3, Epochs: 9, Batch: 4, Batches: 5, Step: Step{Status: model.Diverged, Settled: Settled{Nodes: model.Names{"target", "hidden"}, Node: 1, Energy: math.NaN()}}}); err != nil {
		t.Fatal(err)
	}
	want := "settling diverged at epoch 3, batch 4, at hidden\ntraining ends at epoch 3, batch 4: the energy is no longer a number\n"
	if got := out.String(); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	out.Reset()
	if err := options.Event(Event{Epoch: 13, Epochs: 1000, Done: &Epoch{}, Last: true}); err != nil || !strings.HasPrefix(out.String(), "epoch   13/1000") {
		t.Errorf("patience ends training: got %q, %v", out.String(), err)
	}
	if err := Progress(full{})(Event{Epoch: 1, Done: &Epoch{}}); err != io.ErrShortWrite {
		t.Errorf("want the error of writing, got %v", err)
	}
}

// full is a writer that has no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// settling is an epoch of which how latents settled is told.
type settling struct{ Epoch }

func (s settling) String() string { return s.Settling() }

func TestStrings(t *testing.T) {
	half := 0.5
	recipe, err := DefaultRecipe("digits", model.Discriminative, "default")
	if err != nil {
		t.Fatal(err)
	}
	learner, err := recipe.PCN()
	if err != nil {
		t.Fatal(err)
	}
	baseline, err := recipe.Baseline().PCN()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		value fmt.Stringer
		want  string
	}{
		{recipe, "digits discriminative, layers [64 128 128 10], gauss-seidel of 1 step, 40 epochs, batches of 32, adam at rate 0.002"},
		{Recipe{Data: Data{Dataset: "sine"}}, "sine discriminative, layers [], gradient of 20 steps, 10 epochs, batches of 64, adam at rate 0.001"},
		{Recipe{Inference: model.Inference{Steps: -1}}, " discriminative, layers [], gradient of -1 steps, 10 epochs, batches of 64, adam at rate 0.001"},
		{learner, "64-128-128-10 discriminative, leaky-relu, float32, 26122 weights, gauss-seidel of 1 step, adam"},
		{baseline, "64-128-128-10 discriminative, leaky-relu, float32, 26122 weights, backprop, adam"},
		{Score{Examples: 8, Classes: 2, Accuracy: 0, MSE: 1}, "accuracy 0.00 % on 8 examples"},
		{Score{Examples: 8, MSE: 0.125}, "MSE 0.125 on 8 examples"},
		{Score{Examples: 1, MSE: 0.125}, "MSE 0.125 on 1 example"},
		{Epoch{Settled: Settled{Energy: 2, Steps: 1, Residual: 1, Reached: &half}}, "energy 2          0 s"},
		{Epoch{Settled: Settled{Energy: 2, Steps: 20, Residual: 0.25}, Diverged: 1, Batches: 3}, "energy 2          0 s  1 of 3 batches diverged, the last at node 0"},
		{settling{Epoch{Settled: Settled{Steps: 1, InferenceRate: 0.5, Residual: 1, Reached: &half}}}, "settling: 1 step at rate 0.5, 50 % of the fall to rest made"},
		{settling{Epoch{Settled: Settled{Steps: 20, InferenceRate: 0.5, Residual: 0.25}}}, "settling: 20 steps at rate 0.5, residual 0.25"},
		{settling{Epoch{}}, ""},
		{(*History)(nil), "no epochs"},
		{&History{Seconds: 2, Epochs: []Epoch{{Epoch: 1, Settled: Settled{Energy: 3}}, {Epoch: 2, Settled: Settled{Energy: 1}, Diverged: 1, Validation: &Score{MSE: 0.5}}}},
			"2 epochs in 2 s: energy 3 to 1, validation MSE 0.5, diverged from epoch 2 on"},
		{Event{Epoch: 2, Epochs: 10, Batch: 3, Batches: 4, Step: Step{Settled: Settled{Energy: 0.5}}}, "epoch  2/10  batch 3/4  energy 0.5"},
	} {
		if got := test.value.String(); got != test.want {
			t.Errorf("want %q, got %q", test.want, got)
		}
	}
}

func TestExamples(t *testing.T) {
	set, err := data.NewClasses("three", []float64{1, 2, 3, 4, 5, 6}, []int{0, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	n, err := model.New(model.Config{Layers: []int{2, 2}, Dtype: model.Float64})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Examples(n, set, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.Inputs.Data(), b.Targets.Data(), b.Examples); got != "[5 6 3 4] [1 0 0 1] [2 1]" {
		t.Errorf("got %s", got)
	}
	if _, err := n.Settle(context.Background(), n.Clamp(b.Inputs, b.Targets), model.Inference{}); err != nil {
		t.Error(err)
	}
	all, err := Examples(n, set)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(all.Inputs.Data(), all.Examples); got != "[1 2 3 4 5 6] [0 1 2]" {
		t.Errorf("all: got %s", got)
	}
	if got := Accuracy(model.Argmax(all.Targets), []int{0, 1, 1}); got != 2./3 {
		t.Errorf("two of three right: accuracy %v", got)
	}
	for _, rows := range [][]int{{3}, {-1}} {
		if _, err := Examples(n, set, rows...); err == nil {
			t.Errorf("rows %v: want an error", rows)
		}
	}
}
