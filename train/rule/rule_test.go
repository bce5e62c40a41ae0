package rule

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/pcn/model"
)

// TestNew: each rule's text makes it again, settings included, and what is no rule is
// refused.
func TestNew(t *testing.T) {
	for _, name := range Names() {
		r, err := New(name)
		must(t, err)
		again, err := New(r.String())
		must(t, err)
		if r.String() != again.String() || !strings.HasPrefix(r.String(), name) {
			t.Errorf("%s makes %v, which makes %v", name, r, again)
		}
	}
	r, err := New("  nudging  beta=0.5 sign=epoch   soft=true ramp=0.02")
	must(t, err)
	if want := (Nudging{Beta: 0.5, Ramp: 0.02, Sign: ByEpoch, Soft: true}); *r.(*Nudging) != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
	if r, err = New(""); err != nil || r.String() != Default {
		t.Errorf("no name: got %v and error %v", r, err)
	}
	for text, want := range map[string]string{
		"none":                "must be one of backprop, epc, fpa, hybrid, ipc, ",
		" ":                   `got " "`,
		"pc rate=1":           `pc: must have no settings, got "rate=1"`,
		"fpa fast":            `fpa: must have settings of the form KEY=VALUE, got "fast"`,
		"fpa rate=0.1 rat=1":  `fpa: setting: must be one of rate, steps, got "rat"`,
		"fpa rate=-1":         `fpa: rate: must be a number from 0 to 2, got "-1"`,
		"fpa rate=NaN":        `fpa: rate: must be a number from 0 to 2, got "NaN"`,
		"fpa steps=0":         `fpa: steps: must be a whole number >= 1, got "0"`,
		"fpa steps=1.5":       `fpa: steps: must be a whole number >= 1, got "1.5"`,
		"ipc joint=perhaps":   `ipc: joint: must be true or false, got "perhaps"`,
		"ipc tolerance=1":     `ipc: setting: must be one of joint, got "tolerance"`,
		"mcpc samples=0":      `mcpc: samples: must be a whole number >= 1, got "0"`,
		"mcpc variance=-1":    `mcpc: variance: must be a number from 0 to 1e+06, got "-1"`,
		"mcpc mixing=1":       `mcpc: setting: must be one of variance, mix, samples, got "mixing"`,
		"nudging beta=0":      `nudging: beta: must be a number from 1e-09 to 1, got "0"`,
		"nudging sign=up":     `nudging: sign: must be one of positive, negative, batch, epoch, centred, got "up"`,
		"nudging soft=2":      `nudging: soft: must be true or false, got "2"`,
		"nudging strength=2":  `nudging: setting: must be one of beta, ramp, sign, soft, got "strength"`,
		"nudging ramp=-0.001": `nudging: ramp: must be a number from 0 to 1, got "-0.001"`,
	} {
		if _, err := New(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", text, err, want)
		}
	}
	for name, make := range map[string]func() Rule{"two words": func() Rule { return PC{} }, "pc": func() Rule { return PC{} }, "": func() Rule { return PC{} }, "mine": nil} {
		if err := Register(name, make); err == nil {
			t.Errorf("%q was registered", name)
		}
	}
}

// TestPrepareRefuses: a rule says why it is not for a network, or for how latents settle.
func TestPrepareRefuses(t *testing.T) {
	layers := []int{4, 5, 3}
	circle := branching()
	circle.Predictions[1].From = append(circle.Predictions[1].From, model.Edge{Nodes: []string{"target"}, Feedback: true})
	prior := branching()
	prior.ActivityPrior = 0.1
	two := branching()
	two.Predictions = append(two.Predictions, model.Prediction{Of: "left", From: []model.Edge{{Nodes: []string{"input"}}}})
	generative := model.Config{Layers: layers, Direction: model.Generative}
	learned := model.Config{Layers: layers, Energies: []model.NodeEnergy{model.Gaussian, model.Gaussian, model.GaussianLearned}}
	hidden := model.Config{Layers: layers, Energies: []model.NodeEnergy{model.Gaussian, model.GaussianLearned, model.Gaussian}}
	classes := model.Config{Layers: layers, Energies: []model.NodeEnergy{model.Gaussian, model.Gaussian, model.CrossEntropy}}
	const falls = "must follow from its inputs, by one prediction of each node, without feedback or prior"
	plain := model.Inference{}
	for _, c := range []struct {
		rule string
		cfg  model.Config
		inf  model.Inference
		want string
	}{
		{"z-il", circle, plain, falls},
		{"z-il", generative, plain, falls},
		{"fpa", prior, plain, falls},
		{"fpa", two, plain, falls},
		{"backprop", generative, plain, falls},
		{"backprop", hidden, plain, "precision of hidden1: must not be learned where errors are 0"},
		{"nudging", circle, plain, falls},
		{"nudging", learned, plain, "precision of target: must not be learned"},
		{"nudging sign=batch", classes, plain, "energy of target: must be one that takes all values"},
		{"nudging soft=true", classes, plain, "target: must have one prediction, of the energy gaussian"},
		{"nudging soft=true sign=negative beta=0.5 ramp=0.01", chain(false), plain, "beta: must be a number above -1, the precision of target negated, got -1"},
		{"nudging soft=true", chain(false), model.Inference{Method: model.ErrorCoordinates}, "inference.method: must be one that moves each node by itself"},
		{"nudging", model.Config{Layers: []int{-1}}, plain, "layers"},
		{"epc", chain(false), plain, "inference.method: must be error-coordinates, got gradient"},
		{"mcpc", chain(false), model.Inference{Method: model.Chain}, "inference.method: must be gradient, momentum, error-coordinates, preconditioned, gauss-seidel, symmetric-gauss-seidel or red-black"},
		{"mcpc", chain(false), model.Inference{Method: model.GaussSeidel, Rate: 2}, "inference.rate: must be below 2 at each node, where latents have noise under gauss-seidel, got 2"},
		{"mcpc", model.Config{Network: "gated code=5", Layers: []int{8, 3}}, model.Inference{Method: model.GaussSeidel}, "node code: its curvature differs from example to example"},
		{"mcpc", chain(false), model.Inference{StaleErrors: true}, "inference.stale_errors: must be false"},
		{"ipc", chain(false), model.Inference{StaleErrors: true}, "inference.stale_errors: must be false"},
	} {
		r, err := New(c.rule)
		must(t, err)
		if _, err := r.Prepare(c.cfg, c.inf); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.rule, err, c.want)
		}
	}
	for _, text := range []string{"nudging", "nudging soft=true sign=centred beta=0.5", "z-il"} {
		r, err := New(text)
		must(t, err)
		if _, err := r.Prepare(chain(true), plain); err != nil {
			t.Errorf("%s: got error %v", text, err)
		}
	}
}

// TestBetas: β grows by epochs to 1; a random sign is drawn once a batch or an epoch, and is
// the same again when it is asked for again.
func TestBetas(t *testing.T) {
	g := &Nudging{Beta: 0.9, Ramp: 0.02}
	for epoch, want := range []float64{0.9, 0.92, 0.94, 0.96, 0.98, 1, 1} {
		if got := g.betas(&Lesson{Epoch: epoch}); len(got) != 1 || got[0]-want > 1e-12 || want-got[0] > 1e-12 {
			t.Errorf("epoch %d: got β %v, want %v", epoch, got, want)
		}
	}
	for sign, of := range map[Sign]func(i int) *Lesson{
		ByBatch: func(i int) *Lesson { return &Lesson{Batch: i, Seed: 3} },
		ByEpoch: func(i int) *Lesson { return &Lesson{Epoch: i, Batch: 7, Seed: 3} },
	} {
		g := &Nudging{Beta: 0.1, Sign: sign}
		negative, changes := 0, 0
		for i := range 1000 {
			b := g.betas(of(i))
			if again := g.betas(of(i)); again[0] != b[0] || b[0] != 0.1 && b[0] != -0.1 {
				t.Fatalf("%v %d: β %v and then %v", sign, i, b, again)
			}
			if b[0] < 0 {
				negative++
			}
			if i > 0 && g.betas(of(i - 1))[0] != b[0] {
				changes++
			}
		}
		if min(negative, changes) < 440 || max(negative, changes) > 560 { // four standard deviations
			t.Errorf("%v: negative %d times of 1000, changed %d times", sign, negative, changes)
		}
	}
}

// TestCancelled: a rule that is cancelled moves nothing, and says why.
func TestCancelled(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	for _, text := range []string{"pc", "ipc", "epc", "fpa", "z-il", "backprop", "nudging", "nudging soft=true", "mcpc"} {
		r, err := New(text)
		must(t, err)
		l := lesson(t, chain(false))
		inf := model.Inference{}
		if m, wanted := Method(text); wanted {
			inf.Method = m
		}
		l.Inference, err = r.Prepare(l.Network.Config(), inf)
		must(t, err)
		l.Move = func(*model.Update) error { t.Errorf("%s: weights moved", text); return nil }
		if _, err := r.Learn(ctx, l); !errors.Is(err, cause) {
			t.Errorf("%s: got error %v, want %v", text, err, cause)
		}
	}
}
