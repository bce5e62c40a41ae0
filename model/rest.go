package model

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
)

// Where the curvature differs much from one direction to another, a gradient of which
// little is left says nothing of the energy: what is left may lie along directions in
// which it hardly curves, and be most of the fall. So a shard whose gradient has come
// down to the tolerance is at rest only where the energy has no more to lose either.
const (
	restShare    = 0.02 // the share of the fall that may be left, by the estimate
	restResidual = 1e-3 // of the gradient, at which the estimate is done, as it is where rounding alone is left
	restSteps    = 200  // or after so many gradients
)

// restSearch is the scratch of atRest.
type restSearch struct {
	at, gradient, residual, along, step latents
	steps                               int // taken of those that there may be
}

// atRest reports whether the shard has lost nearly all the energy that it can, by the
// Newton decrement ½ gᵀ H⁻¹ g, which conjugate gradients (Hestenes and Stiefel 1952) sum
// up from below, with products with the Hessian as differences of gradients. About the
// kinks of a relu there is less to lose than that says, so the step that goes with it is
// tried. It leaves latents and gradients as they are, energies and errors out of date.
func (st *descent) atRest(ctx context.Context, shard *graph.Shard) bool {
	evaluate := func() (energy float64) {
		shard.Evaluate()
		for i := range st.last {
			energy += shard.Energy(i)
		}
		return energy
	}
	energy := evaluate()
	s, units, rr := &st.search, 0, 0.0
	s.at.keep(shard, st.free)
	s.step.zero(shard, st.free)
	for _, l := range st.free {
		g := shard.Gradient(l)
		copyFrom(s.gradient.room(shard, l), g, 0)
		copyFrom(s.residual.room(shard, l), g, 0)
		copyFrom(s.along.room(shard, l), g, 0)
		units += g.Shape().TotalSize()
		rr += norm2(g)
	}
	rounding := st.dtype.rounding()
	enough := max(restResidual*restResidual*rr, rounding*rounding*st.largest2)
	far := 1e-5 // how far the latents move for a difference, beyond what rounding blurs
	if st.dtype == Float32 {
		far = 5e-2
	}
	left, most := 0.0, restShare*(st.began-energy)
	for s.steps = 0; s.steps < restSteps && rr > enough && left <= most && ctx.Err() == nil; s.steps++ {
		pp := 0.0
		for _, l := range st.free {
			pp += norm2(s.along[l])
		}
		h := far * math.Sqrt(float64(units)/pp)
		for _, l := range st.free {
			dense.AddScaled(shard.Latent(l), h, s.along[l])
		}
		shard.Gradients()
		bend := 0.0
		for _, l := range st.free {
			hp := shard.Gradient(l)
			dense.AddScaled(hp, -1, s.gradient[l])
			bend += dense.Dot(hp, s.along[l]) / h
		}
		s.at.put(shard, st.free)
		if !(bend > 0) { // flat, or a ridge
			break
		}
		a, before := rr/bend, rr
		left += a * rr / 2
		rr = 0
		for _, l := range st.free {
			dense.AddScaled(s.step[l], -a, s.along[l])
			dense.AddScaled(s.residual[l], -a/h, shard.Gradient(l))
			rr += norm2(s.residual[l])
		}
		for _, l := range st.free {
			scaleAndAdd(s.along[l], rr/before, s.residual[l])
		}
	}
	for share := 1.0; share > 0.1 && left > most; share /= 2 {
		for _, l := range st.free {
			dense.AddScaled(shard.Latent(l), share, s.step[l])
		}
		fall := energy - evaluate()
		s.at.put(shard, st.free)
		if fall > most/2 {
			shard.Gradients()
			return false
		}
	}
	shard.Gradients()
	return ctx.Err() == nil
}

// How the energy still to lose is estimated: by how much so many examples lose in so
// many steps.
const (
	estimateExamples = 12
	estimateSteps    = 20
)

// toLose estimates how much energy a batch with clamps c has still to lose on its way
// to rest from where r has ended: by how much some of its examples, spread over it,
// lose on a machine apart in a few steps of a fast method.
func (n *Network) toLose(ctx context.Context, c []Clamp, r *Result) (float64, error) {
	rows := len(r.ExampleEnergy)
	few := min(rows, estimateExamples)
	some := func(d *tensor.Dense) *tensor.Dense {
		if d == nil || d.Shape()[0] != rows {
			return d
		}
		of := tensor.New(tensor.Of(d.Dtype()), tensor.WithShape(few, d.Shape()[1]))
		for i := range few {
			dense.CopyRow(of, i, d, i*rows/few)
		}
		return of
	}
	from := make([]Clamp, len(c))
	for l, v := range c {
		if from[l] = (Clamp{Values: some(v.Values), Fixed: some(v.Fixed)}); !v.whole() {
			from[l].Start = some(r.Latents[l])
		}
	}
	fast := Inference{Method: SymmetricGaussSeidel, Steps: estimateSteps, Rate: 1}
	if !n.blocks() {
		fast = Inference{Method: Nesterov, Steps: 10 * estimateSteps, Rate: math.MaxFloat32} // as far as the guard lets it
	}
	on, err := n.settle(ctx, from, few, fast, true)
	if err != nil {
		return 0, fmt.Errorf("model: energy to lose: %w", err)
	}
	if !on.Finite() {
		return 0, nil
	}
	return max(0, on.Began-on.Energy) * float64(rows) / float64(few), nil
}

// blocks reports whether each node has a block of curvature.
func (n *Network) blocks() bool {
	for _, p := range n.wiring.Predictions {
		for _, e := range p.Edges {
			if !linear.HasBlock(e.Map) || !e.Feature.UnitByUnit() || !p.After.UnitByUnit() {
				return false
			}
		}
	}
	return true
}

// Reached returns how much of the fall from where settling began to equilibrium it has
// made: (E_start − E) / (E_start − E_equilibrium), from 0 to 1 at rest. It wants
// Inference.Estimate; it is 1 where there was nothing to lose, and NaN where the energy
// is no number.
func (r *Result) Reached() float64 {
	if r.ToLose == 0 && r.Finite() {
		return 1
	}
	made := max(0, r.Began-r.Energy)
	return made / (made + r.ToLose)
}
