package rule

import (
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TestWeightIsRepetition: an example of weight k moves the weights as one that is in the batch k
// times, under each rule that draws nothing at random, and so it does a precision that is
// learned.
func TestWeightIsRepetition(t *testing.T) {
	noisy := chain(false)
	noisy.Energies = []model.NodeEnergy{model.GaussianLearned, model.Gaussian, model.GaussianLearned, model.Gaussian, model.Gaussian}
	noisy.Direction = model.Generative
	for _, c := range []struct {
		rule string
		of   model.Config
	}{
		{"pc", chain(false)}, {"pc", skipping(true)}, {"pc", convolving("max-pool 2")}, {"pc", noisy}, {"ipc", chain(false)}, {"ipc joint=true", chain(true)}, {"epc", branching()},
		{"fpa", chain(false)}, {"z-il", branching()}, {"nudging", chain(false)}, {"nudging sign=centred", branching()}, {"hybrid", guessing()}, {"backprop", convolving("avg-pool 2")},
	} {
		inf := model.Inference{Steps: 5, Rate: 0.05}
		if m, wants := Method(c.rule); wants {
			inf.Method = m
		}
		l, repeated := lesson(t, c.of), lesson(t, c.of)
		plain, _ := update(t, c.rule, l, inf)
		var whole []int
		for row := range l.Inputs.Shape()[0] {
			k := 1 + row%3
			l.Weights = append(l.Weights, float64(k))
			for range k {
				whole = append(whole, row)
			}
		}
		repeated.Inputs, repeated.Targets = rows(l.Inputs, whole), rows(l.Targets, whole)
		repeated.Clamps = repeated.Network.Clamp(repeated.Inputs, repeated.Targets)
		weighed, _ := update(t, c.rule, l, inf)
		want, _ := update(t, c.rule, repeated, inf)
		if of := off(weighed, want); !(of < 1e-12) {
			t.Errorf("%s, %v: the update is %g from that of examples that are there so often", c.rule, c.of, of)
		}
		if of := off(plain, want); of < 1e-3 {
			t.Errorf("%s, %v: weights change an update by %g alone", c.rule, c.of, of)
		}
	}
}

// rows returns some rows of x.
func rows(x *tensor.Dense, of []int) *tensor.Dense {
	all := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(len(of), x.Shape()[1]))
	for i, row := range of {
		dense.CopyRow(all, i, x, row)
	}
	return all
}
