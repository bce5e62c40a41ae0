package rule

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// TestIsBackprop: Z-IL, and FPA with a rate of 1 and as many steps as levels, are
// backpropagation; with fewer steps FPA is not.
func TestIsBackprop(t *testing.T) {
	networks := feedforwards()
	networks["convolving, max"] = convolving("max-pool 2")
	for name, cfg := range networks {
		for _, decay := range []float64{0, 0.1} {
			cfg.WeightDecay = decay
			l := lesson(t, cfg)
			want, _ := update(t, "backprop", l, model.Inference{})
			for _, text := range []string{"z-il", "fpa rate=1 steps=3", "fpa rate=1 steps=9", "fpa rate=0.4 steps=200"} {
				if got, _ := update(t, text, l, model.Inference{}); !(off(got, want) <= 1e-10) {
					t.Errorf("%s, %s: off by %.3g", name, text, off(got, want))
				}
			}
			if got, _ := update(t, "fpa rate=1 steps=1", l, model.Inference{}); !(off(got, want) > 1e-3) {
				t.Errorf("%s: one step of fpa is off by %.3g", name, off(got, want))
			}
		}
	}
}

// TestEPCStep: a step of rate η in error coordinates leaves −η times backpropagation's
// errors, and the update of what predicts hidden nodes, divided by η, comes to be
// backpropagation's as η.
func TestEPCStep(t *testing.T) {
	for name, cfg := range feedforwards() {
		l := lesson(t, cfg)
		n := l.Network
		back, err := n.Backprop(context.Background(), l.Clamps)
		must(t, err)
		u := n.NewUpdate()
		must(t, n.Hebbian(back, u))
		want := u.Directions()
		deltas := make([][]float64, n.Predictions())
		for i, d := range back.Deltas {
			deltas[i] = dense.Floats(d)
		}
		target := slices.Index(names(n), n.Nodes()[n.TargetNode()])
		var rates, far []float64
		for _, eta := range []float64{0.08, 0.04, 0.02, 0.01, 0.005} {
			got, r := update(t, "epc", l, model.Inference{Method: model.ErrorCoordinates, Steps: 1, Rate: eta, Unguarded: true})
			for i, p := range n.Spec().Predictions {
				if i == target || p.After.String() != "identity" { // whose δ is not the error itself
					continue
				}
				scaled := slices.Clone(deltas[i])
				for j := range scaled {
					scaled[j] *= eta
				}
				if x := off(dense.Floats(r.Errors[i]), scaled); !(x <= 1e-12) {
					t.Errorf("%s: error of %s off by %.3g", name, p.Of, x)
				}
			}
			at, a, b := 0, []float64{}, []float64{}
			for j, p := range n.Named() {
				size := p.Value.Shape().TotalSize()
				if p.Prediction != target {
					for k := range size {
						a = append(a, got[at+k]/eta)
					}
					b = append(b, dense.Floats(want[j])...)
				}
				at += size
			}
			rates, far = append(rates, eta), append(far, off(a, b))
		}
		if s := slope(rates, far); !(math.Abs(s-1) <= 0.05) {
			t.Errorf("%s: off by %.3g at rates %v: slope %.3f, want 1", name, far, rates, s)
		}
	}
}

// names are of what each prediction is.
func names(n *model.Network) (of []string) {
	for _, p := range n.Spec().Predictions {
		of = append(of, p.Of)
	}
	return of
}

// TestEPCEquilibrium: states and errors come to rest at the same latents.
func TestEPCEquilibrium(t *testing.T) {
	for name, cfg := range feedforwards() {
		l := lesson(t, cfg)
		rest := atRest(cfg)
		rest.Steps = 3000
		states, _ := update(t, "pc", l, rest)
		errs, r := update(t, "epc", l, model.Inference{Method: model.ErrorCoordinates, Steps: 3000, Rate: 0.08})
		if x := off(errs, states); !(x <= 1e-6) {
			t.Errorf("%s: updates off by %.3g; %v", name, x, r)
		}
	}
}

// TestIPCOneStep: with one step a batch, incremental learning has the bits of PC, batch
// after batch, however long what the method divides by may lag.
func TestIPCOneStep(t *testing.T) {
	for name, cfg := range feedforwards() {
		for _, dtype := range []model.Dtype{model.Float32, model.Float64} {
			for _, method := range model.Methods() {
				var m model.Method
				must(t, m.UnmarshalText([]byte(method)))
				cfg.Dtype = dtype
				if cfg.Allows(m) != nil || m == model.Nesterov { // which is elsewhere between two steps
					continue
				}
				for _, lag := range []model.Lag{{}, model.LagOf(0), model.LagOf(0.02)} {
					var after [][]float64
					for _, text := range []string{"pc", "ipc"} {
						l := lesson(t, cfg)
						by, err := New(text)
						must(t, err)
						l.Inference, err = by.Prepare(cfg, model.Inference{Method: m, Steps: 1, Rate: 0.02, Plain: true, Lag: lag})
						must(t, err)
						l.Move = descend(l, 0.05)
						for range 3 {
							_, err := by.Learn(context.Background(), l)
							must(t, err)
						}
						after = append(after, flat(l.Network.Parameters()))
					}
					for i := range after[0] {
						if math.Float64bits(after[0][i]) != math.Float64bits(after[1][i]) {
							t.Fatalf("%s, %v, %v, lag %v: number %d of the weights is %v by pc, %v by ipc", name, dtype, m, lag, i, after[0][i], after[1][i])
						}
					}
				}
			}
		}
	}
}

// descend moves the parameters of a lesson's network by gradient descent.
func descend(l *Lesson, rate float64) func(*model.Update) error {
	return func(u *model.Update) error {
		for i, p := range l.Network.Parameters() {
			dense.AddScaled(p, rate, u.Directions()[i])
		}
		l.Network.Changed()
		return nil
	}
}

// TestIPCDescends: at small rates each move of latents and weights lowers the energy, and
// there is one at every step; joint, the first moves the targets' weights alone, for no
// other error is there yet.
func TestIPCDescends(t *testing.T) {
	for name, cfg := range feedforwards() {
		l := lesson(t, cfg)
		by := &IPC{}
		var err error
		l.Inference, err = by.Prepare(cfg, model.Inference{Steps: 30})
		must(t, err)
		last, moves := math.Inf(1), 0
		move := descend(l, 0.02)
		l.Move = func(u *model.Update) error {
			moves++
			must(t, move(u))
			e := l.steps.Energy()
			if !(e < last) {
				t.Errorf("%s: the energy goes from %v to %v", name, last, e)
			}
			last = e
			return nil
		}
		_, err = by.Learn(context.Background(), l)
		must(t, err)
		if moves != 30 {
			t.Errorf("%s: weights moved %d times in 30 steps", name, moves)
		}

		l = lesson(t, cfg)
		first := []float64(nil)
		joint := &IPC{Joint: true}
		l.Inference, err = joint.Prepare(cfg, model.Inference{Steps: 1})
		must(t, err)
		l.Move = func(u *model.Update) error { first = flat(u.Directions()); return nil }
		_, err = joint.Learn(context.Background(), l)
		must(t, err)
		back, _ := update(t, "backprop", l, model.Inference{})
		at, target := 0, slices.Index(names(l.Network), l.Network.Nodes()[l.Network.TargetNode()])
		for _, p := range l.Network.Named() {
			for range p.Value.Shape().TotalSize() {
				want := 0.0
				if p.Prediction == target {
					want = back[at]
				}
				if math.Abs(first[at]-want) > 1e-12 {
					t.Fatalf("%s: joint: %s moves by %v, want %v", name, p.Name, first[at], want)
				}
				at++
			}
		}
	}
}

// TestIPCFollows: at each step the weights move along the energy's gradient, by central
// differences, at the latents that the step has led to or, joint, from which it starts, and
// at the weights that the last one has left.
func TestIPCFollows(t *testing.T) {
	for name, cfg := range feedforwards() {
		for _, joint := range []bool{false, true} {
			l := lesson(t, cfg)
			by := &IPC{Joint: joint}
			var err error
			l.Inference, err = by.Prepare(cfg, model.Inference{Steps: 4})
			must(t, err)
			move, want := descend(l, 0.1), []float64(nil)
			l.Move = func(u *model.Update) error {
				if !joint {
					want = falls(t, l)
				}
				for i, got := range flat(u.Directions()) {
					if want != nil && math.Abs(got-want[i]) > 1e-8 {
						t.Fatalf("%s, joint %v: element %d moves by %v, want %v", name, joint, i, got, want[i])
					}
				}
				must(t, move(u))
				want = falls(t, l)
				return nil
			}
			_, err = by.Learn(context.Background(), l)
			must(t, err)
		}
	}
}

// falls returns minus the slope of an example's energy by each parameter, where the latents are.
func falls(t *testing.T, l *Lesson) (slopes []float64) {
	energy := func() float64 {
		l.Network.Changed()
		must(t, l.steps.Look())
		return l.steps.Energy() / float64(l.Targets.Shape()[0])
	}
	const h = 1e-5
	for _, p := range l.Network.Parameters() {
		values := p.Data().([]float64)
		for i, at := range values {
			values[i] = at + h
			above := energy()
			values[i] = at - h
			slopes = append(slopes, (energy()-above)/(2*h))
			values[i] = at
		}
	}
	l.Network.Changed()
	return slopes
}

// TestSoftNudge: as β becomes small, a soft nudge is backpropagation, from either side; in
// two phases the difference falls as β².
func TestSoftNudge(t *testing.T) {
	for name, cfg := range feedforwards() {
		cfg.WeightDecay = 0.01
		l := lesson(t, cfg)
		back, _ := update(t, "backprop", l, model.Inference{})
		for _, sign := range []string{"positive", "negative", "centred"} {
			got, _ := update(t, "nudging soft=true beta=1e-4 sign="+sign, l, atRest(cfg))
			if x := off(got, back); !(x <= 1e-3) {
				t.Errorf("%s, %s: off by %.3g", name, sign, x)
			}
		}
		for sign, want := range map[string]float64{"positive": 1, "centred": 2} {
			var betas, far []float64
			for _, beta := range []float64{0.016, 0.008, 0.004} {
				got, _ := update(t, fmt.Sprintf("nudging soft=true beta=%v sign=%s", beta, sign), l, atRest(cfg))
				betas, far = append(betas, beta), append(far, off(got, back))
			}
			if s := slope(betas, far); !(math.Abs(s-want) <= 0.1) {
				t.Errorf("%s, %s: off by %.3g at β %v: slope %.3f, want %v", name, sign, far, betas, s, want)
			}
		}
	}
}

// TestHardNudge: as β becomes small, a hard nudge of a linear chain is backpropagation with
// S⁻¹ times the targets' error in place of it, S = I + Σ P Pᵀ; in two phases the difference
// falls as β². With β = 1 it is PC.
func TestHardNudge(t *testing.T) {
	cfg := chain(false)
	cfg.Activation = "identity"
	l := lesson(t, cfg)
	n := l.Network
	mu, _, err := n.Predict(context.Background(), l.Inputs, model.Inference{})
	must(t, err)
	// S = I + Σ P Pᵀ, with P the products of the weights from the targets up.
	const k = 3
	s, p := identity(k), identity(k)
	for i := range n.Predictions() - 1 { // the inputs are fixed
		p = times(p, n.Weights(i))
		for a := range k {
			for b := range k {
				for c := range p[a] {
					s[a][b] += p[a][c] * p[b][c]
				}
			}
		}
	}
	targets := l.Targets.Clone().(*tensor.Dense)
	for row := range 16 {
		e := make([]float64, k)
		for j := range k {
			e[j] = dense.At(l.Targets, row*k+j) - dense.At(mu, row*k+j)
		}
		for j, x := range solve(s, e) {
			dense.Set(targets, row*k+j, dense.At(mu, row*k+j)+x)
		}
	}
	other := *l
	other.Targets, other.Clamps = targets, n.Clamp(l.Inputs, targets)
	want, _ := update(t, "backprop", &other, model.Inference{})
	plain, _ := update(t, "backprop", l, model.Inference{})
	for _, sign := range []string{"positive", "negative", "centred"} {
		got, _ := update(t, "nudging beta=1e-4 sign="+sign, l, atRest(cfg))
		if x := off(got, want); !(x <= 1e-3) {
			t.Errorf("%s: off by %.3g", sign, x)
		}
		if x := off(got, plain); !(x > 0.1) {
			t.Errorf("%s: off by %.3g from backpropagation without S⁻¹", sign, x)
		}
	}
	if got, _ := update(t, "nudging beta=0.5 sign=centred", l, atRest(cfg)); !(off(got, want) <= 1e-10) { // where β² is all of the difference
		t.Errorf("linear, in two phases: off by %.3g", off(got, want))
	}
	whole, _ := update(t, "nudging beta=1", l, atRest(cfg))
	if pc, _ := update(t, "pc", l, atRest(cfg)); !(off(whole, pc) <= 1e-12) {
		t.Errorf("with β = 1 off by %.3g from pc", off(whole, pc))
	}
}

// TestHardNudgeCentred: the difference of two hard phases from their limit falls as β², of
// one as β.
func TestHardNudgeCentred(t *testing.T) {
	for name, cfg := range feedforwards() {
		l := lesson(t, cfg)
		limit, _ := update(t, "nudging beta=1e-5 sign=centred", l, atRest(cfg))
		for sign, want := range map[string]float64{"positive": 1, "negative": 1, "centred": 2} {
			var betas, far []float64
			for _, beta := range []float64{0.04, 0.02, 0.01, 0.005} {
				got, _ := update(t, fmt.Sprintf("nudging beta=%v sign=%s", beta, sign), l, atRest(cfg))
				betas, far = append(betas, beta), append(far, off(got, limit))
			}
			if s := slope(betas, far); !(math.Abs(s-want) <= 0.1) {
				t.Errorf("%s, %s: off by %.3g at β %v: slope %.3f, want %v", name, sign, far, betas, s, want)
			}
		}
	}
}

func identity(k int) [][]float64 {
	m := make([][]float64, k)
	for i := range m {
		m[i] = make([]float64, k)
		m[i][i] = 1
	}
	return m
}

// times returns p W.
func times(p [][]float64, w *tensor.Dense) [][]float64 {
	rows, columns := w.Shape()[0], w.Shape()[1]
	out := make([][]float64, len(p))
	for i := range p {
		out[i] = make([]float64, columns)
		for j := range columns {
			for k := range rows {
				out[i][j] += p[i][k] * dense.At(w, k*columns+j)
			}
		}
	}
	return out
}

// solve returns S⁻¹ e, by elimination.
func solve(s [][]float64, e []float64) []float64 {
	n := len(e)
	a := make([][]float64, n)
	for i := range a {
		a[i] = append(slices.Clone(s[i]), e[i])
	}
	for i := range n {
		for j := range n {
			if j != i {
				f := a[j][i] / a[i][i]
				for k := range a[j] {
					a[j][k] -= f * a[i][k]
				}
			}
		}
	}
	x := make([]float64, n)
	for i := range n {
		x[i] = a[i][n] / a[i][i]
	}
	return x
}
