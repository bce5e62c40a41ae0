package train

import (
	"context"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// learned returns a float64 network that has learned a dataset, and the first test
// examples.
func learned(t *testing.T, dataset string, direction model.Direction, layers []int, examples int) (*model.Network, Batch) {
	t.Helper()
	r, err := DefaultRecipe(dataset, direction, "default")
	must(t, err)
	r.SetSeed(1)
	r.Data.Limit, r.Learning.Epochs = 1500, 8
	r.Model.Layers, r.Model.Precisions, r.Model.Dtype = layers, nil, model.Float64
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	_, err = Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{})
	must(t, err)
	return l.Network(), gather(t, sets.Test.Limit(examples))
}

// gather returns a set as a float64 batch.
func gather(t *testing.T, set *data.Set) Batch {
	t.Helper()
	b := Batch{
		Inputs:  tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(set.Len(), set.InputSize())),
		Targets: tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(set.Len(), set.TargetSize())),
	}
	for i := range set.Len() {
		b.Examples = append(b.Examples, i)
	}
	must(t, set.Gather(b.Examples, b.Inputs, b.Targets))
	return b
}

// TestToLose holds the estimate of the energy still to lose against what 20,000
// steps lose, wherever 1 % of the energy or more is left: what it finds in a few steps
// is most of it, and less about the kinks of a leaky-relu; and a dozen examples stand
// for all.
func TestToLose(t *testing.T) {
	n, batch := learned(t, "digits", model.Discriminative, []int{64, 32, 24, 10}, 12) // leaky-relu
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "discriminative", 0.55, 1.1)

	n, batch = learned(t, "digits", model.Generative, []int{64, 32, 24, 10}, 12) // tanh
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "generative", 0.99, 1.01)
	testToLose(t, n, n.Clamp(batch.Inputs, nil), "generative, top free", 0.9, 1.01)
	masked := n.Clamp(batch.Inputs, batch.Targets)
	half := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, 64))
	for i := range 32 {
		half.Float64s()[i] = 1
	}
	masked["input"] = model.Clamp{Values: batch.Inputs, Fixed: half}
	testToLose(t, n, masked, "generative, half the input", 0.95, 1.01)

	n, batch = learned(t, "digits", model.Generative, []int{64, 32, 24, 10}, 50)
	testToLose(t, n, n.Clamp(batch.Inputs, nil), "generative, top free, 50 examples", 0.6, 1.4)
}

func TestToLoseOnMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	if _, ok := data.Find("mnist"); !ok {
		t.Skip("no MNIST")
	}
	// From two of the stops the estimate's steps come to a lower energy than 20,000 do.
	n, batch := learned(t, "mnist", model.Discriminative, []int{784, 64, 32, 10}, 12)
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "discriminative", 0.55, 1.5)

	n, batch = learned(t, "mnist", model.Generative, []int{784, 64, 32, 10}, 12)
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "generative", 0.99, 1.01)
	testToLose(t, n, n.Clamp(batch.Inputs, nil), "generative, top free", 0.9, 1.01)
}

func testToLose(t *testing.T, n *model.Network, c model.Clamps, name string, low, high float64) {
	t.Helper()
	for _, method := range []model.Method{model.Gradient, model.GaussSeidel} {
		rest, err := n.Settle(context.Background(), c, model.Inference{Method: method, Steps: 20000})
		must(t, err)
		compared := 0
		for _, steps := range []int{1, 2, 5, 10, 20, 50, 100, 300} {
			r, err := n.Settle(context.Background(), c, model.Inference{Method: method, Steps: steps, Estimate: true})
			must(t, err)
			left := r.Energy - rest.Energy
			t.Logf("%s, %v, T = %d: %.2g of the energy left, estimate/left %.3f, %.3g of the fall made, residual %.2g", name, method, steps, left/r.Energy, r.ToLose/left, r.Reached(), r.Residual)
			if !(r.Reached() >= 0 && r.Reached() <= 1) {
				t.Errorf("%s, %v, T = %d: %v of the fall made", name, method, steps, r.Reached())
			}
			if left < 0.01*r.Energy {
				continue
			}
			compared++
			if ratio := r.ToLose / left; ratio < low || ratio > high {
				t.Errorf("%s, %v, T = %d: %.3g to lose, and %.3g is left of %.3g", name, method, steps, r.ToLose, left, r.Energy)
			}
		}
		if compared < 2 {
			t.Errorf("%s, %v: compared at %d stops only", name, method, compared)
		}
	}
}
