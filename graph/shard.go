package graph

import "gorgonia.org/tensor"

// Shard is rows Lo to Hi of the batch, which settle together. Its methods
// allocate nothing.
type Shard struct {
	Lo, Hi int // rows of the batch
	Index  int // among the shards of the batch

	loaded bool // the work of the batch is done

	core                              engine
	latents, gradients, steps, errors []*tensor.Dense
}

// Latent returns v_l of the shard's rows, (Hi−Lo, d_l), to be moved in place;
// nil where the node is clamped.
func (s *Shard) Latent(l int) *tensor.Dense { return s.latents[l] }

// Gradient returns ∂E/∂v_l of the shard's rows, (Hi−Lo, d_l), as of the last
// Gradients or Evaluate; nil where the node is clamped or does not descend its
// energy.
func (s *Shard) Gradient(l int) *tensor.Dense { return s.gradients[l] }

// Step returns the step of v_l, in the form that the Spec asks for, of the shard's
// rows, (Hi−Lo, d_l), as of the last Steps or Turn; nil where there is no gradient or
// the Spec asks for none.
func (s *Shard) Step(l int) *tensor.Dense { return s.steps[l] }

// Error returns ε_l of the shard's rows, (Hi−Lo, d_l), as of the last Errors, and where
// node l is free as of the last Gradients too.
func (s *Shard) Error(l int) *tensor.Dense { return s.errors[l] }

// Steps computes the steps from the gradients as last computed by
// Gradients or Evaluate.
func (s *Shard) Steps() { s.core.run(workSteps, s.Lo, s.Hi) }

// Turn computes the gradient and the preconditioned step of the t-th node of
// Options.Order, given that the node of each turn since Errors has moved by its
// step and no other; first says that this is the first sweep since Errors.
func (s *Shard) Turn(t int, first bool) { s.core.turn(t, first, s.Lo, s.Hi) }

// Gradients computes the gradient by each free latent, and nothing else.
func (s *Shard) Gradients() { s.core.run(workGradients, s.Lo, s.Hi) }

// Evaluate computes the gradients and the energies.
func (s *Shard) Evaluate() { s.core.run(workEvaluate, s.Lo, s.Hi) }

// Errors computes the errors, the energies and the activations: what the
// Hebbian update reads.
func (s *Shard) Errors() { s.core.run(workErrors, s.Lo, s.Hi) }

// Begin is Errors at the start of a sweep, given that each latent that is free, or is
// missing at the bottom, has just been set by Predict, from the top down. A free top
// may have any value.
func (s *Shard) Begin() { s.core.run(workBegin, s.Lo, s.Hi) }

// Activate computes the activations alone.
func (s *Shard) Activate() { s.core.run(workActivations, s.Lo, s.Hi) }

// Predict sets latent l, which must be free, to what the node above predicts.
func (s *Shard) Predict(l int) {
	s.core.run(workPredictions+work(l), s.Lo, s.Hi)
	at := s.core.at()
	s.core.copyRows(at.latents[l], at.predictions[l], s.Lo, s.Hi)
}

// Energy returns the energy of node i, summed over the shard's rows in order,
// as of the last Evaluate or Errors.
func (s *Shard) Energy(i int) float64 {
	sum := 0.0
	for _, x := range s.core.energyOf(s.core.at().terms[i])[s.Lo:s.Hi] {
		sum += x
	}
	return sum
}
