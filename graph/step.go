package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// StepForm says what steps an [Energy] gives its free nodes. All are computed
// from the gradients g_l = ∂E/∂v_l, and are 0 for fixed units.
//
// With c_l the largest slope of node l's activation and U_l = c_l W_l, the energy
// of layer l has at most the curvature U_lᵀ Π_{l-1} U_l by v_l, and the energy as a
// whole is like that of a linear network with weights U: its Hessian is block
// tridiagonal, with H_l = Π_l + U_lᵀ Π_{l-1} U_l on the diagonal and −Π_{l-1} U_l
// beside it. An activity prior α adds to Π_l, and where the energy below is not
// Gaussian its largest curvature takes the place of Π_{l-1} (see NodeEnergy).
type StepForm int

const (
	NoSteps StepForm = iota
	// BlockSteps are g_l H_l⁻¹, each node's own block of the Hessian.
	BlockSteps
	// ChainSteps are g A⁻¹, with A the whole block tridiagonal matrix of neighbouring
	// free nodes: Newton's step where the network is linear. A node that is fixed in
	// part ends a chain that comes from below at the top, and is one of its own
	// elsewhere; beside each other chains take half their steps, which together are
	// then not too long.
	ChainSteps
	// ErrorSteps are the gradients by the errors in place of the latents: with v_l =
	// μ_l(v_{l+1}) + ε_l, a step in ε_l moves all that is below along with it
	// (Goemaere et al. 2025).
	ErrorSteps
)

// addSteps gives the free nodes, from the bottom up, the steps of the Spec's form.
func (e *Energy) addSteps(free []int, b *builder) {
	if e.Spec.Steps == NoSteps {
		return
	}
	e.Steps = make(G.Nodes, len(e.Latents))
	switch e.Spec.Steps {
	case BlockSteps:
		for _, l := range free {
			e.Steps[l] = e.mask(l, e.blockStep(l, b), b)
		}
	case ChainSteps:
		e.chainSteps(free, b)
	case ErrorSteps:
		for _, l := range free {
			e.Steps[l] = e.mask(l, e.errorStep(l, b), b)
		}
	}
}

// blockStep returns node l's gradient times H_l⁻¹ = (Π_l + s U_lᵀ Π_{l-1} U_l)⁻¹, the
// parts that the node has, with s the largest curvature of the energy below.
func (e *Energy) blockStep(l int, b *builder) *G.Node {
	if l == 0 {
		return e.bottomStep(e.Gradients[0], b)
	}
	w, slope := e.Weights[l-1], e.Spec.Activations[l-1].MaxSlope()
	p := e.Precisions[l-1]
	if own := l < len(e.Precisions) && e.Precisions[l] == nil; own && e.Masks[l] == nil && p == nil && 2*w.Shape()[0] <= w.Shape()[1] {
		return e.narrowStep(l, b)
	}
	in := G.Nodes{w}
	if p != nil {
		in = G.Nodes{weighRowsBy(p, fmt.Sprintf("W%d", l), w, b), w}
	}
	gram := b.apply(fmt.Sprintf("G%d", l), newGram(len(in)), in...)
	return e.solve(l, fmt.Sprintf("step%d", l), e.Gradients[l], e.curvature(l, gram, slope, blockRidge, b), b)
}

// narrowStep is blockStep where the node below is much smaller, and neither has a
// precision. What is inverted is of that node's size (Woodbury): with H = d + a WᵀW,
//
//	H⁻¹ = (1 − Wᵀ K) / d,  K = a/d (1 + a/d WWᵀ)⁻¹ W
func (e *Energy) narrowStep(l int, b *builder) *G.Node {
	w, g := e.Weights[l-1], e.Gradients[l]
	d := 1 + e.Spec.Prior
	slope := e.Spec.Activations[l-1].MaxSlope()
	o := newInverse(true, false)
	o.scale = e.Spec.energy(l-1).Curvature() * slope * slope / d
	m := b.apply(fmt.Sprintf("M%d⁻¹", l), o, b.apply(fmt.Sprintf("W%dW%dᵀ", l, l), newPush(), w, w))
	k := b.apply(fmt.Sprintf("K%d", l), newScale(o.scale), b.apply(fmt.Sprintf("M%d⁻¹W%d", l, l), newPullback(), m, w))
	along := b.apply(fmt.Sprintf("g%dW%dᵀ", l, l), newPush(), g, w)
	name := fmt.Sprintf("step%d", l)
	step := b.apply(name, newDifference(), g, b.apply(fmt.Sprintf("g%dW%dᵀK%d", l, l, l), newPullback(), along, k))
	if d != 1 {
		step = b.apply(name+"/d", newScale(1/d), step)
	}
	return step
}

// bottomStep returns x Π_0⁻¹: the bottom predicts nothing.
func (e *Energy) bottomStep(x *G.Node, b *builder) *G.Node {
	if p := e.Precisions[0]; p != nil {
		return b.apply("Π0⁻¹", newUnweigh(), x, p)
	}
	return x
}

// curvature returns Π_l + α + s slope² gram, with α the activity prior and s the
// largest curvature of the energy below: inverted, unless node l is fixed in part.
func (e *Energy) curvature(l int, gram *G.Node, slope, ridge float64, b *builder) *G.Node {
	in := G.Nodes{gram}
	top := l == len(e.Precisions)
	if !top && e.Precisions[l] != nil {
		in = append(in, e.Precisions[l])
	}
	o := newInverse(!top, len(in) == 2)
	o.scale = e.Spec.energy(l-1).Curvature() * slope * slope
	o.ridge = ridge
	if !top {
		o.prior = e.Spec.Prior
	}
	if e.Masks[l] != nil {
		return b.apply(fmt.Sprintf("H%d", l), curvature{o}, in...)
	}
	return b.apply(fmt.Sprintf("H%d⁻¹", l), o, in...)
}

// solve returns x of node l times the inverse of its curvature, on the free units.
func (e *Energy) solve(l int, name string, x, curvature *G.Node, b *builder) *G.Node {
	if e.Masks[l] != nil {
		return b.apply(name, newFreeStep(), x, curvature, e.Masks[l])
	}
	return b.apply(name, newPullback(), x, curvature)
}

// weighRowsBy returns Π x, or x where the precision p is nil: 1.
func weighRowsBy(p *G.Node, name string, x *G.Node, b *builder) *G.Node {
	if p == nil {
		return x
	}
	return b.apply("Π"+name, newWeighRows(), x, p)
}

// chainSteps solves x A = g by elimination from the bottom up. With S the Schur
// complements of A's blocks, in a run of free nodes,
//
//	K_l = S_{l-1}⁻¹ Π_{l-1} U_l
//	S_l = H_l − U_lᵀ Π_{l-1} K_l = Π_l + (Π_{l-1} (U_l − K_l))ᵀ U_l
//	y_l = g_l + y_{l-1} K_l
//	x_l = y_l S_l⁻¹ + x_{l+1} K_{l+1}ᵀ
//
// K and S⁻¹ depend on weights only.
func (e *Energy) chainSteps(free []int, b *builder) {
	inverse := make(G.Nodes, len(e.Latents))  // S⁻¹, above the bottom
	coupling := make(G.Nodes, len(e.Latents)) // K; nil where the node below is of another run
	y := make(G.Nodes, len(e.Latents))
	linked := func(l int) bool {
		return e.Spec.descends(l) && (e.Masks[l] == nil || l == len(e.Weights))
	}
	apart := false // two chains are beside each other
	for _, l := range free {
		apart = apart || l > 0 && e.Spec.descends(l-1) && !(linked(l-1) && linked(l))
	}
	for _, l := range free {
		if y[l] = e.Gradients[l]; apart {
			y[l] = b.apply(fmt.Sprintf("g%d/2", l), newScale(0.5), y[l])
		}
		if l == 0 {
			continue
		}
		u, p := e.Weights[l-1], e.Precisions[l-1]
		if c := e.Spec.Activations[l-1].MaxSlope(); c != 1 {
			u = b.apply(fmt.Sprintf("U%d", l), newScale(c), u)
		}
		rest, name := u, fmt.Sprintf("U%d", l) // U − K
		if linked(l-1) && linked(l) {
			k := u // S_0 = Π_0
			if l > 1 {
				k = b.apply(fmt.Sprintf("K%d", l), newPullback(), inverse[l-1], weighRowsBy(p, name, u, b))
			}
			coupling[l] = k
			name += fmt.Sprintf("−K%d", l)
			rest = b.apply(name, newDifference(), u, k)
			y[l] = b.sum(fmt.Sprintf("y%d", l), y[l], b.apply(fmt.Sprintf("y%dK%d", l-1, l), newPullback(), y[l-1], k))
		}
		gram := b.apply(fmt.Sprintf("G%d", l), newGram(2), weighRowsBy(p, name, rest, b), u)
		inverse[l] = e.curvature(l, gram, 1, chainRidge(e.Spec.Dtype), b)
	}
	for i := len(free) - 1; i >= 0; i-- {
		l := free[i]
		var x *G.Node
		if l == 0 {
			x = e.bottomStep(y[0], b)
		} else {
			x = e.solve(l, fmt.Sprintf("y%dS%d⁻¹", l, l), y[l], inverse[l], b)
		}
		if l < len(e.Weights) && coupling[l+1] != nil {
			x = b.sum(fmt.Sprintf("x%d", l), x, b.apply(fmt.Sprintf("x%dK%dᵀ", l+1, l+1), newPush(), e.Steps[l+1], coupling[l+1]))
		}
		if l == 0 {
			x = e.mask(l, x, b)
		}
		e.Steps[l] = x
	}
}

// errorStep returns the gradient by the error of node l, with what is below moving
// along: the gradient by its latent, and what reaches it from the free node below
// through the prediction.
func (e *Energy) errorStep(l int, b *builder) *G.Node {
	if l == 0 || !e.Spec.descends(l-1) {
		return e.Gradients[l]
	}
	below := b.apply(fmt.Sprintf("s%dW%d", l-1, l), newPullback(), e.Steps[l-1], e.Weights[l-1])
	if fn := e.Spec.Activations[l-1]; fn != Identity {
		below = b.apply(fmt.Sprintf("s%dW%dφ'", l-1, l), newSlope(fn), e.Latents[l], e.Activations[l-1], below)
	}
	return b.sum(fmt.Sprintf("s%d", l), e.Gradients[l], below)
}
