package model

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// system is a linear one with noise of variance 1 in state and target,
//
//	z = A z⁻ + B u + w,  y = C z + v
type system struct{ a, b, c *mat.Dense }

func (s system) sequence(rng *rand.Rand, steps int) (inputs, targets [][]float64) {
	noise := distuv.Normal{Mu: 0, Sigma: 1, Src: rng}
	vec := func(n int) *mat.VecDense {
		v := mat.NewVecDense(n, nil)
		for i := range n {
			v.SetVec(i, noise.Rand())
		}
		return v
	}
	d, k := s.b.Dims()
	m, _ := s.c.Dims()
	z := mat.NewVecDense(d, nil)
	for range steps {
		u, v := vec(k), vec(m)
		next := vec(d)
		var az, bu, y mat.VecDense
		az.MulVec(s.a, z)
		bu.MulVec(s.b, u)
		next.AddVec(next, &az)
		next.AddVec(next, &bu)
		z = next
		y.MulVec(s.c, z)
		y.AddVec(&y, v)
		inputs, targets = append(inputs, u.RawVector().Data), append(targets, y.RawVector().Data)
	}
	return inputs, targets
}

// network returns the network temporal with the system's matrices.
func (s system) network(t *testing.T) *Network {
	t.Helper()
	m, d := s.c.Dims()
	_, k := s.b.Dims()
	n, err := New(Config{Network: "temporal activation=identity width=3", Layers: []int{k, m}, Dtype: Float64, Seed: 1})
	must(t, err)
	if d != 3 {
		t.Fatal("the width is another")
	}
	for _, p := range n.Named() {
		values := p.Value.Float64s()
		switch p.Name {
		case "state.input.weight":
			copy(values, s.b.RawMatrix().Data)
		case "state.state-1.weight":
			copy(values, s.a.RawMatrix().Data)
		case "target.state.weight":
			copy(values, s.c.RawMatrix().Data)
		default:
			clear(values)
		}
	}
	n.Changed()
	return n
}

func tracked() system {
	return system{
		a: mat.NewDense(3, 3, []float64{0.9, 0.3, 0, -0.3, 0.9, 0.1, 0, 0, 0.7}),
		b: mat.NewDense(3, 2, []float64{0.5, 0, 0, 1, 0.3, -0.4}),
		c: mat.NewDense(2, 3, []float64{1, 0, 0.5, 0, 1, -0.5}),
	}
}

// TestTemporalClosedForm: what the state of a linear network settles to is
// (I + CᵀC)⁻¹ (Cᵀy + A ẑ⁻ + B u), step after step, and what is predicted of the next target
// C (A ẑ⁻ + B u).
func TestTemporalClosedForm(t *testing.T) {
	s := tracked()
	n := s.network(t)
	const steps = 30
	inputs, targets := s.sequence(rand.New(rand.NewPCG(1, 1)), steps)
	for _, method := range []Method{Gradient, GaussSeidel, Chain} {
		at := n.Track(Inference{Method: method, Steps: 2000, Tolerance: 1e-14})
		z := mat.NewVecDense(3, nil)
		for i := range steps {
			u, y := matrix(Float64, inputs[i:i+1]), matrix(Float64, targets[i:i+1])
			got, err := at.Predict(context.Background(), u)
			must(t, err)
			var prior, bu, mean mat.VecDense
			prior.MulVec(s.a, z)
			bu.MulVec(s.b, mat.NewVecDense(2, inputs[i]))
			prior.AddVec(&prior, &bu)
			mean.MulVec(s.c, &prior)
			sameVector(t, method, i, got.Float64s(), mean.RawVector().Data)
			r, err := at.Observe(context.Background(), u, y)
			must(t, err)
			state, err := r.Latent("state")
			must(t, err)
			var cc mat.Dense
			cc.Mul(s.c.T(), s.c)
			for j := range 3 {
				cc.Set(j, j, cc.At(j, j)+1)
			}
			var right, cy, want mat.VecDense
			cy.MulVec(s.c.T(), mat.NewVecDense(2, targets[i]))
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
	n := s.network(t)
	const steps = 3000
	inputs, targets := s.sequence(rand.New(rand.NewPCG(2, 1)), steps)
	temporal, blind := n.Track(Inference{Method: Chain, Steps: 2}), n.Track(Inference{Method: Chain, Steps: 2})
	kalman := newKalman(s)
	var errs [3]float64
	ctx := context.Background()
	for i := range steps {
		u, y := matrix(Float64, inputs[i:i+1]), matrix(Float64, targets[i:i+1])
		predicted := [3][]float64{2: kalman.predict(inputs[i])}
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
		kalman.observe(targets[i])
	}
	t.Logf("mean squared error of the next target: temporal %.4f, Kalman %.4f, by inputs alone %.4f", errs[0], errs[2], errs[1])
	if !(errs[2] <= errs[0] && errs[0] <= 1.1*errs[2] && errs[0] < 0.7*errs[1]) {
		t.Errorf("errors of temporal, inputs alone and Kalman: %.4f", errs)
	}
}

// kalman is a Kalman filter of a system.
type kalman struct {
	system
	z *mat.VecDense
	p *mat.Dense
}

func newKalman(s system) *kalman {
	d, _ := s.a.Dims()
	return &kalman{s, mat.NewVecDense(d, nil), mat.NewDense(d, d, nil)}
}

// predict takes a step without its target, and returns what this will be.
func (k *kalman) predict(input []float64) []float64 {
	d, _ := k.a.Dims()
	var az, bu, y mat.VecDense
	az.MulVec(k.a, k.z)
	bu.MulVec(k.b, mat.NewVecDense(len(input), input))
	k.z.AddVec(&az, &bu)
	var p mat.Dense
	p.Product(k.a, k.p, k.a.T())
	for i := range d {
		p.Set(i, i, p.At(i, i)+1)
	}
	k.p = &p
	y.MulVec(k.c, k.z)
	return y.RawVector().Data
}

// observe takes the target in.
func (k *kalman) observe(target []float64) {
	m, _ := k.c.Dims()
	var s, inverse, gain, kcp, p mat.Dense
	s.Product(k.c, k.p, k.c.T())
	for i := range m {
		s.Set(i, i, s.At(i, i)+1)
	}
	if err := inverse.Inverse(&s); err != nil {
		panic(err)
	}
	gain.Product(k.p, k.c.T(), &inverse)
	var e, move mat.VecDense
	e.MulVec(k.c, k.z)
	e.SubVec(mat.NewVecDense(m, target), &e)
	move.MulVec(&gain, &e)
	k.z.AddVec(k.z, &move)
	kcp.Product(&gain, k.c, k.p)
	p.Sub(k.p, &kcp)
	k.p = &p
}
