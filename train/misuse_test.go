package train

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// TestMisuse calls what a user can call with what is missing, zero, or of another
// network or set: each is an error that says what must be, and none a panic.
func TestMisuse(t *testing.T) {
	ctx := context.Background()
	network := func(layers ...int) *model.Network {
		n, err := model.New(model.Config{Layers: layers, Seed: 1})
		must(t, err)
		return n
	}
	learner := func(layers ...int) *PCN {
		l, err := NewPCN(network(layers...), nil, model.Inference{}, &Adam{})
		must(t, err)
		return l
	}
	n, l := network(4, 3, 2), learner(4, 3, 2)
	perceptron, err := NewPCN(n, rule.Backprop{}, model.Inference{}, &SGD{})
	must(t, err)
	sine := data.Sine(20, 0.1, 1)
	digits, err := data.Digits()
	must(t, err)
	ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 4))
	x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 4))
	y := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 2))
	x3, y3 := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 4)), tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 2))
	r, err := n.Settle(ctx, n.Clamp(x, y), model.Inference{})
	must(t, err)
	tensors := func(t ...*tensor.Dense) []*tensor.Dense { return t }
	for name, c := range map[string]struct {
		call func() error
		want string // contained in the error
	}{
		"Fits: nothing":             {func() error { return Fits(nil, nil) }, "network: must be one of model.New or model.Load, got none"},
		"Examples: no set":          {func() error { _, err := Examples(n, nil); return err }, "the set: must have examples, got none"},
		"Examples: another's":       {func() error { _, err := Examples(n, sine); return err }, "sine: must have 4 inputs as the network takes, got 1"},
		"Examples: no such row":     {func() error { _, err := Examples(network(1, 3, 1), sine, -1); return err }, "rows[0]"},
		"Evaluate: no learner":      {func() error { _, err := Evaluate(ctx, nil, sine); return err }, "learner: must be one"},
		"Evaluate: no set":          {func() error { _, err := Evaluate(ctx, l, nil); return err }, "the set: must have examples, got none"},
		"Fit: another's validation": {func() error { _, err := Fit(ctx, learner(1, 3, 1), Learning{}, sine, digits, Options{}); return err }, "digits: must have 1 inputs as the network takes, got 64: the validation set"},
		"Fit: zero checkpoint": {func() error {
			_, err := Fit(ctx, learner(1, 3, 1), Learning{}, sine, nil, Options{From: &Checkpoint{}})
			return err
		}, "checkpoint: was made with"},
		"Cosines: nothing":          {func() error { _, err := Cosines(nil, nil, Batch{}); return err }, "network: must be one of"},
		"Cosines: no result":        {func() error { _, err := Cosines(n, nil, Batch{}); return err }, "result: must be of a settled batch, got none"},
		"Cosines: no batch":         {func() error { _, err := Cosines(n, r, Batch{}); return err }, "batch: inputs: must be float32 of shape (B, 4), got none"},
		"Cosines: another batch":    {func() error { _, err := Cosines(n, r, Batch{Inputs: x3, Targets: y3}); return err }, "result must be of the batch's 3 examples, got 2"},
		"Nearest: nothing":          {func() error { _, err := Nearest(ctx, model.Clamp{}, nil); return err }, "nearest: among: must be float64 of shape (B, B), got none"},
		"Nearest: integers":         {func() error { _, err := Nearest(ctx, model.Clamp{Values: x}, ints); return err }, "nearest: among: must be float64"},
		"Nearest: mask of integers": {func() error { _, err := Nearest(ctx, model.Clamp{Values: x, Fixed: ints}, x); return err }, "nearest: seen: fixed: must be"},
		"Adam: no tensors":          {func() error { return (&Adam{}).Step(tensors(nil), tensors(nil), 1) }, "params[0]: must be a tensor, got none"},
		"Adam: integers":            {func() error { return (&Adam{}).Step(tensors(ints), tensors(ints), 1) }, "params[0]: must be float64"},
		"Adam: zero state":          {func() error { return (&Adam{}).SetState(model.State{}) }, "steps: must be a whole number >= 0"},
		"SGD: no directions":        {func() error { return (&SGD{}).Step(tensors(x), nil, 1) }, "directions: must be one for each of the 1 params, got 0"},
		"SGD: no direction":         {func() error { return (&SGD{Momentum: 0.9}).Step(tensors(x), tensors(nil), 1) }, "directions[0]: must be float32 of shape (2, 4), got none"},
		"PCN: zero state":           {func() error { return l.SetState(model.State{}) }, "norms_current: must be"},
		"PCN: predicts nothing":     {func() error { _, err := l.Predict(ctx, nil); return err }, "must fix at least one node"},
		"PCN: zero batch":           {func() error { _, err := l.Learn(ctx, Batch{}, 1); return err }, "batch: inputs: must be float32 of shape (B, 4), got none"},
		"PCN: no targets":           {func() error { _, err := l.Learn(ctx, Batch{Inputs: x}, 1); return err }, "batch: targets: must be float32 of shape (2, 2), got none"},
		"PCN: fewer targets":        {func() error { _, err := l.Learn(ctx, Batch{Inputs: x3, Targets: y}, 1); return err }, "batch: targets: must be float32 of shape (3, 2), got float32 of shape (2, 2)"},
		"PCN: no such example": {func() error {
			_, err := l.Learn(ctx, Batch{Inputs: x, Targets: y, Examples: []int{0, -1}}, 1)
			return err
		}, "examples[1]: must be >= 0, got -1"},
		"PCN: fewer examples":        {func() error { _, err := l.Learn(ctx, Batch{Inputs: x, Targets: y, Examples: []int{0}}, 1); return err }, "examples: must be one for each of the 2 inputs, got 1"},
		"Backprop: no optimiser":     {func() error { _, err := NewPCN(n, rule.Backprop{}, model.Inference{}, nil); return err }, "optimizer: must be one, such as of NewOptimizer, got none"},
		"Backprop: zero batch":       {func() error { _, err := perceptron.Learn(ctx, Batch{}, 1); return err }, "batch: inputs: must be"},
		"Backprop: predicts nothing": {func() error { _, err := perceptron.Predict(ctx, nil); return err }, "must fix at least one node"},
		"checkpoint: nothing":        {func() error { _, err := ReadCheckpoint(nil); return err }, "not a safetensors file"},
		"checkpoint: no name":        {func() error { _, err := LoadCheckpoint(""); return err }, "checkpoint: "},
		"recipe: no dataset":         {func() error { _, err := DefaultRecipe("", 0, ""); return err }, "must be one of digits, sine"},
		"recipe: no such direction":  {func() error { _, err := DefaultRecipe("digits", 9, ""); return err }, "recipe: must be one that is built in, got digits-unknown(9).yaml"},
		"recipe: no such name":       {func() error { _, err := DefaultRecipe("digits", 0, "mine"); return err }, `must be default or article, got "mine"`},
		"own recipe: no such thing":  {func() error { _, err := OwnRecipe(Data{}, 9); return err }, "recipe: must be one that is built in"},
		"zero recipe":                {func() error { return Recipe{}.Validate() }, "model.layers: must name at least 2 sizes"},
		"zero recipe's network":      {func() error { _, err := Recipe{}.PCN(); return err }, "layers: must name at least 2 sizes"},
		"zero recipe's baseline":     {func() error { _, err := Recipe{}.Baseline().PCN(); return err }, "layers: must name at least 2 sizes"},
		"baseline without layers": {func() error {
			_, err := Recipe{Model: model.Config{Energies: []model.NodeEnergy{model.CrossEntropy}}}.Baseline().PCN()
			return err
		}, "layers: must name at least 2 sizes"},
		"zero data":          {func() error { _, err := Data{}.Load(); return err }, "dataset: must be one of digits"},
		"schedule: no name":  {func() error { _, err := NewSchedule(""); return err }, "must be one of constant, cosine"},
		"schedule: setting":  {func() error { _, err := NewSchedule("linear warmup=1"); return err }, "linear: warmup: must be a number > 0 and < 1, got \"1\""},
		"optimiser: no name": {func() error { _, err := NewOptimizer(""); return err }, "must be one of adam, adamw, momentum, sgd"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.call(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}

	// What returns no error says nothing of what is not there, and does not panic.
	must(t, (&Checkpoint{}).Save(filepath.Join(t.TempDir(), "checkpoint")))
	for what, got := range map[string]bool{
		"Accuracy":   math.IsNaN(Accuracy([]int{1}, nil)) && math.IsNaN(Accuracy(nil, nil)),
		"Checkpoint": Event{}.Checkpoint() == nil,
		"String":     Event{}.String() != "" && Epoch{}.String() != "" && (*History)(nil).String() == "no epochs" && Recipe{}.String() != "",
	} {
		if !got {
			t.Errorf("%s: not as it should be", what)
		}
	}
}
