package train

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// Backprop is the baseline: the same network trained by backpropagation as an ordinary
// one, a multilayer perceptron where it is a chain. A pass from its inputs is that network,
// so it learns the parameters of one: its loss is the energy of the targets with every
// other node on its prediction,
//
//	½ ‖target − μ‖² / B
//
// or the cross-entropy or Bernoulli energy where that is the network's, and with
// weight decay ½ λ ‖W‖². It runs on the machine that settles the network: see
// [model.Network.Backprop].
type Backprop struct {
	network   *model.Network
	optimizer Optimizer
	update    *model.Update
}

// NewBackprop returns a learner for n, which must be feedforward (see
// [model.Network.Feedforward]) and without precisions that are learned. Otherwise the
// error is [model.ErrNotFeedforward].
func NewBackprop(n *model.Network, opt Optimizer) (*Backprop, error) {
	if err := complete(n, opt); err != nil {
		return nil, err
	}
	if !n.Feedforward() {
		return nil, fmt.Errorf("train: backprop: %w: its targets must follow from its inputs, by one prediction of each node, without feedback or prior", model.ErrNotFeedforward)
	}
	for i := range n.Predictions() {
		if n.NodeEnergy(i).Learns() {
			return nil, fmt.Errorf("train: backprop: %w: its energies must have no precision that is learned", model.ErrNotFeedforward)
		}
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
	r, err := b.network.Backprop(ctx, batch.Inputs, batch.Targets)
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
	if err := made(b.network); err != nil {
		return nil, err
	}
	targets, _, err := b.network.Predict(ctx, inputs, model.Inference{})
	return targets, err
}

// State implements [Learner].
func (b *Backprop) State() model.State { return learnerState(b.network, b.optimizer) }

// SetState implements [Learner].
func (b *Backprop) SetState(s model.State) error {
	return setLearnerState(b.network, b.optimizer, s)
}
