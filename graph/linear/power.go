package linear

import (
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// Power is what power iteration for the spectral norm of a map needs. Dense maps and
// convolutions have it, by a method Power. All others have a method Bound, which returns a
// bound on the norm of √Π M(θ), given θ and Π, (n), nil for 1. It keeps room, and so belongs
// to one goroutine at a time.
type Power interface {
	// Take begins with other parameters.
	Take(theta *tensor.Dense)
	// Step sets x, (k), to M(θ)ᵀ Π M(θ) x; without a precision, (n), Π is 1.
	Step(precision *tensor.Dense, x []float64)
}

// rootOfLargest returns the root of the largest precision, 1 of none.
func rootOfLargest(precision *tensor.Dense) float64 {
	if precision == nil {
		return 1
	}
	return math.Sqrt(slices.Max(dense.Floats(precision)))
}

// densePower goes over the matrix once a step: each row's share of the pull-back follows
// its product, while it is near.
type densePower[T vec.Float] struct {
	w, x, sum []T
}

func newDensePower[T vec.Float](k int) *densePower[T] {
	return &densePower[T]{x: make([]T, k), sum: make([]T, k)}
}

func (p *densePower[T]) Take(theta *tensor.Dense) { p.w = dense.Of[T](theta) }

func (p *densePower[T]) Step(precision *tensor.Dense, x []float64) {
	for j, v := range x {
		p.x[j] = T(v)
	}
	clear(p.sum)
	k := len(x)
	for i := range len(p.w) / k {
		row := p.w[i*k : (i+1)*k]
		left := vec.Dot(row, p.x)
		if precision != nil {
			left *= dense.At(precision, i)
		}
		vec.AddScaled(p.sum, T(left), row)
	}
	for j, v := range p.sum {
		x[j] = float64(v)
	}
}

// convPower is a convolution and its pull-back of one example, in the order of the map.
type convPower[T vec.Float] struct {
	plans [2]*plan
	rooms [2]room[T]
	ends  [2][]T
}

func newConvPower[T vec.Float](g geometry, transposed bool) *convPower[T] {
	p := &convPower[T]{plans: [2]*plan{newPlan(g, transposed, usual), newPlan(g, !transposed, usual)}}
	p.ends = [2][]T{make([]T, p.plans[0].source.units()), make([]T, p.plans[0].result.units())}
	for i, of := range p.plans {
		for range of.operands {
			p.rooms[i].operands = append(p.rooms[i].operands, new(gemm.Packed[T]))
		}
	}
	return p
}

func (p *convPower[T]) Take(theta *tensor.Dense) {
	for i, of := range p.plans {
		for k := range of.parts {
			part := &of.parts[k]
			n, _ := part.operands(of.blocks)
			for j := range n {
				lay(of, part, j, &p.rooms[i], p.rooms[i].operands[part.first+j], dense.Of[T](theta))
			}
		}
	}
}

func (p *convPower[T]) Step(precision *tensor.Dense, x []float64) {
	psi, out := p.ends[0], p.ends[1]
	for i, v := range x {
		psi[i] = T(v)
	}
	multiply(p.plans[0], &p.rooms[0], out, psi, 1, false)
	if precision != nil {
		for i := range out {
			out[i] *= T(dense.At(precision, i))
		}
	}
	multiply(p.plans[1], &p.rooms[1], psi, out, 1, false)
	for i, v := range psi {
		x[i] = float64(v)
	}
}

// power returns the power iteration of the convolution, or of its transpose.
func (g geometry) power(transposed bool, dtype tensor.Dtype) Power {
	if dtype == tensor.Float32 {
		return newConvPower[float32](g, transposed)
	}
	return newConvPower[float64](g, transposed)
}
