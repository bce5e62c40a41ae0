package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

// Learner is what [Fit] teaches. A user's own is taught, scored, interrupted and resumed
// as [PCN] is.
type Learner interface {
	// Network returns the network whose weights are learned, which decides the sizes and
	// the dtype of batches. Nil is for a learner that is no network: it takes whatever
	// the training set has, as float64.
	Network() *model.Network
	// Learn takes a batch and moves what it learns once, at the learning rate of the
	// schedule. The batch's tensors are overwritten afterwards.
	Learn(ctx context.Context, batch Batch, rate float64) (Step, error)
	// Predict returns the targets (B, k) for inputs (B, d), in their dtype.
	Predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error)
	Stateful
}

// Stateful is what remembers something from batch to batch, which a checkpoint
// keeps.
type Stateful interface {
	// State returns all that is remembered. Its tensors may be live.
	State() model.State
	// SetState copies s, which State gave, so that training goes on to the same
	// bits. After an error the receiver is not to be used.
	SetState(s model.State) error
}

// Names of the parts of a learner's state.
const (
	networkState   = "network"
	optimizerState = "optimizer"
	warmState      = "warm"
)

// learnerState returns the state of a network and an optimiser.
func learnerState(n *model.Network, o Optimizer) model.State {
	var s model.State
	s.Add(networkState, n.State())
	s.Add(optimizerState, o.State())
	return s
}

func setLearnerState(n *model.Network, o Optimizer, s model.State) error {
	if err := n.SetState(s.Part(networkState)); err != nil {
		return err
	}
	return o.SetState(s.Part(optimizerState))
}

// Batch is what is learned from at once.
type Batch struct {
	Inputs   *tensor.Dense // (B, d), in the network's dtype, float64 where there is none
	Targets  *tensor.Dense // (B, k), the same
	Examples []int         // (B), which of the training set they are; nil where that is not known
	Estimate bool          // asks for Step.ToLose, which takes as long as some hundred steps of a dozen examples
}

// fits returns an error when b is not a batch for n.
func (b Batch) fits(n *model.Network) error {
	if err := made(n); err != nil {
		return err
	}
	dt := n.Weights(0).Dtype()
	if err := dense.Check(b.Inputs, dt, -1, n.Size(n.InputNode())); err != nil {
		return fmt.Errorf("train: batch: inputs: %w", err)
	}
	rows := b.Inputs.Shape()[0]
	if err := dense.Check(b.Targets, dt, rows, n.Size(n.TargetNode())); err != nil {
		return fmt.Errorf("train: batch: targets: %w", err)
	}
	if len(b.Examples) != 0 && len(b.Examples) != rows {
		return fmt.Errorf("train: batch: examples: must be one for each of the %d inputs, got %d", rows, len(b.Examples))
	}
	for i, at := range b.Examples {
		if at < 0 {
			return fmt.Errorf("train: batch: examples[%d]: must be >= 0, got %d", i, at)
		}
	}
	return nil
}

// Step is what became of a batch.
type Step struct {
	// Energy is a mean over the batch, before the weights moved: of the settled
	// energy, or for backprop of the loss. Where it is not finite the weights did not
	// move, and [Fit] ends.
	Energy float64
	// Status says how settling ended, and Node where it diverged.
	Status model.Status
	Node   int
	// InferenceRate is the rate at which the latents settled, Steps the mean
	// number of steps over the examples, and Residual what was left of the
	// gradient: see [model.Result]. They are 0 for backprop.
	InferenceRate, Steps, Residual float64
	// Nodes are the names of the nodes, in the order of whatever goes by node.
	Nodes model.Names
	// NodeResidual is each node's part of Residual, and NodeEnergy of Energy.
	NodeResidual, NodeEnergy []float64
	// ToLose is where Batch.Estimate asks for it the share of the energy's fall to
	// rest that was still to come, as estimated, and EndResidual what was left of the gradient at
	// each node in the end: see [model.Result]. They are 0 and nil for backprop.
	ToLose      float64
	EndResidual []float64
	// Gram reports whether the energy settled in Gram form: see [model.Result].
	Gram bool
}

// Finite reports whether the energy is a number.
func (s Step) Finite() bool { return !math.IsNaN(s.Energy) && !math.IsInf(s.Energy, 0) }

// energyForm names the form in which the energy settled.
func (s Step) energyForm() string {
	if s.Gram {
		return "gram"
	}
	return "plain"
}

// PCN learns by predictive coding: it settles each batch with both ends
// clamped and moves the weights along the Hebbian update.
type PCN struct {
	network   *model.Network
	inference model.Inference
	optimizer Optimizer
	update    *model.Update
	warm      warm // where Inference.Start is Warm
}

// NewPCN returns a learner for n. Inference is used for learning and, where a
// prediction has to settle, for predicting.
func NewPCN(n *model.Network, inf model.Inference, opt Optimizer) (*PCN, error) {
	if err := complete(n, opt); err != nil {
		return nil, err
	}
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("train: inference: %w", err)
	}
	return &PCN{network: n, inference: inf, optimizer: opt, update: n.NewUpdate()}, nil
}

// complete returns which part of a learner is missing.
func complete(n *model.Network, opt Optimizer) error {
	if err := made(n); err != nil {
		return err
	}
	if opt == nil {
		return errors.New("train: optimizer: must be one, such as of NewOptimizer, got none")
	}
	return nil
}

// made returns an error where n is nil or zero.
func made(n *model.Network) error {
	if n == nil || n.Predictions() < 1 {
		return errors.New("train: network: must be one of model.New or model.Load, got none")
	}
	return nil
}

// Network implements [Learner].
func (p *PCN) Network() *model.Network { return p.network }

// Learn implements [Learner].
func (p *PCN) Learn(ctx context.Context, batch Batch, rate float64) (Step, error) {
	if err := batch.fits(p.network); err != nil {
		return Step{}, err
	}
	c := p.network.Clamp(batch.Inputs, batch.Targets)
	warm := p.inference.Start == model.Warm && len(batch.Examples) > 0
	if warm {
		p.warm.begin(p.network.Nodes(), c, batch.Examples)
	}
	inf := p.inference
	inf.Estimate = inf.Estimate || batch.Estimate
	r, err := p.network.Settle(ctx, c, inf)
	if err != nil {
		return Step{}, err
	}
	rows := float64(batch.Inputs.Shape()[0])
	s := Step{
		Energy: r.Energy / rows, Status: r.Status, Node: r.Node, Nodes: r.Nodes,
		InferenceRate: r.Rate, Steps: r.MeanSteps, Residual: r.Residual, NodeResidual: r.NodeResidual, EndResidual: r.EndResidual, Gram: r.Gram,
	}
	if inf.Estimate {
		s.ToLose = 1 - r.Reached()
	}
	for _, e := range r.NodeEnergy {
		s.NodeEnergy = append(s.NodeEnergy, e/float64(batch.Inputs.Shape()[0]))
	}
	if !r.Finite() {
		return s, nil
	}
	if warm {
		p.warm.keep(p.network.Nodes(), c, r, batch.Examples)
	}
	if err := p.network.Hebbian(r, p.update); err != nil {
		return s, err
	}
	if err := stepParameters(p.optimizer, p.network, p.update.Directions(), rate); err != nil {
		return s, err
	}
	p.network.Changed()
	return s, nil
}

// Predict implements [Learner].
func (p *PCN) Predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	if err := made(p.network); err != nil {
		return nil, err
	}
	targets, _, err := p.network.Predict(ctx, inputs, p.inference)
	return targets, err
}

// State implements [Learner].
func (p *PCN) State() model.State {
	s := learnerState(p.network, p.optimizer)
	s.Add(warmState, p.warm.state())
	return s
}

// SetState implements [Learner].
func (p *PCN) SetState(s model.State) error {
	if err := p.warm.setState(p.network, s.Part(warmState)); err != nil {
		return fmt.Errorf("%s: %w", warmState, err)
	}
	return setLearnerState(p.network, p.optimizer, s)
}
