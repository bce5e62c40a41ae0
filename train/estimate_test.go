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
// steps lose: within a factor of 3 wherever less than a tenth of the energy is
// left, and within 1.2 for a smooth activation.
func TestToLose(t *testing.T) {
	n, batch := learned(t, "digits", model.Discriminative, []int{64, 32, 24, 10}, 12) // leaky-relu
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "discriminative", 3, kinks)

	n, batch = learned(t, "digits", model.Generative, []int{64, 32, 24, 10}, 12) // tanh
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "generative", 1.2, rounding)
	testToLose(t, n, n.Clamp(batch.Inputs, nil), "generative, top free", 1.2, rounding)
	masked := n.Clamp(batch.Inputs, batch.Targets)
	masked[0].Fixed = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, 64))
	for i := range 32 {
		masked[0].Fixed.Float64s()[i] = 1
	}
	testToLose(t, n, masked, "generative, half the input", 1.2, rounding)
}

// The shares of the energy below which nothing is compared: that of rounding, and
// that by which 20,000 steps still go to and fro about the kinks of a leaky-relu.
const (
	rounding = 1e-10
	kinks    = 1e-5
)

func TestToLoseOnMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	if _, ok := data.Find("mnist"); !ok {
		t.Skip("no MNIST")
	}
	n, batch := learned(t, "mnist", model.Discriminative, []int{784, 64, 32, 10}, 12)
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "discriminative", 3, kinks)

	n, batch = learned(t, "mnist", model.Generative, []int{784, 64, 32, 10}, 12)
	testToLose(t, n, n.Clamp(batch.Inputs, batch.Targets), "generative", 1.2, rounding)
	testToLose(t, n, n.Clamp(batch.Inputs, nil), "generative, top free", 1.2, rounding)
}

func testToLose(t *testing.T, n *model.Network, c model.Clamps, name string, factor, floor float64) {
	t.Helper()
	for _, method := range []model.Method{model.Gradient, model.GaussSeidel} {
		rest, err := n.Settle(context.Background(), c, model.Inference{Method: method, Steps: 20000})
		must(t, err)
		compared := 0
		for _, steps := range []int{1, 2, 5, 10, 20, 50, 100, 300, 1000, 3000} {
			r, err := n.Settle(context.Background(), c, model.Inference{Method: method, Steps: steps, Estimate: true})
			must(t, err)
			left := r.Energy - rest.Energy
			t.Logf("%s, %v, T = %d: %.2g of the energy left, estimate/left %.3f, residual %.2g", name, method, steps, left/r.Energy, r.ToLose/left, r.Residual)
			if left > 0.1*r.Energy || left < floor*r.Energy {
				continue
			}
			compared++
			if ratio := r.ToLose / left; ratio < 1/factor || ratio > factor {
				t.Errorf("%s, %v, T = %d: %.3g to lose, and %.3g is left of %.3g", name, method, steps, r.ToLose, left, r.Energy)
			}
		}
		if compared < 3 {
			t.Errorf("%s, %v: compared at %d stops only", name, method, compared)
		}
	}
}
