package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// linearNetwork returns a random linear network with biases and precisions.
func linearNetwork(t testing.TB, seed uint64, layers ...int) *Network {
	precisions := []float64{1, 2, 0.5, 1, 4, 3, 1}[:len(layers)]
	n, err := New(Config{Layers: layers, Activation: "identity", WeightInit: PyTorch, Precisions: precisions, Dtype: Float64, Seed: seed})
	must(t, err)
	return n
}

// TestEquilibriumOfBothEnds holds the equilibrium of linear networks of depth 2 to
// 6 with both ends clamped against the formula of Innocenti and others (2024):
// see Equilibrium.
func TestEquilibriumOfBothEnds(t *testing.T) {
	for depth := 2; depth <= 6; depth++ {
		n := linearNetwork(t, uint64(depth), []int{7, 9, 4, 8, 6, 5, 3}[:depth+1]...)
		const rows = 5
		x, y := randomBatch(1, Float64, rows, n.Size(depth)), randomBatch(2, Float64, rows, n.Size(0))
		e, err := n.Equilibrium(n.Clamp(x, y))
		must(t, err)

		size := n.Size(0)
		s := mat.NewDense(size, size, nil)
		product := eye(size) // W_1 … W_l
		offset := mat.NewDense(size, 1, nil)
		for l := range depth {
			var spread mat.Dense
			spread.Mul(product, product.T())
			spread.Scale(1/n.Precision(l)[0], &spread)
			s.Add(s, &spread)
			var b, next mat.Dense
			b.Mul(product, mat.NewDense(n.Size(l), 1, n.Biases(l).Float64s()))
			offset.Add(offset, &b)
			next.Mul(product, mat.NewDense(n.Size(l), n.Size(l+1), n.Weights(l).Float64s()))
			product = &next
		}
		var energies []float64
		for row := range rows {
			var r, solved mat.VecDense
			r.MulVec(product, mat.NewVecDense(n.Size(depth), x.Float64s()[row*n.Size(depth):][:n.Size(depth)]))
			r.AddVec(&r, offset.ColView(0))
			r.SubVec(mat.NewVecDense(size, y.Float64s()[row*size:][:size]), &r)
			must(t, solved.SolveVec(s, &r))
			energies = append(energies, mat.Dot(&r, &solved)/2)
		}
		near(t, fmt.Sprintf("depth %d: energies", depth), e.ExampleEnergy, energies, 1e-10)
		if want := sum(energies); !e.Unique || math.Abs(e.Energy-want) > 1e-10*want {
			t.Errorf("depth %d: energy %v, unique %v, want %v", depth, e.Energy, e.Unique, want)
		}
	}
}

func eye(n int) *mat.Dense {
	d := mat.NewDense(n, n, nil)
	for i := range n {
		d.Set(i, i, 1)
	}
	return d
}

// TestEquilibriumNotUnique has a free top wider than what it predicts: the energy
// is flat in some directions, and descent from zeros ends at the least norm.
func TestEquilibriumNotUnique(t *testing.T) {
	n := linearNetwork(t, 1, 8, 5, 3)
	c := n.Clamp(nil, randomBatch(1, Float64, 4, 3))
	e, err := n.Equilibrium(c)
	must(t, err)
	if e.Unique || e.Energy > 1e-20 {
		t.Errorf("unique %v, energy %v, want many of energy 0", e.Unique, e.Energy)
	}
	r, err := n.Settle(context.Background(), c, Inference{Start: Zeros, Steps: 20000, Rate: 1})
	must(t, err)
	for l, v := range e.Latents {
		near(t, fmt.Sprintf("latent %d", l), floats(r.Latents[l]), floats(v), 1e-6)
	}
}

func TestEquilibriumRefuses(t *testing.T) {
	n, err := New(Config{Layers: []int{5, 4, 3}, Direction: Generative})
	must(t, err)
	if _, err := n.Equilibrium(n.Clamp(randomBatch(1, Float32, 2, 5), nil)); err == nil || !strings.Contains(err.Error(), "prediction of input: feature: must be linear, got tanh") {
		t.Errorf("a tanh network: got error %v", err)
	}
	if _, err := n.Equilibrium(Clamps{}); err == nil {
		t.Error("no clamps: no error")
	}
}

// TestHessianOfLinear holds the Hessian of linear networks against AᵀA of the
// closed form, for whole and partial clamps.
func TestHessianOfLinear(t *testing.T) {
	n := linearNetwork(t, 3, 6, 7, 5, 4)
	const rows = 3
	system, err := n.equations()
	must(t, err)
	for name, c := range clampSets(n, rows) {
		r, err := n.Settle(context.Background(), c, Inference{Steps: 2})
		must(t, err)
		h, err := n.Hessian(c, r.Latents)
		must(t, err)
		spectra, err := h.Spectra(context.Background())
		must(t, err)
		for row := range rows {
			s, err := system.solver(n.freeUnits(n.byNumber(c), row))
			must(t, err)
			var want mat.Dense
			want.Mul(s.of.T(), s.of)
			got := h.Dense(row)
			near(t, name, mat.DenseCopyOf(got).RawMatrix().Data, want.RawMatrix().Data, 1e-8)
			var svd mat.SVD
			svd.Factorize(s.of, mat.SVDFull)
			sigma := svd.Values(nil)
			low := 0.0
			if len(sigma) == h.Size(row) {
				low = sigma[len(sigma)-1] * sigma[len(sigma)-1]
			}
			if high := sigma[0] * sigma[0]; math.Abs(spectra[row].High-high) > 1e-8*high || math.Abs(spectra[row].Low-low) > 1e-8*high || !spectra[row].Exact {
				t.Errorf("%s: spectrum %+v, want %v to %v", name, spectra[row], low, high)
			}
		}
	}
}

// TestHessianByDifferences holds the Hessian of a network with nonlinear nodes
// against second differences of the energy.
func TestHessianByDifferences(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 3, 2}, Direction: Generative, TopActivation: "sigmoid", Precisions: []float64{2, 3, 1}, Dtype: Float64, Seed: 3})
	must(t, err)
	c := n.Clamp(randomBatch(1, Float64, 2, 4), nil)
	r, err := n.Settle(context.Background(), c, Inference{Steps: 3})
	must(t, err)
	var latents []*tensor.Dense
	for _, v := range r.Latents {
		latents = append(latents, v.Clone().(*tensor.Dense))
	}
	h, err := n.Hessian(c, latents)
	must(t, err)
	for row := range 2 {
		free := n.freeUnits(n.byNumber(c), row)
		at := make([]float64, len(free))
		for i, f := range free {
			at[i] = dense.At(latents[f.node], row*n.Size(f.node)+f.index)
		}
		want := mat.NewSymDense(len(free), nil)
		fd.Hessian(want, func(x []float64) float64 {
			all := make([]Clamp, n.Predictions()+1)
			for l, v := range latents {
				all[l].Values = v.Clone().(*tensor.Dense)
			}
			for i, f := range free {
				dense.Set(all[f.node].Values, row*n.Size(f.node)+f.index, x[i])
			}
			r, err := n.Settle(context.Background(), n.byNode(all...), Inference{Steps: 1})
			must(t, err)
			return r.Energy
		}, at, &fd.Settings{Step: 1e-3, Formula: fd.Formula{Derivative: 1, Step: 1e-3, Stencil: []fd.Point{{Loc: -1, Coeff: -0.5}, {Loc: 1, Coeff: 0.5}}}})
		got := h.Dense(row)
		near(t, fmt.Sprintf("example %d", row), mat.DenseCopyOf(got).RawMatrix().Data, mat.DenseCopyOf(want).RawMatrix().Data, 1e-5)

		u, hu := make([][]float64, 2), make([][]float64, 2)
		for e := range u {
			u[e], hu[e] = make([]float64, h.Size(e)), make([]float64, h.Size(e))
			for i := range u[e] {
				u[e][i] = float64(i%3) - 0.7
			}
		}
		must(t, h.Product(hu, u))
		var product mat.VecDense
		product.MulVec(got, mat.NewVecDense(len(at), u[row]))
		near(t, "product", hu[row], product.RawVector().Data, 1e-7)
	}
	if err := h.Product([][]float64{{1}}, nil); err == nil {
		t.Error("a product of vectors of another number: no error")
	}
	if _, err := n.Hessian(c, latents[:1]); err == nil || !strings.Contains(err.Error(), "latents: must be one for each of the 3 nodes") {
		t.Errorf("latents of one node: got error %v", err)
	}
}

// TestHessianOfEnergies holds the Hessian of each form of energy at the bottom, which
// is fixed as a whole, in part or not at all, against central differences of the
// gradient that a machine of its own computes.
func TestHessianOfEnergies(t *testing.T) {
	const rows = 3
	for _, cfg := range energyConfigs("tanh") {
		n, err := New(cfg)
		must(t, err)
		for name, c := range bottomClamps(n, rows) {
			what := fmt.Sprintf("%v %v, %s", cfg.Direction, cfg.Energies, name)
			r, err := n.Settle(context.Background(), c, Inference{Steps: 3})
			must(t, err)
			var latents []*tensor.Dense
			for _, v := range r.Latents {
				latents = append(latents, clone(v))
			}
			other := clone(latents[0]) // what the bottom holds is not what it held in the machine before
			for i := range other.Float64s() {
				other.Float64s()[i] = 0.5
			}
			_, err = n.Hessian(c, append([]*tensor.Dense{other}, latents[1:]...))
			must(t, err)
			h, err := n.Hessian(c, latents)
			must(t, err)
			_, err = h.Spectra(context.Background())
			must(t, err)

			e, err := n.Energy(c)
			must(t, err)
			m, err := graph.Compile(e)
			must(t, err)
			for l, mask := range e.Masks {
				if mask == nil {
					continue
				}
				free := filled(tensor.Float64, func() float64 { return 1 }, rows, n.Size(l))
				if v := n.byNumber(c)[l]; v.Fixed != nil {
					must(t, v.freeUnits(free))
				}
				must(t, G.Let(mask, free))
			}
			gradient := func(at []*tensor.Dense, f unit, row int) float64 {
				for l, v := range at {
					must(t, G.Let(e.Latents[l], v))
				}
				must(t, m.RunAll())
				return dense.At(e.Gradients[f.node].Value().(*tensor.Dense), row*n.Size(f.node)+f.index)
			}
			for row := range rows {
				free := h.free[row]
				want := mat.NewDense(len(free), len(free), nil)
				for j, f := range free {
					for _, side := range []float64{-1, 1} {
						const step = 1e-5
						at := slices.Clone(latents)
						at[f.node] = clone(at[f.node])
						i := row*n.Size(f.node) + f.index
						dense.Set(at[f.node], i, dense.At(at[f.node], i)+side*step)
						for k, g := range free {
							want.Set(k, j, want.At(k, j)+side*gradient(at, g, row)/(2*step))
						}
					}
				}
				near(t, fmt.Sprintf("%s: example %d", what, row), mat.DenseCopyOf(h.Dense(row)).RawMatrix().Data, want.RawMatrix().Data, 1e-6)
			}
			descend := 0 // units
			for l, g := range e.Gradients {
				if g != nil && n.byNumber(c)[l].Fixed == nil {
					descend += n.Size(l)
				}
			}
			if name == "free" && h.Size(0) != descend {
				t.Errorf("%s: Hessian of %d units where %d settle", what, h.Size(0), descend)
			}
		}
	}
}

// TestLanczos holds the extreme eigenvalues by Lanczos against those of the dense
// matrix, for a mask of each example's own too.
func TestLanczos(t *testing.T) {
	n, err := New(Config{Layers: []int{60, 50, 40, 10}, Direction: Generative, Dtype: Float64, Seed: 1})
	must(t, err)
	const rows = 3
	sets := clampSets(n, rows)
	for _, name := range []string{"both", "bottom", "parts"} {
		c := sets[name]
		r, err := n.Settle(context.Background(), c, Inference{Steps: 50})
		must(t, err)
		h, err := n.Hessian(c, r.Latents)
		must(t, err)
		exact, err := h.Spectra(context.Background())
		must(t, err)
		got := make([]Spectrum, rows)
		h.lanczos(context.Background(), h.shards[0], got)
		for row, s := range got {
			if s.Exact || !exact[row].Exact {
				t.Fatal("one method was compared with itself")
			}
			if math.Abs(s.High-exact[row].High) > 1e-5*exact[row].High || math.Abs(s.Low-exact[row].Low) > 1e-5*exact[row].High {
				t.Errorf("%s: example %d: %v to %v, want %v to %v", name, row, s.Low, s.High, exact[row].Low, exact[row].High)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	cancel(cause)
	r, err := n.Settle(context.Background(), sets["both"], Inference{Steps: 1})
	must(t, err)
	h, err := n.Hessian(sets["both"], r.Latents)
	must(t, err)
	if _, err := h.Spectra(ctx); !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
}

// TestToLoseOfLinear holds the estimate of the energy still to lose against the
// closed form, by each method and for whole and partial clamps: it is from below, as far
// as a dozen examples stand for all, and most of it.
func TestToLoseOfLinear(t *testing.T) {
	for _, dtype := range []Dtype{Float32, Float64} {
		of64 := linearNetwork(t, 5, 14, 9, 6, 4)
		n, err := of64.As(dtype)
		must(t, err)
		for name, c := range clampSets(n, 40) {
			e, err := n.Equilibrium(c)
			must(t, err)
			for _, method := range allMethods() {
				for _, steps := range []int{1, 4} {
					r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: steps, Start: Zeros, Estimate: true})
					must(t, err)
					left, fall := r.Energy-e.Energy, r.Began-e.Energy
					if left > 0.05*fall && (r.ToLose < 0.45*left || r.ToLose > 1.2*left) || r.ToLose > 1.2*max(left, 0)+1e-5*r.Began {
						t.Errorf("%v %s %v: %d steps: %v to lose, want %v", dtype, name, method, steps, r.ToLose, left)
					}
					if reached, want := r.Reached(), (r.Began-r.Energy)/fall; !(reached <= 1 && reached > want-0.05 && reached < want+0.2) {
						t.Errorf("%v %s %v: %d steps: reached %v of the fall, want %v", dtype, name, method, steps, reached, want)
					}
				}
			}
		}
	}
}

// TestEstimateDisturbsNothing settles with and without an estimate: all else is the
// same, to the bit.
func TestEstimateDisturbsNothing(t *testing.T) {
	n, err := New(Config{Layers: []int{40, 12, 10, 5}, Direction: Generative, Seed: 1})
	must(t, err)
	for name, c := range clampSets(n, 50) {
		for _, method := range allMethods() {
			for _, stale := range []bool{false, true} {
				settle := func(estimate bool) (*Result, []float64) {
					r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 5, StaleErrors: stale, Estimate: estimate})
					must(t, err)
					numbers := append([]float64{r.Energy, r.Residual}, r.ExampleEnergy...)
					for _, d := range append(append(r.Latents, r.Errors...), slices.Concat(r.Features...)...) {
						numbers = append(numbers, floats(d)...)
					}
					return r, numbers
				}
				r, without := settle(false)
				if r.ToLose != 0 {
					t.Errorf("%v to lose without being asked", r.ToLose)
				}
				r, with := settle(true)
				if !(r.ToLose > 0) && name != "top" { // where it starts at rest
					t.Errorf("%s %v: %v to lose", name, method, r.ToLose)
				}
				near(t, fmt.Sprintf("%s %v stale=%v", name, method, stale), with, without, 0)
			}
		}
	}
	apart := 0
	n.machines.Find(func(s *settler) bool { // looks at all
		if s.key[len(s.key)-1] == 1 {
			if apart++; s.machine.Rows() > estimateExamples {
				t.Errorf("an estimate takes %d examples", s.machine.Rows())
			}
		}
		return false
	})
	if apart == 0 {
		t.Error("no machine of an estimate is kept")
	}
}

// TestToLoseAtKinks has energies whose minimum is on kinks, from where a step by the
// curvature beside them would climb.
func TestToLoseAtKinks(t *testing.T) {
	for _, activation := range []string{"relu", "leaky-relu", "hard-tanh"} {
		n, err := New(Config{Layers: []int{30, 20, 20, 20, 8}, Activation: activation, Dtype: Float64, Seed: 2})
		must(t, err)
		c := n.Clamp(randomBatch(1, Float64, 12, 30), randomBatch(2, Float64, 12, 8))
		rest, err := n.Settle(context.Background(), c, Inference{Steps: 20000})
		must(t, err)
		for _, steps := range []int{10, 100, 300} {
			r, err := n.Settle(context.Background(), c, Inference{Steps: steps, Estimate: true})
			must(t, err)
			left := r.Energy - rest.Energy
			t.Logf("%s: %d steps: %.2g of the energy left, estimate/left %.3f", activation, steps, left/r.Energy, r.ToLose/left)
			if left > 0.1*r.Energy && (r.ToLose < 0.8*left || r.ToLose > 1.3*left) || r.ToLose > 1.3*max(left, 0) {
				t.Errorf("%s: %d steps: %v to lose, want about %v of %v", activation, steps, r.ToLose, left, r.Energy)
			}
		}
	}
}
