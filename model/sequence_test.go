package model

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"example.com/pcn/internal/kalman"
)

// sequence returns targets of a system at inputs from N(0, 1).
func sequence(s kalman.System, rng *rand.Rand, steps int) (inputs, targets [][]float64) {
	_, k := s.B.Dims()
	for range steps {
		u := make([]float64, k)
		for i := range u {
			u[i] = rng.NormFloat64()
		}
		inputs = append(inputs, u)
	}
	return inputs, s.Targets(rng, inputs)
}

// tracker returns the network temporal with the system's matrices.
func tracker(t *testing.T, s kalman.System) *Network {
	t.Helper()
	m, d := s.C.Dims()
	_, k := s.B.Dims()
	n, err := New(Config{Network: "temporal activation=identity width=3", Layers: []int{k, m}, Dtype: Float64, Seed: 1})
	must(t, err)
	if d != 3 {
		t.Fatal("the width is another")
	}
	for _, p := range n.Named() {
		values := p.Value.Float64s()
		switch p.Name {
		case "state.input.weight":
			copy(values, s.B.RawMatrix().Data)
		case "state.state-1.weight":
			copy(values, s.A.RawMatrix().Data)
		case "target.state.weight":
			copy(values, s.C.RawMatrix().Data)
		default:
			clear(values)
		}
	}
	n.Changed()
	return n
}

func tracked() kalman.System {
	return kalman.System{
		A: mat.NewDense(3, 3, []float64{0.9, 0.3, 0, -0.3, 0.9, 0.1, 0, 0, 0.7}),
		B: mat.NewDense(3, 2, []float64{0.5, 0, 0, 1, 0.3, -0.4}),
		C: mat.NewDense(2, 3, []float64{1, 0, 0.5, 0, 1, -0.5}),
	}
}

// TestTemporalClosedForm: what the state of a linear network settles to is
// (I + CᵀC)⁻¹ (Cᵀy + A ẑ⁻ + B u), step after step, and what is predicted of the next target
// C (A ẑ⁻ + B u).
func TestTemporalClosedForm(t *testing.T) {
	s := tracked()
	n := tracker(t, s)
	const steps = 30
	inputs, targets := sequence(s, rand.New(rand.NewPCG(1, 1)), steps)
	for _, method := range []Method{Gradient, GaussSeidel, Chain} {
		at := n.Track(Inference{Method: method, Steps: 2000, Tolerance: 1e-14})
		z := mat.NewVecDense(3, nil)
		for i := range steps {
			u, y := matrix(Float64, inputs[i:i+1]), matrix(Float64, targets[i:i+1])
			got, err := at.Predict(context.Background(), u)
			must(t, err)
			var prior, bu, mean mat.VecDense
			prior.MulVec(s.A, z)
			bu.MulVec(s.B, mat.NewVecDense(2, inputs[i]))
			prior.AddVec(&prior, &bu)
			mean.MulVec(s.C, &prior)
			sameVector(t, method, i, got.Float64s(), mean.RawVector().Data)
			r, err := at.Observe(context.Background(), u, y)
			must(t, err)
			state, err := r.Latent("state")
			must(t, err)
			var cc mat.Dense
			cc.Mul(s.C.T(), s.C)
			for j := range 3 {
				cc.Set(j, j, cc.At(j, j)+1)
			}
			var right, cy, want mat.VecDense
			cy.MulVec(s.C.T(), mat.NewVecDense(2, targets[i]))
			right.AddVec(&prior, &cy)
			must(t, want.SolveVec(&cc, &right))
			sameVector(t, method, i, state.Float64s(), want.RawVector().Data)
			z = &want
		}
	}
}

func sameVector(t *testing.T, method Method, step int, got, want []float64) {
	t.Helper()
	for j := range want {
		if !(math.Abs(got[j]-want[j]) <= 1e-8) {
			t.Fatalf("%v: step %d: got %v, want %v", method, step, got, want)
		}
	}
}

// TestTemporalTracks: on a long sequence the state's error is at most a tenth above that of
// the Kalman filter, which propagates its covariance, and far below that of what the inputs
// alone say.
func TestTemporalTracks(t *testing.T) {
	s := tracked()
	n := tracker(t, s)
	const steps = 3000
	inputs, targets := sequence(s, rand.New(rand.NewPCG(2, 1)), steps)
	temporal, blind := n.Track(Inference{Method: Chain, Steps: 2}), n.Track(Inference{Method: Chain, Steps: 2})
	filter := kalman.NewFilter(s)
	var errs [3]float64
	ctx := context.Background()
	for i := range steps {
		u, y := matrix(Float64, inputs[i:i+1]), matrix(Float64, targets[i:i+1])
		predicted := [3][]float64{2: filter.Predict(inputs[i])}
		for j, at := range []*Tracking{temporal, blind} {
			p, err := at.Predict(ctx, u)
			must(t, err)
			predicted[j] = p.Float64s()
		}
		for j, p := range predicted {
			for k, x := range p {
				d := x - targets[i][k]
				errs[j] += d * d / steps / float64(len(p))
			}
		}
		_, err := temporal.Observe(ctx, u, y)
		must(t, err)
		_, err = blind.Observe(ctx, u, nil)
		must(t, err)
		filter.Observe(targets[i])
	}
	t.Logf("mean squared error of the next target: temporal %.4f, Kalman %.4f, by inputs alone %.4f", errs[0], errs[2], errs[1])
	if !(errs[2] <= errs[0] && errs[0] <= 1.1*errs[2] && errs[0] < 0.7*errs[1]) {
		t.Errorf("errors of temporal, inputs alone and Kalman: %.4f", errs)
	}
}
