package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// Backprop is the baseline: the multilayer perceptron of the same sizes,
// activations and first weights, trained on the same loss by backpropagation. A
// discriminative network's pass downwards is that perceptron, so it learns the
// weights of one: its loss is the energy at the bottom with every node above on its
// prediction,
//
//	½ ‖target − μ_0‖² / B
//
// or the cross-entropy or Bernoulli energy where that is the network's, and with
// weight decay ½ λ ‖W‖². It runs on the machine that settles the network: see
// [model.Network.Backprop].
type Backprop struct {
	network   *model.Network
	optimizer Optimizer
	update    *model.Update
}

// ErrNoPerceptron is what [NewBackprop] and [Cosines] return of a network that no
// perceptron is like.
var ErrNoPerceptron = errors.New("the network is like no perceptron")

// NewBackprop returns a learner for n, which must be discriminative and without
// what a perceptron does not have: precisions that are learned, and an activity
// prior. Otherwise the error is [ErrNoPerceptron].
func NewBackprop(n *model.Network, opt Optimizer) (*Backprop, error) {
	if err := complete(n, opt); err != nil {
		return nil, err
	}
	if d := n.Config().Direction; d != model.Discriminative {
		return nil, fmt.Errorf("train: backprop: %w: its direction must be discriminative, got %v", ErrNoPerceptron, d)
	}
	if slices.Contains(n.Config().Energies, model.GaussianLearned) {
		return nil, fmt.Errorf("train: backprop: %w: its energies must have no precision that is learned, got %v", ErrNoPerceptron, n.Config().Energies)
	}
	if a := n.Config().ActivityPrior; a != 0 {
		return nil, fmt.Errorf("train: backprop: %w: its activity prior must be 0, got %v", ErrNoPerceptron, a)
	}
	return &Backprop{network: n, optimizer: opt, update: n.NewUpdate()}, nil
}

// Network implements [Learner].
func (b *Backprop) Network() *model.Network { return b.network }

// descend sets the directions to minus the gradient of a batch's loss, and returns
// the batch as [model.Network.Backprop] has it.
func (b *Backprop) descend(ctx context.Context, batch Batch) (*model.Result, error) {
	if err := batch.fits(b.network); err != nil {
		return nil, err
	}
	r, err := b.network.Backprop(ctx, b.network.Clamp(batch.Inputs, batch.Targets))
	if err != nil || !r.Finite() {
		return r, err
	}
	return r, b.network.Hebbian(r, b.update)
}

// Learn implements [Learner].
func (b *Backprop) Learn(ctx context.Context, batch Batch, rate float64) (Step, error) {
	r, err := b.descend(ctx, batch)
	if err != nil {
		return Step{}, err
	}
	s := Step{Status: r.Status, Energy: r.Energy / float64(batch.Inputs.Shape()[0])}
	if !s.Finite() {
		return s, nil
	}
	if err := stepParameters(b.optimizer, b.network, b.update.Directions(), rate); err != nil {
		return s, err
	}
	b.network.Changed()
	return s, nil
}

// Predict implements [Learner].
func (b *Backprop) Predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	targets, _, err := b.network.Predict(ctx, inputs, model.Inference{})
	return targets, err
}

// State implements [Learner].
func (b *Backprop) State() model.State { return learnerState(b.network, b.optimizer) }

// SetState implements [Learner].
func (b *Backprop) SetState(s model.State) error {
	return setLearnerState(b.network, b.optimizer, s)
}
