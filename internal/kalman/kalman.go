// Package kalman has linear systems with noise, and the filter that is best for them: what
// temporal predictive coding is held against.
package kalman

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// System has a state z that inputs u drive, and targets y in which it is seen, with noise w and
// v of variance 1 in each of their units,
//
//	z_t = A z_{t−1} + B u_t + w_t,  y_t = C z_t + v_t,  z_0 = 0
type System struct{ A, B, C *mat.Dense }

// Motion is the state position, velocity and acceleration of Millidge, Tang, Osanlouy, Harper
// and Bogacz (2024): the input pushes the acceleration, and three numbers that mix all three
// are seen. A step takes 0.1 s, theirs 0.001, in which nothing comes of a velocity; C is
// theirs of seed 1, to two digits.
func Motion() System {
	const dt = 0.1
	return System{
		A: mat.NewDense(3, 3, []float64{1, dt, dt * dt / 2, 0, 1, dt, 0, 0, 1}),
		B: mat.NewDense(3, 1, []float64{0, 0, 1}),
		C: mat.NewDense(3, 3, []float64{0.66, 0.27, 0.06, 0.62, -0.45, -0.17, -1.52, 0.38, -1.03}),
	}
}

// Targets returns what is seen of the system at each of some steps' inputs.
func (s System) Targets(rng *rand.Rand, inputs [][]float64) (targets [][]float64) {
	d, _ := s.A.Dims()
	k, _ := s.C.Dims()
	z := mat.NewVecDense(d, nil)
	for _, u := range inputs {
		z = s.next(z, u)
		y := mat.NewVecDense(k, nil)
		shake(rng, z)
		y.MulVec(s.C, z)
		shake(rng, y)
		targets = append(targets, y.RawVector().Data)
	}
	return targets
}

// next returns A z + B u.
func (s System) next(z *mat.VecDense, input []float64) *mat.VecDense {
	var az, bu mat.VecDense
	az.MulVec(s.A, z)
	bu.MulVec(s.B, mat.NewVecDense(len(input), input))
	az.AddVec(&az, &bu)
	return &az
}

func shake(rng *rand.Rand, v *mat.VecDense) {
	for i := range v.Len() {
		v.SetVec(i, v.AtVec(i)+rng.NormFloat64())
	}
}

// Filter is the Kalman filter of a system, which has its matrices and the variance of its noise: of
// all that have seen the targets before, its predictions have the least mean squared error.
type Filter struct {
	system System
	z      *mat.VecDense
	p      *mat.Dense // covariance of the state about z
}

// NewFilter returns a filter that has seen nothing.
func NewFilter(s System) *Filter {
	d, _ := s.A.Dims()
	return &Filter{s, mat.NewVecDense(d, nil), mat.NewDense(d, d, nil)}
}

// Predict takes a step without its targets, and returns what these are expected to be.
func (f *Filter) Predict(input []float64) []float64 {
	s := f.system
	f.z = s.next(f.z, input)
	var p mat.Dense
	p.Product(s.A, f.p, s.A.T())
	addIdentity(&p)
	f.p = &p
	var y mat.VecDense
	y.MulVec(s.C, f.z)
	return y.RawVector().Data
}

// Observe takes in the targets of the step that was predicted.
func (f *Filter) Observe(targets []float64) {
	c := f.system.C
	var s, inverse, gain, seen, p mat.Dense
	s.Product(c, f.p, c.T())
	addIdentity(&s)
	if err := inverse.Inverse(&s); err != nil {
		panic(err) // s is at least the identity
	}
	gain.Product(f.p, c.T(), &inverse)
	var e, move mat.VecDense
	e.MulVec(c, f.z)
	e.SubVec(mat.NewVecDense(len(targets), targets), &e)
	move.MulVec(&gain, &e)
	f.z.AddVec(f.z, &move)
	seen.Product(&gain, c, f.p)
	p.Sub(f.p, &seen)
	f.p = &p
}

func addIdentity(m *mat.Dense) {
	n, _ := m.Dims()
	for i := range n {
		m.Set(i, i, m.At(i, i)+1)
	}
}
