package train

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

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
