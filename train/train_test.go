package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recipe returns a default recipe with its seed set.
func recipe(t testing.TB, dataset string, direction model.Direction, name string, seed uint64) Recipe {
	t.Helper()
	r, err := DefaultRecipe(dataset, direction, name)
	must(t, err)
	r.Data.Seed = seed // each with its split
	r.SetSeed(seed)
	return r
}

// fit trains l by r and returns its history and its score on the test part.
func fit(t testing.TB, r Recipe, l Learner) (*History, Score) {
	t.Helper()
	sets, err := r.Data.Load()
	must(t, err)
	h, err := Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
	must(t, err)
	s, err := Evaluate(context.Background(), l, sets.Test)
	must(t, err)
	return h, s
}

// TestLearnsDigits is the main job, cut to ten epochs: seeds 1 to 3 of the built-in
// digits. The bound is 4 errors in 100; a network whose update has a wrong sign,
// or leaves out the errors or the activations, stays below 0.2.
func TestLearnsDigits(t *testing.T) {
	for seed := range uint64(3) {
		r := recipe(t, "digits", model.Discriminative, "", seed+1)
		r.Learning.Epochs = 10
		l, err := r.PCN()
		must(t, err)
		h, s := fit(t, r, l)
		if s.Accuracy < 0.96 || s.Examples != 270 {
			t.Errorf("seed %d: test accuracy %.3f of %d examples, want at least 0.96 of 270", seed+1, s.Accuracy, s.Examples)
		}
		if h.Status != model.StepLimit {
			t.Errorf("seed %d: status %v", seed+1, h.Status)
		}
		if first, last := h.Epochs[0].Energy, h.Epochs[9].Energy; !(last < first/4) {
			t.Errorf("seed %d: the energy went from %v to %v", seed+1, first, last)
		}
	}
}

// TestNegatedUpdateDoesNotLearn breaks learning, to show that the bound of
// TestLearnsDigits can fail.
func TestNegatedUpdateDoesNotLearn(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	r.Learning.Epochs = 2
	n, err := model.New(r.Model)
	must(t, err)
	l, err := NewPCN(n, nil, r.Inference, negated{&Adam{}})
	must(t, err)
	if _, s := fit(t, r, l); s.Accuracy > 0.3 {
		t.Errorf("test accuracy %.3f with the update's sign changed", s.Accuracy)
	}
}

// negated is an optimiser that climbs.
type negated struct{ Optimizer }

func (n negated) Step(params, directions []*tensor.Dense, rate float64) error {
	return n.Optimizer.Step(params, directions, -rate)
}

func TestGenerativeLearnsDigits(t *testing.T) {
	r := recipe(t, "digits", model.Generative, "", 1)
	r.Learning.Epochs = 20
	l, err := r.PCN()
	must(t, err)
	h, s := fit(t, r, l)
	if s.Accuracy < 0.85 {
		t.Errorf("test accuracy %.3f, want at least 0.85", s.Accuracy)
	}
	if h.Status != model.StepLimit {
		t.Errorf("status %v with the guard on", h.Status)
	}
	if steps := h.Epochs[len(h.Epochs)-1].Steps; steps > 15 {
		t.Errorf("latents took %v steps, want them to rest before 15", steps)
	}
}

// TestSine learns the article's regression and its baseline: seeds 1 to 3, test
// error against noisy targets of noise variance 0.01.
func TestSine(t *testing.T) {
	for seed := range uint64(3) {
		r := recipe(t, "sine", model.Discriminative, "", seed+1)
		pcn, err := r.PCN()
		must(t, err)
		mlp, err := r.Baseline().PCN()
		must(t, err)
		for name, l := range map[string]Learner{"pcn": pcn, "mlp": mlp} {
			if _, s := fit(t, r, l); s.MSE > 0.03 || s.Accuracy != 0 {
				t.Errorf("seed %d: %s: test MSE %.4f, want at most 0.03", seed+1, name, s.MSE)
			}
		}
	}
}

// mnist returns the folder of MNIST, or skips the test.
func mnist(t testing.TB) string {
	t.Helper()
	dir, ok := data.Find("mnist")
	if !ok {
		t.Skip("MNIST is not here: set PCN_DATA to the folder that holds mnist/")
	}
	return dir
}

// TestArticleDivergesAndSaysSo trains MNIST with the article's own numbers,
// seeds 1 to 3: accuracy rises, settling diverges, and that is reported. A
// diverging run is sensitive to rounding: at their best, seeds 1 to 8 had 0.62 to 0.67,
// and 0.63 to 0.71 where a start from predictions left errors of the size of rounding. So
// the best of the three is held to 0.6 and each to 0.55.
func TestArticleDivergesAndSaysSo(t *testing.T) {
	if testing.Short() {
		t.Skip("3 × 10 epochs of MNIST")
	}
	highest := 0.0
	for seed := range uint64(3) {
		r := recipe(t, "mnist", model.Generative, ArticleRecipe, seed+1)
		r.Data.Dir, r.Data.Limit = mnist(t), 5000
		l, err := r.PCN()
		must(t, err)
		h, _ := fit(t, r, l)
		best := 0.0
		for _, e := range h.Epochs {
			best = max(best, e.Validation.Accuracy)
		}
		if best < 0.55 {
			t.Errorf("seed %d: best validation accuracy %.3f, want at least 0.55", seed+1, best)
		}
		highest = max(highest, best)
		if last := h.Epochs[len(h.Epochs)-1]; h.Status != model.Diverged || last.Diverged < last.Batches/2 {
			t.Errorf("seed %d: status %v with %d of %d batches diverging in the last epoch, want most", seed+1, h.Status, last.Diverged, last.Batches)
		}
	}
	if highest < 0.6 {
		t.Errorf("best validation accuracy %.3f, want at least 0.6", highest)
	}
}

// TestGuardHoldsOnMNIST trains the same sizes with the guard, seed 1.
func TestGuardHoldsOnMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("10 epochs of MNIST")
	}
	r := recipe(t, "mnist", model.Generative, "", 1)
	r.Data.Dir, r.Data.Limit = mnist(t), 5000
	l, err := r.PCN()
	must(t, err)
	h, s := fit(t, r, l)
	best := 0.0
	for _, e := range h.Epochs {
		if e.Validation.Accuracy < best-0.03 {
			t.Errorf("epoch %d: %.3f, more than 3 points below the best before, %.3f", e.Epoch, e.Validation.Accuracy, best)
		}
		best = max(best, e.Validation.Accuracy)
	}
	if s.Accuracy < 0.79 || s.Examples != 10000 || h.Status != model.StepLimit {
		t.Errorf("test accuracy %.3f of %d, %v; want at least 0.79 of 10000", s.Accuracy, s.Examples, h.Status)
	}
}

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

func normal(rng *rand.Rand, shape ...int) *tensor.Dense {
	x := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
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

// TestCrossEntropyLearnsDigits measures labels by cross-entropy: the built-in
// digits, seeds 1 to 5, 15 epochs. The median test accuracy is at least 0.965; with
// a wrong sign or without the softmax it stays far below.
func TestCrossEntropyLearnsDigits(t *testing.T) {
	var scores []float64
	for seed := range uint64(5) {
		r := recipe(t, "digits", model.Discriminative, "", seed+1)
		r.Learning.Epochs = 15
		r.Model.Energies = make([]model.NodeEnergy, len(r.Model.Layers))
		r.Model.Energies[len(r.Model.Layers)-1] = model.CrossEntropy
		l, err := r.PCN()
		must(t, err)
		h, s := fit(t, r, l)
		scores = append(scores, s.Accuracy)
		if h.Status != model.StepLimit {
			t.Errorf("seed %d: status %v", seed+1, h.Status)
		}
	}
	t.Logf("test accuracy, seeds 1 to 5: %.4f", scores)
	if slices.Sort(scores); scores[2] < 0.965 {
		t.Errorf("test accuracy %.4f, want a median of at least 0.965", scores)
	}
}

// TestLearnsTwoNoiseLevels learns the precisions of linear networks, in both
// directions, whose data has units of two noise levels: variances 0.04 and 0.36,
// 1:9, over 4,000 examples, seeds 1 to 3. Each precision and the ratio of the
// levels' means are recovered within 15 %. (The variance of 4,000 examples is known
// to 2 %.)
func TestLearnsTwoNoiseLevels(t *testing.T) {
	const examples, batch, known, noisy = 4000, 100, 3, 6
	for _, direction := range []model.Direction{model.Discriminative, model.Generative} {
		for seed := range uint64(3) {
			cfg := model.Config{Layers: []int{known, noisy}, Direction: direction, Seed: seed + 1, Energies: []model.NodeEnergy{model.Gaussian, model.GaussianLearned}}
			if direction == model.Generative {
				slices.Reverse(cfg.Layers)
				slices.Reverse(cfg.Energies)
			}
			n, err := model.New(cfg)
			must(t, err)
			rng := rand.New(rand.NewPCG(seed+1, 3))
			weights := normal(rng, noisy, known).Float64s()
			x, y := make([]float32, examples*known), make([]float32, examples*noisy)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			variance := func(unit int) float64 { return []float64{0.04, 0.36}[unit%2] }
			for i := range y {
				row, unit := i/noisy, i%noisy
				v := math.Sqrt(variance(unit)) * rng.NormFloat64()
				for k := range known {
					v += weights[unit*known+k] * float64(x[row*known+k])
				}
				y[i] = float32(v)
			}
			l, err := NewPCN(n, nil, model.Inference{Steps: 1}, &Adam{})
			must(t, err)
			const epochs = 30
			for epoch := range epochs {
				for lo := 0; lo < examples; lo += batch {
					above := tensor.New(tensor.WithShape(batch, known), tensor.WithBacking(x[lo*known:(lo+batch)*known]))
					below := tensor.New(tensor.WithShape(batch, noisy), tensor.WithBacking(y[lo*noisy:(lo+batch)*noisy]))
					b := Batch{Inputs: above, Targets: below}
					if direction == model.Generative {
						b.Inputs, b.Targets = below, above
					}
					_, err := l.Learn(context.Background(), b, 0.02*(1-float64(epoch)/epochs))
					must(t, err)
				}
			}
			var means [2]float64
			for unit, p := range n.Precision(0) {
				means[unit%2] += p * 2 / noisy
				if want := 1 / variance(unit); math.Abs(p/want-1) > 0.15 {
					t.Errorf("%v, seed %d: precision of unit %d is %v, want %v", direction, seed+1, unit, p, want)
				}
			}
			t.Logf("%v, seed %d: precisions %.3g and %.3g, ratio %.3g", direction, seed+1, means[0], means[1], means[0]/means[1])
			if ratio := means[0] / means[1]; math.Abs(ratio/9-1) > 0.15 {
				t.Errorf("%v, seed %d: ratio %v, want 9", direction, seed+1, ratio)
			}
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

// TestOptimizers holds three steps against torch.optim 2.15 (lr 0.1, defaults).
func TestOptimizers(t *testing.T) {
	directions := [][]float64{{0.5, -1, 0.25, 2}, {-0.3, 0.2, 0.1, 1}, {0.7, 0.7, -0.9, -0.5}}
	for name, want := range map[string][]float64{
		"sgd":      {1.09, -2.01, 2.945, 0.75},
		"momentum": {1.1485, -2.163, 2.99675, 1.182},
		"adam":     {1.1777198950814658, -2.147485043432702, 3.1485436039868744, 0.7495841000195613},
		"adamw":    {1.1745038442824056, -2.1412400388276915, 3.139262843479133, 0.7477924815572693},
	} {
		opt, err := NewOptimizer(name)
		must(t, err)
		if opt.String() != name {
			t.Errorf("%q calls itself %q", name, opt)
		}
		x := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, -2, 3, 0.5}))
		for _, d := range directions {
			must(t, opt.Step([]*tensor.Dense{x}, []*tensor.Dense{tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(d))}, 0.1))
		}
		for i, v := range x.Float64s() {
			if math.Abs(v-want[i]) > 1e-12 {
				t.Errorf("%s: got %v, want %v", name, x.Float64s(), want)
				break
			}
		}
		if err := opt.Step([]*tensor.Dense{x}, nil, 1); err == nil {
			t.Errorf("%s took a parameter without a direction", name)
		}
	}
}

func TestSchedules(t *testing.T) {
	for name, want := range map[string][3]float64{"constant": {1, 1, 1}, "cosine": {1, 0.5, 0}, "linear": {1, 0.5, 0}} {
		s, err := NewSchedule(name)
		must(t, err)
		for i, done := range []float64{0, 0.5, 1} {
			if got := s.Factor(done); math.Abs(got-want[i]) > 1e-15 {
				t.Errorf("%s(%v) = %v, want %v", name, done, got, want[i])
			}
		}
	}
}

// TestSameSeedSameBits trains twice, on one core and on several.
func TestSameSeedSameBits(t *testing.T) {
	run := func(workers int) [][]float32 {
		r := recipe(t, "digits", model.Discriminative, "", 3)
		r.Learning.Epochs = 1
		l, err := r.PCN()
		must(t, err)
		l.Network().SetWorkers(workers)
		fit(t, r, l)
		var all [][]float32
		for _, p := range l.Network().Parameters() {
			all = append(all, p.Float32s())
		}
		return all
	}
	if diff := cmp.Diff(run(1), run(4)); diff != "" {
		t.Errorf("weights differ between 1 worker and 4:\n%s", diff)
	}
}

func TestFitStops(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	batches := 0
	h, err := Fit(ctx, l, r.Learning, sets.Train, sets.Validation, Options{Event: func(e Event) error {
		if batches++; e.Epoch == 2 && e.Batch == 3 {
			cancel(cause)
		}
		return nil
	}})
	if !errors.Is(err, cause) || len(h.Epochs) != 1 {
		t.Errorf("got %v after %d epochs, want %v after 1", err, len(h.Epochs), cause)
	}

	// An unguarded rate far too high: the energy overflows, and the weights are
	// not touched by it.
	r.Inference.Unguarded, r.Inference.Rate, r.Inference.Steps = true, 50, 200
	r.Model.Activation = "identity"
	if l, err = r.PCN(); err != nil {
		t.Fatal(err)
	}
	h, err = Fit(context.Background(), l, r.Learning, sets.Train, sets.Validation, Options{})
	must(t, err)
	if h.Status != model.Diverged || len(h.Epochs) != 1 {
		t.Errorf("status %v after %d epochs, want %v after 1", h.Status, len(h.Epochs), model.Diverged)
	}
	for i, p := range l.Network().Parameters() {
		for _, w := range p.Float32s() {
			if w-w != 0 {
				t.Fatalf("parameter %d holds %v", i, w)
			}
		}
	}
}

func TestRecipes(t *testing.T) {
	for _, dataset := range Datasets {
		for _, direction := range []model.Direction{model.Discriminative, model.Generative} {
			for _, name := range []string{"default", ArticleRecipe} {
				r, err := DefaultRecipe(dataset, direction, name)
				must(t, err)
				if err := r.Validate(); err != nil {
					t.Errorf("%s %v %s: %v", dataset, direction, name, err)
				}
				if r.Data.Dataset != dataset || (name == "default" && r.Model.Direction != direction) {
					t.Errorf("%s %v %s is for %s %v", dataset, direction, name, r.Data.Dataset, r.Model.Direction)
				}
				text, err := r.YAML()
				must(t, err)
				again, err := ParseRecipe(text)
				must(t, err)
				if diff := cmp.Diff(r, again); diff != "" {
					t.Errorf("%s %v %s does not survive YAML:\n%s", dataset, direction, name, diff)
				}
			}
		}
	}
	if r := recipe(t, "mnist", model.Generative, ArticleRecipe, 0); !r.Inference.Unguarded || !r.Inference.StaleErrors ||
		r.Inference.Start != model.Zeros || r.Optimizer != "sgd" || r.Model.TopActivation != "tanh" || r.Data.Pixels[0] != -1 {
		t.Errorf("the article's recipe is %+v", r)
	}
	for want, text := range map[string]string{
		"1:1: colour: unknown key":                                  "colour: red\n",
		"2:11: learning.epochs: must be a whole number":             "learning:\n  epochs: many\n",
		`must be one of discriminative, generative, got "sideways"`: "model:\n  direction: sideways\n",
	} {
		if _, err := ParseRecipe([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRecipe(%q): got error %v, want one with %q", text, err, want)
		}
	}
	bad := recipe(t, "digits", model.Discriminative, "", 1)
	bad.Learning.Rate, bad.Inference.Steps, bad.Model.Layers[1], bad.Data.Limit, bad.Optimizer, bad.Data.Pixels = -1, -2, 0, -3, "newton", []float64{1, 0}
	err := bad.Validate()
	for _, want := range []string{
		"learning.rate: must be a number > 0, got -1", "inference.steps: must be > 0, got -2", "model.layers[1]: must be > 0, got 0",
		"data.limit: must be >= 0, got -3", `optimizer: must be one of adam, adamw, momentum, sgd`, "data.pixels: must be a range [low, high], got [1 0]",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate: got %v, want %q among it", err, want)
		}
	}
}

// TestPartsAreDisjoint checks how the datasets are cut: the parts of one seed
// share no example, and standardisation comes from the training part.
func TestPartsAreDisjoint(t *testing.T) {
	sets, err := Data{Dataset: "sine", Validation: 100, Limit: 500, Standardize: data.PerColumn, Seed: 4}.Load()
	must(t, err)
	if sets.Train.Len() != 500 || sets.Validation.Len() != 100 || sets.Test.Len() != 210 {
		t.Fatalf("parts of %d, %d and %d examples", sets.Train.Len(), sets.Validation.Len(), sets.Test.Len())
	}
	seen := map[float64]bool{}
	for _, s := range []*data.Set{sets.Train, sets.Validation, sets.Test} {
		rows := make([]int, s.Len())
		for i := range rows {
			rows[i] = i
		}
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 1))
		must(t, s.Gather(rows, x, nil))
		mean := 0.0
		for _, v := range x.Float64s() {
			if seen[v] {
				t.Fatalf("x = %v is in two parts", v)
			}
			seen[v] = true
			mean += v / float64(len(rows))
		}
		if s == sets.Train && math.Abs(mean) > 1e-12 {
			t.Errorf("the training part has mean %v", mean)
		}
	}
	if _, err := (Data{Dataset: "digits", Validation: 5000}).Load(); err == nil || !strings.Contains(err.Error(), "leaves none of the 1527") {
		t.Errorf("a validation part larger than the dataset: %v", err)
	}
	if _, err := (Data{Dataset: "mnist", Dir: t.TempDir()}).Load(); err == nil {
		t.Error("an empty folder was accepted")
	}
}

func TestSetsThatDoNotFit(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	sets, err := r.Data.Load()
	must(t, err)
	for want, layers := range map[string][]int{
		"digits: must have 63 inputs as the network takes, got 64": {63, 10, 10},
		"digits: must have 9 targets as the network has, got 10":   {64, 10, 9},
	} {
		r.Model.Layers = layers
		l, err := r.PCN()
		must(t, err)
		if _, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Fit: got error %v, want one with %q", err, want)
		}
	}
}

func BenchmarkTrainBatch(b *testing.B) {
	mnist, deep := []int{784, 256, 256, 10}, []int{784, 128, 128, 128, 10}
	steps := func(n int) model.Inference { return model.Inference{Steps: n} }
	for _, c := range []struct {
		name      string
		model     model.Config
		rows      int
		inference model.Inference
	}{
		{"sizes=784-256-256-10/direction=generative/batch=64/steps=50", model.Config{Layers: mnist, Direction: model.Generative}, 64, steps(50)},
		{"sizes=784-256-256-10/direction=generative/batch=256/steps=50", model.Config{Layers: mnist, Direction: model.Generative}, 256, steps(50)},
		{"sizes=784-128-128-128-10/direction=discriminative/batch=128/steps=20", model.Config{Layers: deep}, 128, steps(20)},
		{"sizes=784-128-128-128-10/direction=discriminative/batch=128/method=gauss-seidel", model.Config{Layers: deep}, 128, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=784-512-256-128-10/direction=discriminative/batch=100/method=gauss-seidel", model.Config{Layers: []int{784, 512, 256, 128, 10}}, 100, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=784-512-512-10/direction=discriminative/batch=250/method=gauss-seidel", model.Config{Layers: []int{784, 512, 512, 10}}, 250, model.Inference{Method: model.GaussSeidel, Steps: 1}},
		{"sizes=1-32-32-1/direction=discriminative/batch=32/steps=20", model.Config{Layers: []int{1, 32, 32, 1}}, 32, steps(20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := Recipe{Model: c.model, Inference: c.inference}.PCN()
			must(b, err)
			room := func(size int) *tensor.Dense {
				x := make([]float32, c.rows*size)
				for i := range x {
					x[i] = rand.Float32()
				}
				return tensor.New(tensor.WithShape(c.rows, size), tensor.WithBacking(x))
			}
			x, y := room(c.model.Layers[0]), room(c.model.Layers[len(c.model.Layers)-1])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Learn(context.Background(), Batch{Inputs: x, Targets: y}, 1e-4); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWarmStart begins each visit of an example where the last one ended: settled
// on, latents come nearer to rest than they do anew, however the examples are
// shuffled.
func TestWarmStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const examples = 70
	x, y := normal(rng, examples, 12), normal(rng, examples, 5)
	residual := func(start model.Start) float64 {
		n, err := model.New(model.Config{Layers: []int{12, 9, 7, 5}, Direction: model.Generative, Dtype: model.Float64, Seed: 1})
		must(t, err)
		l, err := NewPCN(n, nil, model.Inference{Steps: 3, Start: start}, &SGD{})
		must(t, err)
		total := 0.0
		for range 20 {
			total = 0
			order := rng.Perm(examples)
			for lo := 0; lo < examples; lo += 40 {
				rows := order[lo:min(lo+40, examples)]
				b := Batch{Inputs: tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 12)), Targets: tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), 5)), Examples: rows}
				for i, r := range rows {
					dense.CopyRow(b.Inputs, i, x, r)
					dense.CopyRow(b.Targets, i, y, r)
				}
				step, err := l.Learn(context.Background(), b, 1e-12) // the weights stay
				must(t, err)
				total += step.Energy * float64(len(rows))
			}
		}
		return total
	}
	if anew, warm := residual(model.TopDown), residual(model.Warm); warm > 0.9*anew {
		t.Errorf("settled energy %v from warm starts, %v anew: want it well below", warm, anew)
	}
}

// TestMeansOfEpoch: what is the same in all batches of an epoch is so in its record,
// to the bit, whatever the sizes of the batches.
func TestMeansOfEpoch(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	r.Model.Layers, r.Learning.Epochs, r.Learning.Batch = []int{64, 8, 10}, 1, 48
	for _, limit := range []int{500, 777, 1257} {
		r.Data.Limit = limit
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		energy, count := 0.0, 0
		h, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{Event: func(e Event) error {
			if e.Done == nil {
				n := min(48, limit-count)
				count += n
				energy += float64(n) * e.Step.Energy
			}
			return nil
		}})
		must(t, err)
		e := h.Epochs[0]
		if e.Steps != 1 || e.Residual != 1 {
			t.Errorf("%d examples: %v steps and residual %v, want 1 and 1", limit, e.Steps, e.Residual)
		}
		if want := energy / float64(limit); math.Abs(e.Energy-want) > 1e-12 {
			t.Errorf("%d examples: energy %v, want %v", limit, e.Energy, want)
		}
		if e.Reached == nil || len(e.EndResidual) != 3 || !(e.EndResidual[1] > 0) || e.EndResidual[0]+e.EndResidual[2] != 0 {
			t.Errorf("%d examples: %v of the fall made, and %v of the gradient left", limit, e.Reached, e.EndResidual)
		}
	}
}

// TestSettlesByDefault changes recipes in how latents settle, and elsewhere.
func TestSettlesByDefault(t *testing.T) {
	own := Recipe{Data: Data{Dataset: "./own.csv"}, Inference: must1(readRecipe(ownFile(model.Discriminative))).Inference}
	for name, r := range map[string]Recipe{
		"digits": recipe(t, "digits", model.Discriminative, "", 1), "mnist": recipe(t, "mnist", model.Generative, "", 2),
		"article": recipe(t, "sine", model.Generative, ArticleRecipe, 1), "own": own,
	} {
		r.Learning.Epochs, r.Model.Layers = 3, []int{1, 2, 3}
		if !r.SettlesByDefault() {
			t.Errorf("%s: settles otherwise than by default", name)
		}
		r.Inference.Steps++
		if r.SettlesByDefault() {
			t.Errorf("%s: a step more is no default", name)
		}
	}
}

func must1[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
