package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/internal/op"
)

// StepForm says what steps an [Energy] gives its free nodes. All are computed
// from the gradients g = ∂E/∂v, and are 0 for fixed units.
//
// With c the largest slope of an edge's activation and of what comes after its map, and
// U = a c M, an edge from node l into a prediction gives the energy at most the
// curvature w Uᵀ Π U by v_l: that is what H_l sums up, beside w Π of the predictions of
// node l itself and the prior. Where an energy is not Gaussian its largest curvature
// takes the place of Π (see NodeEnergy). Of feature.Outer U depends on the latents of the
// other source, and so on the example.
type StepForm int

const (
	// NoSteps are none.
	NoSteps StepForm = iota
	// BlockSteps are g H⁻¹, with each node's own block of the Hessian's bound.
	BlockSteps
	// ChainSteps are g A⁻¹, with A the whole block tridiagonal matrix of free nodes that
	// form a chain: Newton's step where the network is linear. A node that is fixed in
	// part ends a chain that comes from below at the top, and is one of its own
	// elsewhere; beside each other chains take half their steps, which together are
	// then not too long.
	ChainSteps
	// ErrorSteps are the gradients by the errors in place of the latents: with v = μ + ε
	// at each node, a step in ε moves all that is predicted from it along (Goemaere et
	// al. 2025). Of a node that has several predictions the first counts.
	ErrorSteps
)

// addSteps gives the free nodes the steps of the Spec's form.
func (e *Energy) addSteps(free []int, b *op.Builder) error {
	switch e.Spec.Steps {
	case BlockSteps:
		for _, l := range free {
			h, err := e.curvature(l, blockRidge, b)
			if err != nil {
				return err
			}
			g := e.Gradients[l]
			if e.Spec.Noise {
				if g, err = e.noisy(l, h, b); err != nil {
					return err
				}
			}
			e.Steps[l] = e.blockStep(l, g, h, b)
		}
	case ChainSteps:
		return e.chainSteps(b)
	case ErrorSteps:
		e.errorSteps(b)
		e.fixPredictions(b)
	}
	return b.Err
}

// errorSteps gives each free node the gradient by its error, with all that is predicted
// from it moving along: the gradient by its latent, and what reaches it from the free
// nodes that it predicts, those first.
func (e *Energy) errorSteps(b *op.Builder) {
	w := e.wiring
	for at := len(w.Order) - 1; at >= 0; at-- {
		l := w.Order[at]
		if e.Gradients[l] == nil {
			continue
		}
		step := e.Gradients[l]
		for x, first := range w.First {
			if x == l || first < 0 || e.Steps[x] == nil {
				continue
			}
			for j, from := range w.From[first] {
				if slices.Contains(from, l) && !w.Predictions[first].Edges[j].Feedback {
					if moved := b.Derive(e.Terms[first].Prediction, e.Steps[x], G.Nodes{e.Latents[l]})[0]; moved != nil {
						step = b.Apply("s "+e.Spec.Nodes[l].Name, op.Sum(2), step, moved)
					}
					break
				}
			}
		}
		e.Steps[l] = e.mask(l, step, b)
		if first := w.First[l]; first >= 0 {
			t := &e.Terms[first]
			if e.deviations[l] = t.Error; w.Predictions[first].Energy != Gaussian { // whose error is a function of v − μ
				e.deviations[l] = b.Apply("v−μ "+e.Spec.Nodes[l].Name, op.Difference(), e.Latents[l], t.Prediction)
			}
			e.pulled[first] = b.Derive(t.Prediction, b.Apply("−s "+e.Spec.Nodes[l].Name, op.Negate(), e.Steps[l]), G.Nodes{t.Sum})[0]
		}
	}
}
