package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/fuzzing"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// outcome is all that a run ends with, but for the seconds.
type outcome struct {
	History History
	State   model.State
	Test    Score
}

// finish runs Fit and scores the test part.
func finish(t testing.TB, r Recipe, l Learner, sets Sets, opts Options) outcome {
	t.Helper()
	h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, opts)
	must(t, err)
	score, err := Evaluate(context.Background(), l, sets.Test)
	must(t, err)
	h.Seconds = 0
	for i := range h.Epochs {
		h.Epochs[i].Seconds, h.Epochs[i].Elapsed = 0, 0
	}
	return outcome{*h, l.State().Clone(), score}
}

// differ returns how two outcomes differ, NaN being like NaN.
func differ(a, b outcome) string {
	bits := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b })
	bits32 := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b })
	tensors := cmp.Comparer(func(a, b *tensor.Dense) bool { return cmp.Equal(a.Data(), b.Data(), bits, bits32) })
	return cmp.Diff(a, b, bits, tensors)
}

// TestResume interrupts runs at some of their events and goes on from the bytes
// of a checkpoint with a new learner: the outcome is the same to the bit.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Recipe)
		mlp    bool
	}{
		{name: "discriminative", change: func(*Recipe) {}},
		{name: "generative", change: func(r *Recipe) { r.Model.Direction = model.Generative }},
		{name: "adamw", change: func(r *Recipe) { r.Optimizer, r.Model.Dtype = "adamw", model.Float64 }},
		{name: "momentum", change: func(r *Recipe) { r.Optimizer, r.Inference.Method = "momentum", model.Nesterov }},
		{name: "sgd", change: func(r *Recipe) {
			r.Optimizer, r.Inference.Method, r.Model.Direction = "sgd", model.SymmetricGaussSeidel, model.Generative
		}},
		{name: "preconditioned", change: func(r *Recipe) { r.Inference.Method, r.Inference.Tolerance = model.Preconditioned, 0.1 }},
		{name: "adam latents", change: func(r *Recipe) { r.Inference.Method = model.Adam }},
		{name: "patience", change: func(r *Recipe) { r.Learning.Patience, r.Learning.Rate, r.Learning.Epochs = 1, 0.05, 8 }},
		{name: "augmented", change: func(r *Recipe) { r.Data.Augment = data.Augmentation{Flip: true, Shift: 2, Crop: 1} }},
		{name: "warm", change: func(r *Recipe) { r.Inference.Start, r.Inference.Steps = model.Warm, 2 }},
		{name: "normal", change: func(r *Recipe) { r.Inference.Start, r.Inference.Method = model.Normal, model.Chain }},
		{name: "learned precision", change: func(r *Recipe) {
			r.Model.Energies, r.Inference.Method = []model.NodeEnergy{model.Gaussian, model.GaussianLearned, model.CrossEntropy}, model.ErrorCoordinates
		}},
		{name: "no validation", change: func(r *Recipe) { r.Data.Validation = 0 }},
		{name: "diverging", change: func(r *Recipe) {
			r.Inference.Unguarded, r.Inference.Rate, r.Inference.Steps, r.Learning.Rate, r.Model.Activation = true, 0.4, 1000, 0.3, "identity"
		}},
		{name: "lag", change: func(r *Recipe) { // made anew now and then
			r.Inference, r.Model.Layers, r.Learning.Rate = model.Inference{Method: model.GaussSeidel, Steps: 1, Lag: model.LagOf(0.05)}, []int{64, 12, 12, 10}, 0.005
		}},
		{name: "lag, incremental", change: func(r *Recipe) {
			r.Inference, r.Model.Layers, r.Learning.Rule = model.Inference{Method: model.GaussSeidel, Steps: 3, Lag: model.LagOf(0.05)}, []int{64, 12, 12, 10}, "ipc"
		}},
		{name: "lag, drawn softly", change: func(r *Recipe) {
			r.Inference, r.Model.Layers, r.Learning.Rule = model.Inference{Method: model.GaussSeidel, Steps: 4, Lag: model.LagOf(0.05)}, []int{64, 12, 12, 10}, "nudging soft=true sign=centred"
		}},
		{name: "lag, learned precision, guarded", change: func(r *Recipe) {
			r.Model.Energies, r.Model.Layers = []model.NodeEnergy{model.Gaussian, model.GaussianLearned, model.GaussianLearned, model.Gaussian}, []int{64, 12, 12, 10}
			r.Inference, r.Learning.Rate = model.Inference{Method: model.SymmetricGaussSeidel, Steps: 2, Lag: model.LagOf(10)}, 0.3
		}},
		{name: "backprop", mlp: true, change: func(*Recipe) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recipe(t, "digits", model.Discriminative, "", 1)
			r.Data.Limit, r.Data.Validation = 200, 100
			r.Model.Layers = []int{64, 12, 10}
			r.Inference = model.Inference{}
			r.Learning.Epochs, r.Learning.Batch = 3, 64
			c.change(&r)
			sets, err := r.Data.Load()
			must(t, err)
			learner := func() Learner {
				if c.mlp {
					l, err := r.Baseline().PCN()
					must(t, err)
					return l
				}
				l, err := r.PCN()
				must(t, err)
				return l
			}
			var files [][]byte
			want := finish(t, r, learner(), sets, Options{Event: func(e Event) error {
				var b bytes.Buffer
				must(t, e.Checkpoint().Write(&b))
				files = append(files, b.Bytes())
				return nil
			}})
			last := want.History.Epochs[len(want.History.Epochs)-1]
			if c.name == "diverging" && (last.Validation != nil || len(files) < 3) {
				t.Fatalf("the run was to end after a few batches with an energy that is no number, and is %v after %d epochs", want.History.Status, len(want.History.Epochs))
			}
			if c.name == "patience" && (want.History.Best == 0 || len(want.History.Epochs) != want.History.Best+1) {
				t.Fatalf("%d epochs with the best at %d and a patience of 1", len(want.History.Epochs), want.History.Best)
			}
			for i, file := range files {
				from, err := ReadCheckpoint(file)
				must(t, err)
				if diff := differ(want, finish(t, r, learner(), sets, Options{From: from})); diff != "" {
					t.Fatalf("resumed at event %d of %d:\n%s", i+1, len(files), diff)
				}
			}
		})
	}
}

// TestPatience keeps the weights of the best epoch.
func TestPatience(t *testing.T) {
	r := recipe(t, "sine", model.Discriminative, "", 1)
	r.Learning.Patience, r.Learning.Rate, r.Learning.Epochs, r.Learning.Schedule = 3, 0.05, 100, "constant"
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	last := 0
	h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{Event: func(e Event) error {
		if e.Last {
			last = e.Epoch
		}
		return nil
	}})
	must(t, err)
	if n := len(h.Epochs); n == 100 || n != h.Best+3 || n != last {
		t.Fatalf("%d epochs, the best %d, the one told to be the last %d; want an end 3 after the best", n, h.Best, last)
	}
	for _, e := range h.Epochs {
		if e.Validation.MSE < h.Epochs[h.Best-1].Validation.MSE {
			t.Errorf("epoch %d is better than the best", e.Epoch)
		}
	}
	score, err := Evaluate(context.Background(), l, sets.Validation)
	must(t, err)
	if want := h.Epochs[h.Best-1].Validation.MSE; score.MSE != want {
		t.Errorf("the network scores %v, the best epoch scored %v", score.MSE, want)
	}
	if _, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{}); err == nil || !strings.Contains(err.Error(), "patience") {
		t.Errorf("patience without a validation set: %v", err)
	}
}

// TestPatienceOfFew learns from few examples, with fewer to go by: training does not
// end with the first epoch that is right about all of these.
func TestPatienceOfFew(t *testing.T) {
	mean := 0.0
	for seed := range uint64(4) {
		r := recipe(t, "digits", model.Discriminative, "", seed+1)
		r.Data.Limit, r.Data.Validation, r.Learning.Patience = 200, 30, 5
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
		must(t, err)
		score, err := Evaluate(context.Background(), l, sets.Test)
		must(t, err)
		t.Logf("epoch %d of %d scores %.3f", h.Best, len(h.Epochs), score.Accuracy)
		mean += score.Accuracy / 4
	}
	if mean < 0.92 { // 0.88 where accuracy decides
		t.Errorf("the mean accuracy is %.3f, want at least 0.92", mean)
	}
}

// small returns a recipe, its data, and a checkpoint in the middle of its second
// epoch.
func small(t testing.TB) (Recipe, Sets, *Checkpoint) {
	r := recipe(t, "sine", model.Discriminative, "", 1)
	r.Data.Limit, r.Data.Validation, r.Model.Layers = 40, 20, []int{1, 3, 1}
	r.Learning.Epochs, r.Learning.Batch, r.Learning.Patience = 2, 16, 5
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	var c *Checkpoint
	enough := errors.New("enough")
	_, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{Event: func(e Event) error {
		if e.Epoch == 2 && e.Batch == 2 {
			c = e.Checkpoint()
			c.Recipe = &r
			return enough
		}
		return nil
	}})
	if !errors.Is(err, enough) {
		t.Fatalf("the callback's error came back as %v", err)
	}
	return r, sets, c
}

// TestBadCheckpoints changes one thing of a checkpoint at a time.
func TestBadCheckpoints(t *testing.T) {
	r, sets, good := small(t)
	for want, change := range map[string]func(*Checkpoint){
		"was made with {Rule:pc From: Epochs:3":         func(c *Checkpoint) { c.Learning.Epochs = 3 },
		"its training part had 41 examples and has 40":  func(c *Checkpoint) { c.Data.Train.Examples++ },
		"its validation part has other values":          func(c *Checkpoint) { c.Data.Validation.SHA256 = "0" },
		"batch: must be 0 to 3, got 4":                  func(c *Checkpoint) { c.Batch = 4 },
		"batch: must be 0 to 3, got -1":                 func(c *Checkpoint) { c.Batch = -1 },
		"record: must be epoch 2 with 3 batches":        func(c *Checkpoint) { c.Record.Epoch = 1 },
		"best: must be a scored epoch, got 2":           func(c *Checkpoint) { c.History.Best = 2 },
		"epochs[0]: must be epoch 1":                    func(c *Checkpoint) { c.History.Epochs[0].Epoch = 2 },
		"epochs[0]: has a validation score, or lacks ":  func(c *Checkpoint) { c.History.Epochs[0].Validation = nil },
		"3 epochs of 2":                                 func(c *Checkpoint) { c.History.Epochs = make([]Epoch, 3) },
		"stream: ":                                      func(c *Checkpoint) { c.Stream = []byte("nonsense") },
		"norms: must be float64 of shape (2), got none": func(c *Checkpoint) { delete(c.State.Tensors, "learner.network.norms") },
		"norms_current: must be 0 or 1 for each":        func(c *Checkpoint) { c.State.Values["learner.network.norms_current"] = "perhaps" },
		"parameters: must be 4 tensors, got 1":          func(c *Checkpoint) { delete(c.State.Tensors, "learner.network.parameters.1") },
		"parameters.0: must be float32 of shape (1, 3), got float32 of shape (3, 1)": func(c *Checkpoint) {
			c.State.Tensors["learner.network.parameters.0"] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 1))
		},
		"best: model: state: parameters: must be 4 tensors, got 0": func(c *Checkpoint) { delete(c.State.Tensors, "best.network.parameters.0") },
		"steps: must be a whole number >= 0, got \"-1\"":           func(c *Checkpoint) { c.State.Values["learner.optimizer.steps"] = "-1" },
		"3 first and 4 second moments after 5 steps":               func(c *Checkpoint) { delete(c.State.Tensors, "learner.optimizer.first.3") },
	} {
		var b bytes.Buffer
		must(t, good.Write(&b))
		c, err := ReadCheckpoint(b.Bytes())
		must(t, err)
		change(c)
		l, err := r.PCN()
		must(t, err)
		_, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{From: c})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}

	path := filepath.Join(t.TempDir(), "checkpoint")
	must(t, good.Save(path))
	c, err := LoadCheckpoint(path)
	must(t, err)
	if diff := cmp.Diff(*good.Recipe, *c.Recipe); diff != "" {
		t.Errorf("the recipe has changed:\n%s", diff)
	}
	if _, err := LoadCheckpoint(path + "s"); err == nil || !strings.Contains(err.Error(), path+"s") {
		t.Errorf("a missing file: %v", err)
	}
	good.Recipe.Model.Layers = []int{1, 1 << 20, 1 << 9, 1}
	var b bytes.Buffer
	must(t, good.Write(&b))
	if _, err := ReadCheckpoint(b.Bytes()); err == nil || !strings.Contains(err.Error(), "and the file holds") {
		t.Errorf("a recipe larger than its file: %v", err)
	}
}

// TestBits flips bits of each byte of a checkpoint's file, and cuts it everywhere:
// it is refused, or the checkpoint is the one that was written.
func TestBits(t *testing.T) {
	_, _, c := small(t)
	var file, again bytes.Buffer
	must(t, c.Write(&file))
	whole := file.Bytes()
	for i := 0; i < 8*len(whole); i += 5 {
		damaged := bytes.Clone(whole)
		damaged[i/8] ^= 1 << (i % 8)
		if got, err := ReadCheckpoint(damaged); err == nil {
			again.Reset()
			must(t, got.Write(&again))
			if !bytes.Equal(again.Bytes(), whole) {
				t.Errorf("with bit %d flipped it was read as another", i)
			}
		}
	}
	for size := range whole {
		if _, err := ReadCheckpoint(whole[:size]); err == nil {
			t.Errorf("cut to %d of %d bytes it was read", size, len(whole))
		}
	}
}

// TestEpochSurvivesJSON fills every field of an Epoch: none is lost, and what is
// no finite number is null.
func TestEpochSurvivesJSON(t *testing.T) {
	var e Epoch
	v := reflect.ValueOf(&e).Elem()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, field := range reflect.VisibleFields(v.Type()) {
		if field.Anonymous {
			continue
		}
		switch f := v.FieldByIndex(field.Index); f.Interface().(type) {
		case int:
			f.SetInt(rng.Int64N(1000) + 1)
		case float64:
			f.SetFloat(rng.Float64())
		case *float64:
			x := rng.Float64()
			f.Set(reflect.ValueOf(&x))
		case []float64:
			f.Set(reflect.ValueOf([]float64{rng.Float64(), rng.Float64()}))
		case model.Names:
			f.Set(reflect.ValueOf(model.Names{"input", "target"}))
		case *Score:
			f.Set(reflect.ValueOf(&Score{Examples: 3, Classes: 4, Accuracy: rng.Float64(), MSE: rng.Float64(), Loss: rng.Float64()}))
		default:
			t.Fatalf("field %s of type %v is not filled", field.Name, f.Type())
		}
	}
	text, err := json.Marshal(e)
	must(t, err)
	var again Epoch
	must(t, json.Unmarshal(text, &again))
	if diff := cmp.Diff(e, again); diff != "" {
		t.Error(diff)
	}
	e.Energy, e.NodeEnergy, e.Validation = math.Inf(1), []float64{math.NaN()}, nil
	text, err = json.Marshal(e)
	must(t, err)
	if !strings.Contains(string(text), `"energy":null,"node_energy":[null],"inference_rate"`) {
		t.Errorf("got %s", text)
	}
	must(t, json.Unmarshal(text, &again))
	if !math.IsNaN(again.Energy) {
		t.Errorf("null was read as %v", again.Energy)
	}
}

// FuzzReadCheckpoint reads what may be a checkpoint, with at most 64 bytes of
// memory for each of its own, and goes on from what is one.
func FuzzReadCheckpoint(f *testing.F) {
	fuzzing.Sparingly(f)
	r, sets, c := small(f)
	var b bytes.Buffer
	must(f, c.Write(&b))
	f.Add(b.Bytes())
	f.Add(bytes.Replace(b.Bytes(), []byte("F32"), []byte("F64"), 1))
	f.Add(bytes.Replace(b.Bytes(), []byte(`\"batch\":2`), []byte(`\"batch\":9`), 1))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte(fmt.Sprintf("%c\x00\x00\x00\x00\x00\x00\x00%s", 54, `{"__metadata__":{"pcn.checkpoint":"{\"version\":2}"}}  `)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tensors, texts, err := tensorfile.Read(data)
		var c *Checkpoint
		if err == nil {
			c, err = decodeCheckpoint(tensors, texts) // whatever its hash
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+64*uint64(len(data)) {
			t.Errorf("%d bytes allocated for a file of %d", used, len(data))
		}
		if err != nil {
			return
		}
		var b bytes.Buffer
		must(t, c.Write(&b))
		_, err = ReadCheckpoint(b.Bytes())
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{From: c})
		if err == nil && len(h.Epochs) == 0 {
			t.Error("went on to no epoch at all")
		}
	})
}

// TestCheckpointWithoutRule: one from before there were rules goes on by the only one there
// was.
func TestCheckpointWithoutRule(t *testing.T) {
	r, sets, c := small(t)
	c.Learning.Rule = ""
	l, err := r.PCN()
	must(t, err)
	_, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{From: c})
	must(t, err)
	r.Learning.Rule = "ipc"
	l, err = r.PCN()
	must(t, err)
	if _, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{From: c}); err == nil || !strings.Contains(err.Error(), "was made with {Rule:") {
		t.Errorf("by another rule: got error %v", err)
	}
}
