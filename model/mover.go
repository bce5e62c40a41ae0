package model

import (
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// AlongGradient moves v ← v − γ g. It is what other movers have in common: it
// remembers nothing.
type AlongGradient struct{}

// Begin implements [Mover].
func (AlongGradient) Begin(*graph.Shard, []int) {}

// End implements [Mover].
func (AlongGradient) End(*graph.Shard, []int) {}

// Remembers implements [Mover].
func (AlongGradient) Remembers() bool { return false }

// Move implements [Mover].
func (AlongGradient) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		dense.AddScaled(s.Latent(l), -rates[l], s.Gradient(l))
	}
}

// AlongSteps moves v ← v − γ s, with s the graph's step, such as H⁻¹ g.
type AlongSteps struct{ AlongGradient }

// Move implements [Mover].
func (AlongSteps) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		dense.AddScaled(s.Latent(l), -rates[l], s.Step(l))
	}
}

// AlongErrors moves the errors (Goemaere and others 2025), and puts the latents where these then say, each behind
// those that predict it.
type AlongErrors struct {
	AlongGradient
	rates []float64 // by node, 0 for those that stay
}

// Begin implements [Mover].
func (e *AlongErrors) Begin(s *graph.Shard, _ []int) { e.rates = make([]float64, s.Nodes()) }

// Move implements [Mover].
func (e *AlongErrors) Move(s *graph.Shard, nodes []int, rates []float64) {
	clear(e.rates)
	for _, l := range nodes {
		e.rates[l] = rates[l]
	}
	s.MoveErrors(e.rates)
}

// latents holds a tensor of each free latent's shape by node.
type latents []*tensor.Dense

// room returns the tensor of node l, made where there is none of its latent's shape.
func (m *latents) room(shard *graph.Shard, l int) *tensor.Dense {
	for len(*m) <= l {
		*m = append(*m, nil)
	}
	v := shard.Latent(l)
	if d := (*m)[l]; d == nil || !d.Shape().Eq(v.Shape()) {
		(*m)[l] = tensor.New(tensor.Of(v.Dtype()), tensor.WithShape(v.Shape()...))
	}
	return (*m)[l]
}

// zero sets all to 0.
func (m *latents) zero(shard *graph.Shard, nodes []int) {
	for _, l := range nodes {
		m.room(shard, l).Zero()
	}
}

// keep sets all to where the shard's are.
func (m *latents) keep(shard *graph.Shard, nodes []int) {
	for _, l := range nodes {
		copyFrom(m.room(shard, l), shard.Latent(l), 0)
	}
}

// put sets the shard's to what is kept.
func (m latents) put(shard *graph.Shard, nodes []int) {
	for _, l := range nodes {
		copyFrom(shard.Latent(l), m[l], 0)
	}
}

// HeavyBall moves by a velocity (Polyak 1964), u ← Keep u + g, v ← v − γ u.
type HeavyBall struct {
	AlongGradient
	Keep     float64 // share of the velocity that is kept, from 0 to below 1
	velocity latents
}

// Remembers implements [Mover].
func (m *HeavyBall) Remembers() bool { return true }

// Begin implements [Mover].
func (m *HeavyBall) Begin(s *graph.Shard, nodes []int) { m.velocity.zero(s, nodes) }

// Move implements [Mover].
func (m *HeavyBall) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		v := s.Latent(l)
		dense.Momentum(v, m.velocity[l], s.Gradient(l), m.Keep, -rates[l], 0, v.DataSize())
	}
}

// Accelerated is Nesterov's rule, begun anew where it would climb (O'Donoghue and Candès
// 2015): the latents are at the extrapolated point while it
// moves them, and at the last one itself where it ends.
type Accelerated struct {
	AlongGradient
	last latents
	t    float64
}

// Remembers implements [Mover].
func (n *Accelerated) Remembers() bool { return true }

// Begin implements [Mover].
func (n *Accelerated) Begin(s *graph.Shard, nodes []int) {
	n.last.keep(s, nodes)
	n.t = 1
}

// Move implements [Mover].
func (n *Accelerated) Move(s *graph.Shard, nodes []int, rates []float64) {
	t := (1 + math.Sqrt(1+4*n.t*n.t)) / 2
	beta := (n.t - 1) / t
	climb := 0.0 // ⟨g, x − last⟩ with x the new point
	for _, l := range nodes {
		climb += nesterovStep(s.Latent(l), n.last[l], s.Gradient(l), rates[l], beta)
	}
	if n.t = t; climb > 0 {
		n.t = 1
	}
}

// End implements [Mover].
func (n *Accelerated) End(s *graph.Shard, nodes []int) {
	for _, l := range nodes {
		copyFrom(s.Latent(l), n.last[l], 0)
	}
}

// AdamMover is Adam on latents (Kingma and Ba 2015, algorithm 1, ε = 1e-8).
type AdamMover struct {
	AlongGradient
	Beta1, Beta2  float64 // shares of the running means of g and g² that are kept, from 0 to below 1
	first, second latents
	steps         int
}

// Remembers implements [Mover].
func (a *AdamMover) Remembers() bool { return true }

// Begin implements [Mover].
func (a *AdamMover) Begin(s *graph.Shard, nodes []int) {
	a.first.zero(s, nodes)
	a.second.zero(s, nodes)
	a.steps = 0
}

// Move implements [Mover].
func (a *AdamMover) Move(s *graph.Shard, nodes []int, rates []float64) {
	a.steps++
	scale := -1 / (1 - math.Pow(a.Beta1, float64(a.steps)))
	correction := 1 / (1 - math.Pow(a.Beta2, float64(a.steps)))
	for _, l := range nodes {
		v := s.Latent(l)
		dense.Adam(v, a.first[l], a.second[l], s.Gradient(l), a.Beta1, a.Beta2, rates[l]*scale, correction, 1e-8, 0, 0, v.DataSize())
	}
}
