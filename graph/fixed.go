package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
)

// fixed is what an energy with ErrorSteps has for errors that move while predictions and
// slopes are fixed where the latents stand (Millidge, Tschantz and Buckley 2022; Rosenbaum
// 2022). With every latent at its prediction, d the error of a free node, times its
// precision, and J the Jacobian of what is predicted from the node,
//
//	∂E/∂d = d − Σ Jᵀ d' − Σ Jᵀ δ
//
// over the free nodes and the fixed ones that it predicts. Each depends on its neighbours
// alone: one evaluation takes errors one prediction further.
type fixed struct {
	errors G.Nodes // d by node, (B, d), an input; nil where there is no step
	steps  G.Nodes // ∂E/∂d by node
	deltas G.Nodes // by prediction: d pulled back through what comes after the map
}

// fixPredictions gives the free nodes errors that move by themselves.
func (e *Energy) fixPredictions(b *op.Builder) {
	w, f := e.wiring, &e.fixed
	for l, g := range e.Gradients {
		if first := w.First[l]; g != nil && first >= 0 {
			f.errors[l] = e.input("d "+w.Nodes[l].Name, e.Spec.Batch, w.Nodes[l].Size())
			f.deltas[first] = b.Derive(e.Terms[first].Prediction, f.errors[l], G.Nodes{e.Terms[first].Sum})[0]
		}
	}
	for l, d := range f.errors {
		if d == nil {
			continue
		}
		parts := G.Nodes{d, e.Gradients[l]}
		for x, first := range w.First {
			if first < 0 || f.errors[x] == nil || !slices.ContainsFunc(w.From[first], func(from []int) bool { return slices.Contains(from, l) }) {
				continue
			}
			if sent := b.Derive(e.Terms[first].Prediction, f.errors[x], G.Nodes{e.Latents[l]})[0]; sent != nil {
				parts = append(parts, b.Apply("−Jᵀd "+w.Nodes[l].Name, op.Negate(), sent))
			}
		}
		f.steps[l] = e.mask(l, b.Apply("∂d "+w.Nodes[l].Name, op.Sum(len(parts)), parts...), b)
	}
}

// FixedError returns d of node l of the shard's rows, (Hi−Lo, d), to be moved in place: its
// error, times its precision, where predictions are fixed. It is for an energy with
// ErrorSteps; nil where the node is clamped or has no prediction.
func (s *Shard) FixedError(l int) *tensor.Dense { return s.fixedErrors[l] }

// FixedStep returns the gradient by d of node l, (Hi−Lo, d), as of the last PullFixedStep, nil
// where there is no d:
//
//	d − Σ Jᵀ d' − Σ Jᵀ δ
//
// with d' and δ the errors of the free and of the clamped nodes that are predicted from it.
func (s *Shard) FixedStep(l int) *tensor.Dense { return s.fixedSteps[l] }

// Fix computes, for an energy with ErrorSteps, what Errors does and what FixedStep is made of,
// where each latent that is free has just been set by Predict, behind those that predict it.
func (s *Shard) Fix() { s.run(s.machine.lists.fix) }

// PullFixedStep computes what FixedStep returns of a node that has a d, given that Fix has been
// called.
func (s *Shard) PullFixedStep(l int) { s.run(s.machine.lists.fixedSteps[l]) }

// PullFixed computes what [Machine.FixedDelta] returns.
func (s *Shard) PullFixed() { s.run(s.machine.lists.fixedDeltas) }

// FixedDelta returns d of prediction i's node pulled back through what comes after the
// map, (rows, d), as of the last PullFixed: what stands in place of δ where predictions are
// fixed. Nil where the node has no d.
func (m *Machine) FixedDelta(i int) *tensor.Dense { return m.view(m.energy.fixed.deltas[i]) }
