package train

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// counting is a learner with something of its own, that no network knows of.
type counting struct {
	*PCN
	batches *tensor.Dense
}

func newCounting(t *testing.T, r Recipe) *counting {
	t.Helper()
	l, err := r.PCN()
	must(t, err)
	return &counting{l, tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{0}))}
}

func (c *counting) Learn(ctx context.Context, b Batch, rate float64) (Step, error) {
	c.batches.Float64s()[0]++
	return c.PCN.Learn(ctx, b, rate)
}

func (c *counting) State() model.State {
	s := c.PCN.State()
	s.SetTensor("own", c.batches)
	return s
}

func (c *counting) SetState(s model.State) error {
	copy(c.batches.Float64s(), s.Tensors["own"].Float64s())
	return c.PCN.SetState(s)
}

// text returns all of a state, to compare.
func text(t *testing.T, s model.State) string {
	t.Helper()
	var b bytes.Buffer
	must(t, (&Checkpoint{State: s, History: History{}}).Write(&b))
	return b.String()
}

// TestFitKeepsAllOfTheBest has patience end training at a bad rate: the learner is
// then, momenta and what is its own included, as it was after the best epoch, and so
// it is where the run was interrupted after that epoch.
func TestFitKeepsAllOfTheBest(t *testing.T) {
	r := recipe(t, "sine", model.Discriminative, "", 3)
	r.Data.Limit, r.Data.Validation = 200, 50
	r.Learning.Epochs, r.Learning.Batch, r.Learning.Patience, r.Learning.Rate = 60, 16, 3, 0.05
	sets, err := r.Data.Load()
	must(t, err)
	states := map[int]string{} // by epoch
	var c *Checkpoint
	l := newCounting(t, r)
	h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{Event: func(e Event) error {
		if e.Done != nil {
			states[e.Epoch] = text(t, l.State())
		} else if e.Batch == 2 {
			c = e.Checkpoint()
		}
		return nil
	}})
	must(t, err)
	last := len(h.Epochs)
	if h.Best == 0 || h.Best == last || states[h.Best] == states[last] {
		t.Fatalf("the best of %d epochs is %d: nothing is put back", last, h.Best)
	}
	if text(t, l.State()) != states[h.Best] {
		t.Error("after training the learner is not as it was after the best epoch")
	}
	if want := float64(h.Best * ((sets.Train.Len() + 15) / 16)); l.batches.Float64s()[0] != want {
		t.Errorf("%v batches counted at the best epoch, want %v", l.batches, want)
	}

	var file bytes.Buffer
	must(t, c.Write(&file))
	c, err = ReadCheckpoint(file.Bytes())
	must(t, err)
	again := newCounting(t, r)
	resumed, err := Fit(context.Background(), again, r.Learning, sets.Train, sets.Validation, Options{From: c})
	must(t, err)
	if resumed.Best != h.Best || text(t, again.State()) != states[h.Best] {
		t.Errorf("resumed in epoch %d, best %d: the learner is not as it was after the best epoch, %d", c.Record.Epoch, resumed.Best, h.Best)
	}
}

// bare is a learner whose steps say what its author thought of, and no more.
type bare struct {
	*PCN
	energy float64
	steps  int
}

func (b *bare) Learn(context.Context, Batch, float64) (Step, error) {
	b.steps++
	return Step{Settled: Settled{Energy: b.energy}}, nil
}

// TestForgottenFieldsDoNotEndTraining counts the batches of a learner that fills in the
// energy alone.
func TestForgottenFieldsDoNotEndTraining(t *testing.T) {
	r := recipe(t, "sine", model.Discriminative, "", 1)
	r.Data.Limit = 64
	sets, err := r.Data.Load()
	must(t, err)
	for energy, want := range map[float64]int{0: 6, 2: 6, math.Inf(1): 1} {
		l, err := r.PCN()
		must(t, err)
		b := &bare{PCN: l, energy: energy}
		h, err := Fit(context.Background(), b, Learning{Epochs: 3, Batch: 32}, sets.Train, nil, Options{})
		must(t, err)
		if b.steps != want {
			t.Errorf("energy %v: %d batches in %d epochs, want %d", energy, b.steps, len(h.Epochs), want)
		}
	}
}

// TestFitRefuses gives what is missing or belongs elsewhere: it is an error at once.
func TestFitRefuses(t *testing.T) {
	r := recipe(t, "sine", model.Discriminative, "", 1)
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	fit := func(l Learner, c Learning) error {
		_, err := Fit(context.Background(), l, c, sets.Train, nil, Options{})
		return err
	}
	_, noOptimizer := NewPCN(l.Network(), nil, model.Inference{}, nil)
	_, noNetwork := NewPCN(nil, nil, model.Inference{}, &Adam{})
	_, zeroNetwork := NewPCN(&model.Network{}, rule.Backprop{}, model.Inference{}, &Adam{})
	_, method := NewPCN(l.Network(), nil, model.Inference{Method: "none"}, &Adam{})
	_, noSet := Fit(context.Background(), l, r.Learning, nil, nil, Options{})
	_, emptySet := Evaluate(context.Background(), l, sets.Train.Subset(nil))
	_, inputsOnly := l.Learn(context.Background(), Batch{Targets: tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 1))}, 0.1)
	for want, err := range map[string]error{
		"train: optimizer: must be one, such as of NewOptimizer, got none": noOptimizer,
		"train: network: must be one of model.New or model.Load, got none": noNetwork,
		"network: must be one of model.New or model.Load, got none":        zeroNetwork,
		"train: the set: must have examples, got none":                     noSet,
		"train: sine: must have examples, got none":                        emptySet,
		"train: learner: must be one, such as of NewPCN, got none":         fit(nil, r.Learning),
		"train: batch: inputs: must be float32 of shape (B, 1), got none":  inputsOnly,
		"train: learning: epochs: must be > 0, got -1":                     fit(l, Learning{Epochs: -1}),
		"train: inference: method: must be one of adam, chain":             method,
	} {
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "\n", " "), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if strings.Contains(method.Error(), "rate") {
		t.Errorf("a bad method is said to have a bad rate: %v", method)
	}
}
