package graph

import (
	"sync"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// curvature is H of inverse, not inverted.
type curvature struct{ inverse }

func (o curvature) Do(in ...G.Value) (G.Value, error) {
	k := in[0].Shape()[0]
	return do(in, k, k, curvatureRef[float32](o.inverse, k), curvatureRef[float64](o.inverse, k))
}

// freeStep is the step of a node that is fixed in part: for each example g H⁻¹ with
// H confined to the units that are free, g (B, k), H (k, k), M (B, k) → (B, k). The
// part of the whole inverse that belongs to the free units is not their inverse: it
// lets the fixed ones follow, and steps by it overshoot without bound.
//
// Each example may have a mask of its own, so it is solved by conjugate gradients,
// with the diagonal for a preconditioner: until the residual is freeTolerance of g, or
// freeSteps are done. The energy of which H is the curvature falls with each of them,
// so that a solution that is cut short is a step downwards as well.
type freeStep struct{ op }

const (
	freeTolerance = 1e-3
	freeSteps     = 100
)

func newFreeStep() freeStep { return freeStep{op{"free step", 3}} }

func (freeStep) Type() hm.Type { return signature("mmmm") }

func (o freeStep) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in, 2, 2, 2)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

func (o freeStep) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], freeStepRef[float32](s[1]), freeStepRef[float64](s[1]))
}

func freeStepRef[T vec.Float](k int) reference[T] {
	return func(dst []T, in [][]T) float64 {
		s := newFreeSolver[T](k)
		for lo := 0; lo < len(dst); lo += k {
			s.solve(dst[lo:lo+k], in[0][lo:lo+k], in[1], in[2][lo:lo+k])
		}
		return 0
	}
}

// freeStepKernel is dst = s·g H⁻¹ on the free units.
func freeStepKernel[T vec.Float](dst int, s T, g, h, mask, k int) kernel[T] {
	solvers := sync.Pool{New: func() any { return newFreeSolver[T](k) }}
	return func(m *memory[T], lo, hi int) {
		by := solvers.Get().(*freeSolver[T])
		defer solvers.Put(by)
		for r := lo; r < hi; r++ {
			out := m.rows(dst, r, r+1)
			by.solve(out, m.rows(g, r, r+1), m.buf[h], m.rows(mask, r, r+1))
			vec.Scale(out, s)
		}
	}
}

// freeSolver solves for the free units of an example. It keeps its scratch.
type freeSolver[T vec.Float] struct{ residual, scaled, along, bent []T }

func newFreeSolver[T vec.Float](k int) *freeSolver[T] {
	room := func() []T { return make([]T, k) }
	return &freeSolver[T]{room(), room(), room(), room()}
}

// solve sets x to g H⁻¹ on the units where free is 1, and to 0 elsewhere.
func (s *freeSolver[T]) solve(x, g, h, free []T) {
	k := len(x)
	clear(x)
	vec.Weigh(s.residual, g, free)
	precondition := func() (rz float64) {
		for i, r := range s.residual {
			s.scaled[i] = 0
			if r != 0 {
				s.scaled[i] = r / h[i*k+i]
			}
		}
		return vec.Dot(s.residual, s.scaled)
	}
	enough := freeTolerance * freeTolerance * vec.HalfSquares(s.residual)
	rz := precondition()
	copy(s.along, s.scaled)
	for range min(freeSteps, 2*k) {
		clear(s.bent)
		for i, p := range s.along {
			if p != 0 {
				vec.AddScaled(s.bent, p, h[i*k:(i+1)*k])
			}
		}
		vec.Weigh(s.bent, s.bent, free)
		bend := vec.Dot(s.along, s.bent)
		if !(bend > 0) { // nothing to solve, or flat
			return
		}
		a := rz / bend
		vec.AddScaled(x, T(a), s.along)
		vec.AddScaled(s.residual, T(-a), s.bent)
		if vec.HalfSquares(s.residual) <= enough {
			return
		}
		before := rz
		rz = precondition()
		vec.Scale(s.along, T(rz/before))
		vec.Add(s.along, s.along, s.scaled)
	}
}
