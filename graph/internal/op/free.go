package op

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// FreeStep is the step of a node that is fixed in part: for each example g H⁻¹ with H
// confined to the units that are free, g (B, k), H (k, k), M (B, k) → (B, k). The part of
// the whole inverse that belongs to the free units is not their inverse: it lets the
// fixed ones follow, and steps by it overshoot without bound.
//
// Each example may have a mask of its own, so it is solved by conjugate gradients, with
// the diagonal for a preconditioner: until the residual is freeTolerance of g, or
// freeSteps are done. The energy of which H is the curvature falls with each of them, so
// that a solution that is cut short is a step downwards as well.
func FreeStep() *Op {
	return &Op{
		Name: "free step", In: "mmm", Out: 'm',
		Shape: func(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil },
		Faces: ByKernel(freeStepLower[float32], freeStepLower[float64]),
	}
}

const (
	freeTolerance = 1e-3
	freeSteps     = 100
)

func freeStepLower[T vec.Float](_ *Lowering[T], a Args) Kernel[T] {
	k := a.Shape[1]
	solvers := pool.NewScratch(func() *freeSolver[T] { return newFreeSolver[T](k) })
	return func(m *Memory[T], lo, hi int) {
		by := solvers.Get()
		defer solvers.Put(by)
		for r := lo; r < hi; r++ {
			by.solve(m.Rows(a.Out, r, r+1), m.Rows(a.In[0], r, r+1), m.Buf[a.In[1]], m.Rows(a.In[2], r, r+1))
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
