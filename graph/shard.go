package graph

import "gorgonia.org/tensor"

// Shard is rows Lo to Hi of the batch, which settle together. Its methods
// allocate nothing.
type Shard struct {
	Lo, Hi int // rows of the batch
	Index  int // among the shards of the batch

	loaded bool // the work of the batch is done

	machine                           *Machine
	latents, gradients, steps, errors []*tensor.Dense
	energies                          [][]float64 // by node, of each example
}

// Latent returns v of node l of the shard's rows, (Hi−Lo, d), to be moved in place;
// nil where the node is clamped.
func (s *Shard) Latent(l int) *tensor.Dense { return s.latents[l] }

// Gradient returns ∂E/∂v of node l of the shard's rows, (Hi−Lo, d), as of the last
// Gradients or Evaluate; nil where the node is clamped or does not descend its
// energy.
func (s *Shard) Gradient(l int) *tensor.Dense { return s.gradients[l] }

// Step returns the step of node l, in the form that the Spec asks for, of the shard's
// rows, (Hi−Lo, d), as of the last Steps or Turn; nil where there is no gradient or
// the Spec asks for none.
func (s *Shard) Step(l int) *tensor.Dense { return s.steps[l] }

// Error returns ε of prediction i of the shard's rows, (Hi−Lo, d), as of the last Errors,
// and where its node is free as of the last Gradients too.
func (s *Shard) Error(i int) *tensor.Dense { return s.errors[i] }

// Steps computes the steps from the gradients as last computed by
// Gradients or Evaluate.
func (s *Shard) Steps() { s.run(s.machine.lists.steps) }

// Turn computes the gradient and the preconditioned step of the t-th node of
// Options.Order, given that the node of each turn since Errors has moved by its
// step and no other; first says that this is the first pass since Errors. It may be
// left out for no turn: a later one takes what it computes for granted.
func (s *Shard) Turn(t int, first bool) {
	if first {
		s.run(s.machine.lists.first[t])
	} else {
		s.run(s.machine.lists.again[t])
	}
}

// Gradients computes the gradient by each free latent, and nothing else.
func (s *Shard) Gradients() { s.run(s.machine.lists.gradients) }

// Evaluate computes the gradients and the energies.
func (s *Shard) Evaluate() { s.run(s.machine.lists.evaluate) }

// Errors computes the errors, δ, the energies and the features: what the
// Hebbian update reads.
func (s *Shard) Errors() { s.run(s.machine.lists.errors) }

// Begin is Errors at the start of a pass, given that each latent that is free, or is
// missing, has just been set by Predict, each behind those that predict it. One that has
// no prediction may have any value.
func (s *Shard) Begin() { s.run(s.machine.lists.begin) }

// Features computes the features alone.
func (s *Shard) Features() { s.run(s.machine.lists.features) }

// Predict sets latent l, which must be free and have a prediction, to the first of them.
func (s *Shard) Predict(l int) {
	m := s.machine
	s.run(m.lists.predict[l])
	prediction := m.energy.Terms[m.energy.wiring.first[l]].Prediction
	m.engine.Copy(m.engine.Number(m.energy.Latents[l]), m.engine.Number(prediction), s.Lo, s.Hi)
}

func (s *Shard) run(list int) { s.machine.engine.Run(list, s.Lo, s.Hi) }

// Energy returns the energy of node l, summed over the shard's rows in order,
// as of the last Evaluate or Errors; 0 where it has none.
func (s *Shard) Energy(l int) float64 {
	sum := 0.0
	for _, x := range s.energies[l] {
		sum += x
	}
	return sum
}
