package rule

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// guessing returns the network hybrid, small.
func guessing() model.Config {
	return model.Config{Network: "hybrid depth=2 width=6", Layers: []int{8, 3}, Dtype: model.Float64, Seed: 1}
}

// guesses returns the guesses of a network as an ordinary one from inputs to targets.
func guesses(t *testing.T, n *model.Network) *model.Network {
	t.Helper()
	up, err := model.New(model.Config{Network: "", Layers: []int{8, 6, 6, 3}, Activation: "tanh", TopActivation: "identity", Dtype: model.Float64})
	must(t, err)
	for i, p := range n.Spec().Predictions {
		if !p.Guess {
			continue
		}
		at := map[string]int{"target": 0, "hidden2": 1, "hidden1": 2}[p.Of]
		copy(up.Weights(at).Float64s(), n.Weights(i).Float64s())
		copy(up.Biases(at).Float64s(), n.Biases(i).Float64s())
	}
	up.Changed()
	return up
}

// TestHybridBeginsAtGuesses: with no steps a network with guesses is the feed-forward one
// that they are, where the targets are free and, at its hidden nodes, where they are fixed.
func TestHybridBeginsAtGuesses(t *testing.T) {
	l := lesson(t, guessing())
	n := l.Network
	up := guesses(t, n)
	want, r, err := up.Predict(context.Background(), l.Inputs, model.Inference{})
	must(t, err)
	for _, c := range []model.Clamps{n.Clamp(l.Inputs, nil), n.Clamp(l.Inputs, l.Targets)} {
		s, err := n.Begin(c, model.Inference{})
		must(t, err)
		for name, at := range map[string]int{"hidden1": 2, "hidden2": 1} {
			v, err := s.Latent(name)
			must(t, err)
			if x := off(dense.Floats(v), dense.Floats(r.Latents[at])); !(x <= 1e-14) {
				t.Errorf("%s begins %.3g off what is guessed", name, x)
			}
		}
		if c["target"].Values == nil {
			v, err := s.Latent("target")
			must(t, err)
			if x := off(dense.Floats(v), dense.Floats(want)); !(x <= 1e-14) {
				t.Errorf("the target begins %.3g off what is guessed", x)
			}
		}
	}
}

// TestHybridRests: guesses are no part of the energy: a network rests where it does with
// other guesses, and the same network without any.
func TestHybridRests(t *testing.T) {
	for method, rate := range map[model.Method]float64{model.Gradient: 0.05, model.Chain: 0.5, model.GaussSeidel: 0.5, model.ErrorCoordinates: 0.05} {
		var first [][]float64
		for seed := range 3 {
			cfg := guessing()
			cfg.Network += " activation=identity" // of which there is one point of rest
			l := lesson(t, cfg)
			n := l.Network
			if seed == 1 { // none
				full, err := cfg.Expanded()
				must(t, err)
				full.Predictions = full.Predictions[:3]
				n, err = model.New(full)
				must(t, err)
			}
			for i, p := range n.Spec().Predictions {
				for j, w := 0, n.Weights(i).Float64s(); j < len(w); j++ {
					if w[j] = math.Sin(float64(7*i + j)); p.Guess {
						w[j] = math.Cos(float64(seed + j))
					} else {
						w[j] = math.Sin(float64(len(p.Of)*3 + j))
					}
				}
			}
			for i, p := range n.Spec().Predictions {
				for j := range n.Biases(i).Float64s() {
					n.Biases(i).Float64s()[j] = math.Cos(float64(len(p.Of) + j))
				}
			}
			n.Changed()
			r, err := n.Settle(context.Background(), n.Clamp(l.Inputs, l.Targets), model.Inference{Method: method, Steps: 4000, Rate: rate})
			must(t, err)
			var at [][]float64
			for _, v := range r.Latents {
				at = append(at, dense.Floats(v))
			}
			if seed == 0 {
				first = at
				continue
			}
			for i := range at {
				if x := off(at[i], first[i]); !(x <= 1e-5) {
					t.Errorf("%v: node %d rests %.3g off", method, i, x)
				}
			}
		}
	}
}

// TestHybridLearnsLocally: the update of each guess is minus the derivative of its own loss,
// ½‖z − q(a)‖² / B, and that of the other predictions is PC's.
func TestHybridLearnsLocally(t *testing.T) {
	l := lesson(t, guessing())
	n := l.Network
	inf := model.Inference{Method: model.Gradient, Steps: 30, Rate: 0.1}
	hybrid, r := update(t, "hybrid", l, inf)
	latents := map[string]*tensor.Dense{}
	for i, name := range n.Nodes() {
		latents[name] = r.Latents[i].Clone().(*tensor.Dense)
	}
	plain, _ := update(t, "pc", l, inf)
	loss := func(of string) float64 { // of guess of a node, the pass below it being fixed
		up := guesses(t, n)
		mu, pass, err := up.Predict(context.Background(), l.Inputs, model.Inference{})
		must(t, err)
		if of != "target" {
			mu = pass.Latents[map[string]int{"hidden2": 1, "hidden1": 2}[of]]
		}
		sum := 0.0
		for i, x := range dense.Floats(mu) {
			d := dense.At(latents[of], i) - x
			sum += d * d / 2
		}
		return sum / float64(mu.Shape()[0])
	}
	at := 0
	for _, p := range n.Named() {
		of := n.Spec().Predictions[p.Prediction]
		values := p.Value.Float64s()
		for j := range values {
			if !of.Guess {
				if math.Abs(hybrid[at]-plain[at]) > 1e-12 {
					t.Fatalf("%s moves by %v, want %v as by pc", p.Name, hybrid[at], plain[at])
				}
				at++
				continue
			}
			const h = 1e-5
			was := values[j]
			values[j] = was + h
			above := loss(of.Of)
			values[j] = was - h
			below := loss(of.Of)
			values[j] = was
			if want := (below - above) / (2 * h); math.Abs(hybrid[at]-want) > 1e-8 {
				t.Fatalf("%s[%d] moves by %v, want %v", p.Name, j, hybrid[at], want)
			}
			at++
		}
	}
}

// TestHybridSavesSteps: once it has learned, with the targets to be found, latents that begin
// at guesses come within 0.1 % of the energy's fall from 0 to rest in a fraction of the steps
// that they take from there.
func TestHybridSavesSteps(t *testing.T) {
	l := lesson(t, guessing())
	n := l.Network
	for i := range l.Inputs.Float64s() { // inputs that the targets make
		row, j := i/8, i%8
		sum := 0.0
		for k := range 3 {
			sum += math.Sin(float64(3*j+k+1)) * dense.At(l.Targets, 3*row+k)
		}
		l.Inputs.Float64s()[i] = 2*math.Tanh(sum) + 0.05*l.Inputs.Float64s()[i]
	}
	by, err := New("hybrid")
	must(t, err)
	l.Inference, err = by.Prepare(n.Config(), model.Inference{Method: model.Gradient, Steps: 100, Rate: 0.1})
	must(t, err)
	l.Move = descend(l, 0.1)
	for l.Batch = range 3000 {
		_, err := by.Learn(context.Background(), l)
		must(t, err)
	}
	fall := 0.0 // from where all is 0
	steps := func(start model.Start) (taken int, began float64) {
		inf := model.Inference{Method: model.Gradient, Rate: 0.1, Start: start}
		c := n.Clamp(l.Inputs, nil)
		s, err := n.Begin(c, inf)
		must(t, err)
		began = s.Energy()
		if start == model.Zeros {
			fall = began
		}
		inf.Steps = 20000
		rest, err := n.Settle(context.Background(), c, inf)
		must(t, err)
		low := rest.Energy
		for s.Energy() > low+0.001*(fall-low) {
			must(t, s.Step(context.Background()))
		}
		return s.Steps(), began
	}
	far, high := steps(model.Zeros)
	near, low := steps(model.TopDown)
	t.Logf("%d steps from 0, %d from guesses; energies there %.4g and %.4g", far, near, high, low)
	if !(4*near <= far) {
		t.Errorf("%d steps from 0, %d from guesses", far, near)
	}
}
