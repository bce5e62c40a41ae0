package linear

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/vec"
)

// Power is what power iteration for the spectral norm of a map needs. Dense maps and
// convolutions have it. It keeps room, and so belongs to one goroutine at a time.
type Power interface {
	// Take begins with other parameters.
	Take(theta *tensor.Dense)
	// Step sets x, (k), to M(θ)ᵀ Π M(θ) x; without a precision, (n), Π is 1.
	Step(precision *tensor.Dense, x []float64)
}

type densePower struct {
	theta *tensor.Dense
	left  []float64
}

func (p *densePower) Take(theta *tensor.Dense) { p.theta = theta }

func (p *densePower) Step(precision *tensor.Dense, x []float64) {
	if p.theta.Dtype() == tensor.Float32 {
		powerStep(p.theta.Float32s(), precision, p.left, x)
	} else {
		powerStep(p.theta.Float64s(), precision, p.left, x)
	}
}

func powerStep[T vec.Float](w []T, precision *tensor.Dense, left, x []float64) {
	k := len(x)
	for i := range left {
		sum := 0.0
		for j, v := range w[i*k : (i+1)*k] {
			sum += float64(v) * x[j]
		}
		if precision != nil {
			sum *= dense.At(precision, i)
		}
		left[i] = sum
	}
	clear(x)
	for i, l := range left {
		for j, v := range w[i*k : (i+1)*k] {
			x[j] += l * float64(v)
		}
	}
}

// convPower is a convolution and its pull-back of one example, in the order of the map.
type convPower struct {
	plans [2]*plan
	f32   *powerRoom[float32]
	f64   *powerRoom[float64]
}

func newConvPower(g geometry, transposed bool) *convPower {
	return &convPower{plans: [2]*plan{newPlan(g, transposed, usual), newPlan(g, !transposed, usual)}}
}

// powerRoom is what convPower works in.
type powerRoom[T vec.Float] struct {
	rooms [2]room[T]
	ends  [2][]T
}

func newPowerRoom[T vec.Float](plans [2]*plan) *powerRoom[T] {
	p := &powerRoom[T]{ends: [2][]T{make([]T, plans[0].source.units()), make([]T, plans[0].result.units())}}
	for i, of := range plans {
		for range of.operands {
			p.rooms[i].operands = append(p.rooms[i].operands, new(gemm.Packed[T]))
		}
	}
	return p
}

func (p *convPower) Take(theta *tensor.Dense) {
	if theta.Dtype() == tensor.Float32 {
		if p.f32 == nil {
			p.f32 = newPowerRoom[float32](p.plans)
		}
		p.f32.take(p.plans, theta.Float32s())
	} else {
		if p.f64 == nil {
			p.f64 = newPowerRoom[float64](p.plans)
		}
		p.f64.take(p.plans, theta.Float64s())
	}
}

func (p *powerRoom[T]) take(plans [2]*plan, theta []T) {
	for i, of := range plans {
		for k := range of.parts {
			part := &of.parts[k]
			n, _ := part.operands(of.blocks)
			for j := range n {
				lay(of, part, j, &p.rooms[i], p.rooms[i].operands[part.first+j], theta)
			}
		}
	}
}

func (p *convPower) Step(precision *tensor.Dense, x []float64) {
	if p.f32 != nil {
		p.f32.step(p.plans, precision, x)
	} else {
		p.f64.step(p.plans, precision, x)
	}
}

func (p *powerRoom[T]) step(plans [2]*plan, precision *tensor.Dense, x []float64) {
	psi, out := p.ends[0], p.ends[1]
	for i, v := range x {
		psi[i] = T(v)
	}
	multiply(plans[0], &p.rooms[0], out, psi, 1, false)
	if precision != nil {
		for i := range out {
			out[i] *= T(dense.At(precision, i))
		}
	}
	multiply(plans[1], &p.rooms[1], psi, out, 1, false)
	for i, v := range psi {
		x[i] = float64(v)
	}
}
