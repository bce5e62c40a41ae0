package model

import (
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Method says how free latents move in a step. The preconditioned ones use that
// weights are frozen: H_l = Π_l + c² Wᵀ Π_{l−1} W, inverted once a weight change,
// bounds the energy's curvature at node l. An activity prior adds its α, and above
// a bottom node that is not Gaussian graph.NodeEnergy.Curvature stands for Π_{l−1}.
type Method int

const (
	// Gradient descent, v ← v − γ g, all nodes at once: the article's method.
	Gradient Method = iota
	// Momentum is heavy-ball descent, u ← 0.9 u + g, v ← v − γ u (Polyak 1964).
	Momentum
	// Nesterov is accelerated descent, begun anew where it would climb (O'Donoghue
	// and Candès 2015, the gradient scheme).
	Nesterov
	// Adam is Kingma and Ba's rule (2015, algorithm 1) on the latents.
	Adam
	// Preconditioned moves all nodes at once, v ← v − γ H⁻¹ g.
	Preconditioned
	// GaussSeidel moves node after node, from the bottom up, v ← v − γ H⁻¹ g, each
	// seeing its neighbours' new values. A step is one pass.
	GaussSeidel
	// SymmetricGaussSeidel goes up and back down again. A step is both.
	SymmetricGaussSeidel
)

// defaultRates are the rates that methods take where Inference.Rate is 0.
var defaultRates = map[Method]float64{
	Gradient: 0.1, Momentum: 0.1, Nesterov: 0.1, Adam: 0.05,
	Preconditioned: 0.6, GaussSeidel: 1, SymmetricGaussSeidel: 1,
}

// preconditioned reports whether the method steps by H⁻¹.
func (m Method) preconditioned() bool { return m >= Preconditioned }

// order returns the turns of a sweep over the free nodes, nil where all move at
// once.
func (m Method) order(free []int) []int {
	if m != GaussSeidel && m != SymmetricGaussSeidel {
		return nil
	}
	order := free
	if m == SymmetricGaussSeidel {
		for i := len(free) - 2; i >= 0; i-- {
			order = append(order[:len(order):len(order)], free[i])
		}
	}
	return order
}

// rule returns how the method moves the latents of a shard.
func (m Method) rule() rule {
	switch m {
	case Momentum:
		return &momentum{}
	case Nesterov:
		return &nesterov{}
	case Adam:
		return &adam{}
	case Preconditioned:
		return preconditioned{}
	}
	return descent{}
}

// rule moves the free latents of a shard, all at once, given their gradients.
// It is made for one shard and used again for each batch.
type rule interface {
	begin(shard *graph.Shard, free []int)
	move(shard *graph.Shard, free []int, rate float64)
	end(shard *graph.Shard, free []int)
}

type descent struct{}

func (descent) begin(*graph.Shard, []int) {}
func (descent) end(*graph.Shard, []int)   {}

func (descent) move(shard *graph.Shard, free []int, rate float64) {
	for _, l := range free {
		addScaled(shard.Latent(l), -rate, shard.Gradient(l))
	}
}

type preconditioned struct{ descent }

func (preconditioned) move(shard *graph.Shard, free []int, rate float64) {
	shard.Steps()
	for _, l := range free {
		addScaled(shard.Latent(l), -rate, shard.Step(l))
	}
}

// memory is a tensor of each free latent's shape, zero when settling begins.
type memory []*tensor.Dense

func (m *memory) begin(shard *graph.Shard, free []int) {
	if len(free) == 0 {
		return
	}
	if len(*m) != len(free) || !(*m)[0].Shape().Eq(shard.Latent(free[0]).Shape()) {
		*m = nil
		for _, l := range free {
			v := shard.Latent(l)
			*m = append(*m, tensor.New(tensor.Of(v.Dtype()), tensor.WithShape(v.Shape()...)))
		}
		return
	}
	for _, d := range *m {
		d.Zero()
	}
}

type momentum struct {
	descent
	velocity memory
}

// friction is 1 − the share of its velocity that momentum keeps.
const friction = 0.1

func (m *momentum) begin(shard *graph.Shard, free []int) { m.velocity.begin(shard, free) }

func (m *momentum) move(shard *graph.Shard, free []int, rate float64) {
	for i, l := range free {
		addMomentum(shard.Latent(l), m.velocity[i], shard.Gradient(l), 1-friction, -rate)
	}
}

// nesterov keeps the latents at the extrapolated point and last at the point
// before it.
type nesterov struct {
	last memory
	t    float64
}

func (n *nesterov) begin(shard *graph.Shard, free []int) {
	n.last.begin(shard, free)
	for i, l := range free {
		tensor.Copy(n.last[i], shard.Latent(l))
	}
	n.t = 1
}

func (n *nesterov) move(shard *graph.Shard, free []int, rate float64) {
	t := (1 + math.Sqrt(1+4*n.t*n.t)) / 2
	beta := (n.t - 1) / t
	climb := 0.0 // ⟨g, x − last⟩ with x the new point
	for i, l := range free {
		climb += nesterovStep(shard.Latent(l), n.last[i], shard.Gradient(l), rate, beta)
	}
	if n.t = t; climb > 0 {
		n.t = 1
	}
}

// end puts the latents at the last point itself.
func (n *nesterov) end(shard *graph.Shard, free []int) {
	for i, l := range free {
		tensor.Copy(shard.Latent(l), n.last[i])
	}
}

type adam struct {
	descent
	first, second memory
	steps         int
}

func (a *adam) begin(shard *graph.Shard, free []int) {
	a.first.begin(shard, free)
	a.second.begin(shard, free)
	a.steps = 0
}

func (a *adam) move(shard *graph.Shard, free []int, rate float64) {
	const beta1, beta2 = 0.9, 0.999
	a.steps++
	scale := -rate / (1 - math.Pow(beta1, float64(a.steps)))
	correction := 1 / (1 - math.Pow(beta2, float64(a.steps)))
	for i, l := range free {
		addAdam(shard.Latent(l), a.first[i], a.second[i], shard.Gradient(l), beta1, beta2, scale, correction)
	}
}
