package graph

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// Shard is rows Lo to Hi of the batch, which settle together. Its methods
// allocate nothing.
type Shard struct {
	Lo, Hi int // rows of the batch
	Index  int // among the shards of the batch

	loaded bool // the work of the batch is done

	machine                           *Machine
	latents, gradients, steps, errors []*tensor.Dense
	noise                             []*tensor.Dense // by node: see Noise
	deviations                        []*tensor.Dense // by node: see MoveErrors
	fixedErrors, fixedSteps           []*tensor.Dense // by node: see FixedError
	energies                          [][]float64     // by node, of each example
}

// views returns the shard's rows of values, nil where there is none.
func (s *Shard) views(of G.Nodes) []*tensor.Dense {
	views := make([]*tensor.Dense, len(of))
	for i, n := range of {
		if n != nil {
			views[i] = s.machine.engine.View(s.machine.engine.Number(n), s.Lo, s.Hi)
		}
	}
	return views
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

// Look computes the energies, and what the turns after it share.
func (s *Shard) Look() { s.run(s.machine.lists.look) }

// LookOn is Look where Errors has been called last, and no latent has moved since.
func (s *Shard) LookOn() { s.run(s.machine.lists.lookOn) }

// Begin is Look where each latent that is free, or is missing, has just been set by Predict,
// behind those that predict it. One that has no prediction may have any value.
func (s *Shard) Begin() { s.run(s.machine.lists.begin) }

// Turn computes the gradients and steps of the nodes of turn t of Options.Turns; first says
// that no pass has ended since the last Look, Begin or Errors. The package's overview has
// the order of calls that it relies on.
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

// Features computes the features alone.
func (s *Shard) Features() { s.run(s.machine.lists.features) }

// Predict sets the latent that prediction i is of, which must be free, to it.
func (s *Shard) Predict(i int) {
	m := s.machine
	s.run(m.lists.predict[i])
	of := m.energy.Latents[m.energy.wiring.Of[i]]
	m.engine.Copy(m.engine.Number(of), m.engine.Number(m.energy.Terms[i].Prediction), s.Lo, s.Hi)
}

// Nodes returns the number of nodes of the network.
func (s *Shard) Nodes() int { return len(s.latents) }

// Backprop computes, for an energy with ErrorSteps, what Errors does and what [Machine.Pulled]
// returns, where each latent that is free has just been set by Predict, behind those that
// predict it.
func (s *Shard) Backprop() { s.run(s.machine.lists.backprop) }

// MoveErrors moves in error coordinates, for which the Spec asks with ErrorSteps: from the
// errors v − μ and steps as last computed, that of each free node l by −rates[l] times its
// step, and then each latent to its prediction and its error, or, without a prediction,
// along its step, so that what is predicted from a latent that moves moves along. Fixed
// units stay.
func (s *Shard) MoveErrors(rates []float64) {
	m := s.machine
	e := m.energy
	for _, l := range e.wiring.Order {
		if s.steps[l] == nil {
			continue
		}
		v, step, first := s.latents[l], s.steps[l], e.wiring.First[l]
		if first < 0 {
			dense.AddScaled(v, -rates[l], step)
			continue
		}
		dense.AddScaled(s.deviations[l], -rates[l], step)
		m.engine.Run(m.lists.predict[first], s.Lo, s.Hi)
		m.engine.PutSum(m.engine.Number(e.Latents[l]), m.engine.Number(e.Terms[first].Prediction), m.engine.Number(e.deviations[l]), s.mask(l), s.Lo, s.Hi)
	}
}

// mask returns the number of node l's mask, −1 for none.
func (s *Shard) mask(l int) int {
	if n := s.machine.energy.Masks[l]; n != nil {
		return s.machine.engine.Number(n)
	}
	return -1
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
