package model

import (
	"math"
	"slices"

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
	// Chain moves all nodes at once by the inverse of the whole chain's curvature,
	// couplings between the nodes included (graph.ChainSteps): in a linear network a
	// step ends at the equilibrium.
	Chain
	// ErrorCoordinates descends by the errors in place of the latents: each latent is
	// its prediction and an error, and a step in an error moves all that is below
	// along. Signals cross a deep network in one step (Goemaere et al. 2025).
	ErrorCoordinates
)

// defaultRates are the rates that methods take where Inference.Rate is 0.
var defaultRates = map[Method]float64{
	Gradient: 0.1, Momentum: 0.1, Nesterov: 0.1, Adam: 0.05,
	Preconditioned: 0.6, GaussSeidel: 1, SymmetricGaussSeidel: 1, Chain: 1, ErrorCoordinates: 0.2,
}

// form returns the steps that the method takes from the graph.
func (m Method) form() graph.StepForm {
	switch m {
	case Preconditioned, GaussSeidel, SymmetricGaussSeidel:
		return graph.BlockSteps
	case Chain:
		return graph.ChainSteps
	case ErrorCoordinates:
		return graph.ErrorSteps
	}
	return graph.NoSteps
}

// bounded reports whether [Network.MaxRate] bounds the rate of the method.
func (m Method) bounded() bool { return m == Gradient || m == Momentum || m == Nesterov }

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

// rule returns how the method moves the latents of a shard of s.
func (m Method) rule(s *settler) rule {
	switch m {
	case Momentum:
		return &momentum{}
	case Nesterov:
		return &nesterov{}
	case Adam:
		return &adam{}
	case Preconditioned, Chain:
		return preconditioned{}
	case ErrorCoordinates:
		return errorCoordinates{settler: s}
	}
	return descent{}
}

// rule moves free latents of a shard, all at once, given their gradients, each at
// the rate of its node. It is made for one shard and used again for each batch.
type rule interface {
	begin(shard *graph.Shard, free []int)
	move(shard *graph.Shard, moving []int, rates []float64)
	end(shard *graph.Shard, free []int)
}

type descent struct{}

func (descent) begin(*graph.Shard, []int) {}
func (descent) end(*graph.Shard, []int)   {}

func (descent) move(shard *graph.Shard, moving []int, rates []float64) {
	for _, l := range moving {
		addScaled(shard.Latent(l), -rates[l], shard.Gradient(l))
	}
}

type preconditioned struct{ descent }

func (preconditioned) move(shard *graph.Shard, moving []int, rates []float64) {
	shard.Steps()
	for _, l := range moving {
		addScaled(shard.Latent(l), -rates[l], shard.Step(l))
	}
}

type errorCoordinates struct {
	descent
	*settler
}

// move takes the errors' steps, and puts the latents where the errors then say,
// from the top down.
func (r errorCoordinates) move(shard *graph.Shard, moving []int, rates []float64) {
	shard.Steps()
	for i := len(r.free) - 1; i >= 0; i-- {
		l := r.free[i]
		v, step := shard.Latent(l), shard.Step(l)
		rate := 0.0
		if slices.Contains(moving, l) {
			rate = rates[l]
		}
		if l == len(r.clamps)-1 { // the top is its own error
			addScaled(v, -rate, step)
			continue
		}
		moved := shard.Error(l)
		addScaled(moved, -rate, step)
		shard.Predict(l)
		addScaled(v, 1, moved)
		r.keepFixed(shard, l)
	}
}

// memory holds a tensor of each free latent's shape by node.
type memory []*tensor.Dense

// room returns the tensor of node l, made where there is none of its latent's shape.
func (m *memory) room(shard *graph.Shard, l int) *tensor.Dense {
	for len(*m) <= l {
		*m = append(*m, nil)
	}
	v := shard.Latent(l)
	if d := (*m)[l]; d == nil || !d.Shape().Eq(v.Shape()) {
		(*m)[l] = tensor.New(tensor.Of(v.Dtype()), tensor.WithShape(v.Shape()...))
	}
	return (*m)[l]
}

// begin sets all to 0.
func (m *memory) begin(shard *graph.Shard, free []int) {
	for _, l := range free {
		m.room(shard, l).Zero()
	}
}

// keep sets all to the latents.
func (m *memory) keep(shard *graph.Shard, free []int) {
	for _, l := range free {
		copyFrom(m.room(shard, l), shard.Latent(l), 0)
	}
}

type momentum struct {
	descent
	velocity memory
}

// friction is 1 − the share of its velocity that momentum keeps.
const friction = 0.1

func (m *momentum) begin(shard *graph.Shard, free []int) { m.velocity.begin(shard, free) }

func (m *momentum) move(shard *graph.Shard, moving []int, rates []float64) {
	for _, l := range moving {
		addMomentum(shard.Latent(l), m.velocity[l], shard.Gradient(l), 1-friction, -rates[l])
	}
}

// nesterov keeps the latents at the extrapolated point and last at the point
// before it.
type nesterov struct {
	last memory
	t    float64
}

func (n *nesterov) begin(shard *graph.Shard, free []int) {
	n.last.keep(shard, free)
	n.t = 1
}

func (n *nesterov) move(shard *graph.Shard, moving []int, rates []float64) {
	t := (1 + math.Sqrt(1+4*n.t*n.t)) / 2
	beta := (n.t - 1) / t
	climb := 0.0 // ⟨g, x − last⟩ with x the new point
	for _, l := range moving {
		climb += nesterovStep(shard.Latent(l), n.last[l], shard.Gradient(l), rates[l], beta)
	}
	if n.t = t; climb > 0 {
		n.t = 1
	}
}

// end puts the latents at the last point itself.
func (n *nesterov) end(shard *graph.Shard, free []int) {
	for _, l := range free {
		tensor.Copy(shard.Latent(l), n.last[l])
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

func (a *adam) move(shard *graph.Shard, moving []int, rates []float64) {
	const beta1, beta2 = 0.9, 0.999
	a.steps++
	scale := -1 / (1 - math.Pow(beta1, float64(a.steps)))
	correction := 1 / (1 - math.Pow(beta2, float64(a.steps)))
	for _, l := range moving {
		addAdam(shard.Latent(l), a.first[l], a.second[l], shard.Gradient(l), beta1, beta2, rates[l]*scale, correction)
	}
}
