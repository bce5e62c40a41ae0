package train

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// TestBackpropGradient holds the baseline's directions against central
// differences of its loss, ½‖target − prediction‖²/B or that of another energy,
// with weight decay and without.
func TestBackpropGradient(t *testing.T) {
	for activation, labels := range map[string]model.NodeEnergy{"tanh": model.Gaussian, "gelu": model.CrossEntropy, "leaky-relu": model.Bernoulli} {
		decay := 0.3 * float64(len(activation)%2)
		n, err := model.New(model.Config{Layers: []int{4, 5, 6, 3}, Activation: activation, TopActivation: "tanh", Dtype: model.Float64, Seed: 2, WeightInit: model.PyTorch,
			Energies: []model.NodeEnergy{model.Gaussian, model.Gaussian, model.Gaussian, labels}, WeightDecay: decay})
		must(t, err)
		spy := &recorder{}
		b, err := NewPCN(n, rule.Backprop{}, model.Inference{}, spy)
		must(t, err)
		rng := rand.New(rand.NewPCG(1, 1))
		const rows = 7
		x, y := normal(rng, rows, 4), normal(rng, rows, 3)
		if labels != model.Gaussian {
			for i := range y.Float64s() {
				y.Float64s()[i] = rng.Float64()
			}
		}
		step, err := b.Learn(context.Background(), Batch{Inputs: x, Targets: y}, 1)
		must(t, err)
		loss := func() float64 {
			p, err := b.Predict(context.Background(), x)
			must(t, err)
			sum := 0.0
			for i, v := range p.Float64s() {
				switch want := y.Float64s()[i]; labels {
				case model.CrossEntropy:
					sum -= want * math.Log(v)
				case model.Bernoulli:
					sum -= want*math.Log(v) + (1-want)*math.Log(1-v)
				default:
					sum += (v - want) * (v - want) / 2
				}
			}
			for i := range n.Predictions() {
				for _, w := range n.Weights(i).Float64s() {
					sum += rows * decay * w * w / 2
				}
			}
			return sum / rows
		}
		if got := loss(); math.Abs(step.Energy-got) > 1e-12 {
			t.Errorf("%s: loss %v, want %v", activation, step.Energy, got)
		}
		for i, p := range n.Parameters() {
			w := p.Float64s()
			at := slices.Clone(w)
			want := fd.Gradient(nil, func(q []float64) float64 {
				copy(w, q)
				n.Changed()
				return -loss()
			}, at, &fd.Settings{Formula: fd.Central})
			copy(w, at)
			n.Changed()
			for j := range want {
				if got := spy.directions[i][j]; math.Abs(got-want[j]) > 1e-6*(1+math.Abs(want[j])) {
					t.Errorf("%s: parameter %d[%d]: direction %v, want %v", activation, i, j, got, want[j])
				}
			}
		}
	}
}

// recorder is an optimiser that remembers the directions and moves nothing.
type recorder struct{ directions [][]float64 }

func (r *recorder) String() string { return "recorder" }

func (r *recorder) State() model.State { return model.State{} }

func (r *recorder) SetState(model.State) error { return nil }

func (r *recorder) Step(_, directions []*tensor.Dense, _ float64) error {
	r.directions = nil
	for _, d := range directions {
		r.directions = append(r.directions, slices.Clone(d.Float64s()))
	}
	return nil
}

// TestFirstBatchIsBackprop: with the target's error small beside the weights'
// reach, a PCN that starts top-down and takes one small step has at each layer
// backprop's error to first order (Whittington and Bogacz 2017, section 3): the
// directions point the same way.
func TestFirstBatchIsBackprop(t *testing.T) {
	r := Recipe{Model: model.Config{Layers: []int{6, 8, 3}, Dtype: model.Float64, Seed: 5}}
	spies := [2]*recorder{{}, {}}
	n, err := model.New(r.Model)
	must(t, err)
	pcn, err := NewPCN(n, nil, model.Inference{Steps: 1, Rate: 1e-4}, spies[0])
	must(t, err)
	m, err := model.New(r.Model)
	must(t, err)
	mlp, err := NewPCN(m, rule.Backprop{}, model.Inference{}, spies[1])
	must(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := normal(rng, 9, 6), normal(rng, 9, 3)
	for _, l := range []Learner{pcn, mlp} {
		_, err := l.Learn(context.Background(), Batch{Inputs: x, Targets: y}, 1)
		must(t, err)
	}
	for i := range spies[0].directions {
		a, b := spies[0].directions[i], spies[1].directions[i]
		var ab, aa, bb float64
		for j := range a {
			ab, aa, bb = ab+a[j]*b[j], aa+a[j]*a[j], bb+b[j]*b[j]
		}
		if cos := ab / math.Sqrt(aa*bb); cos < 1-1e-6 {
			t.Errorf("parameter %d: cosine %v between the Hebbian update and backprop's gradient", i, cos)
		}
	}
}

// TestBaselineHasTheSameLoss makes the baseline of recipes whose energies differ.
func TestBaselineHasTheSameLoss(t *testing.T) {
	g, l, c := model.Gaussian, model.GaussianLearned, model.CrossEntropy
	for _, test := range []struct {
		direction model.Direction
		energies  []model.NodeEnergy
		want      model.NodeEnergy
	}{
		{model.Discriminative, nil, g},
		{model.Discriminative, []model.NodeEnergy{g, l, c}, c},
		{model.Discriminative, []model.NodeEnergy{g, l, l}, g},
		{model.Generative, []model.NodeEnergy{model.Bernoulli, l, g}, g},
	} {
		r := Recipe{Model: model.Config{Layers: []int{4, 3, 2}, Direction: test.direction, Energies: test.energies, ActivityPrior: 1, WeightDecay: 0.1}}
		b, err := r.Baseline().PCN()
		must(t, err)
		if got := b.Network().NodeEnergy(0); got != test.want || b.Network().Config().WeightDecay != 0.1 {
			t.Errorf("%v %v: the baseline's loss is %v, want %v", test.direction, test.energies, got, test.want)
		}
	}
	for want, cfg := range map[string]model.Config{
		"precision of hidden1: must not be learned where errors are 0": {Layers: []int{4, 3, 2}, Energies: []model.NodeEnergy{g, l, g}},
		"without feedback or prior":                                    {Layers: []int{4, 3, 2}, ActivityPrior: 2},
	} {
		n, err := model.New(cfg)
		must(t, err)
		if _, err := NewPCN(n, rule.Backprop{}, model.Inference{}, &SGD{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}
