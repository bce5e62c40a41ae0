package model

import (
	"math"

	"example.com/pcn/graph"
)

// Where the curvature differs much from one direction to another, a gradient of which
// little is left says nothing of the energy: what is left may lie along directions in
// which it hardly curves, and be most of the fall. So a shard whose gradient has come
// down to the tolerance is at rest only where the energy has no more to lose either.
const (
	restShare    = 0.01 // the share of the fall that may be left, by the estimate
	restResidual = 1e-3 // of the gradient, at which the estimate is done
	restSteps    = 200  // or after so many gradients
)

// restSearch is the scratch of atRest.
type restSearch struct{ at, gradient, residual, along memory }

// atRest reports whether the shard has lost nearly all the energy that it can, by the
// Newton decrement ½ gᵀ H⁻¹ g, which conjugate gradients (Hestenes and Stiefel 1952) sum
// up from below, with products with the Hessian as differences of gradients. It leaves
// latents and gradients as they are, energies and errors out of date.
func (st *settling) atRest(shard *graph.Shard) bool {
	shard.Evaluate()
	energy := 0.0
	for i := range st.last {
		energy += shard.Energy(i)
	}
	s, units, rr := &st.search, 0, 0.0
	s.at.keep(shard, st.free)
	for _, l := range st.free {
		g := shard.Gradient(l)
		copyFrom(s.gradient.room(shard, l), g, 0)
		copyFrom(s.residual.room(shard, l), g, 0)
		copyFrom(s.along.room(shard, l), g, 0)
		units += g.Shape().TotalSize()
		rr += norm2(g)
	}
	far, enough := 1e-5, restResidual*restResidual*rr // how far the latents move for a difference
	if st.dtype == Float32 {
		far = 1e-3
	}
	left, most := 0.0, restShare*(st.began-energy)
	for step := 0; step < restSteps && rr > enough && left <= most; step++ {
		pp := 0.0
		for _, l := range st.free {
			pp += norm2(s.along[l])
		}
		h := far * math.Sqrt(float64(units)/pp)
		for _, l := range st.free {
			addScaled(shard.Latent(l), h, s.along[l])
		}
		shard.Gradients()
		bend := 0.0
		for _, l := range st.free {
			hp := shard.Gradient(l)
			addScaled(hp, -1, s.gradient[l])
			bend += dot(hp, s.along[l]) / h
			copyFrom(shard.Latent(l), s.at[l], 0)
		}
		if !(bend > 0) { // flat, or a ridge
			break
		}
		a, before := rr/bend, rr
		left += a * rr / 2
		rr = 0
		for _, l := range st.free {
			addScaled(s.residual[l], -a/h, shard.Gradient(l))
			rr += norm2(s.residual[l])
		}
		for _, l := range st.free {
			scaleAndAdd(s.along[l], rr/before, s.residual[l])
		}
	}
	shard.Gradients()
	return left <= most
}
