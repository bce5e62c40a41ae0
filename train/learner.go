package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train/rule"
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
// keeps: see [rule.Stateful].
type Stateful = rule.Stateful

// Names of the parts of a learner's state.
const (
	networkState   = "network"
	optimizerState = "optimizer"
	ruleState      = "rule"
	warmState      = "warm"
)

// Batch is what is learned from at once.
type Batch struct {
	Inputs   *tensor.Dense // (B, d), in the network's dtype, float64 where there is none; of sequences (B, steps · d)
	Targets  *tensor.Dense // (B, k), the same; of sequences (B, steps · k)
	Examples []int         // (B), which of the training set they are; nil where that is not known
	Weights  []float64     // (B), how much each counts in what is learned; nil for all alike
	Estimate bool          // asks for Settled.Reached, which takes as long as some hundred steps of a dozen examples
	// Epoch is that of the batch, from 0, and Number the number of batches before it since
	// training began. With Seed, that of Learning, they decide what is drawn at random.
	Epoch, Number int
	Seed          uint64
}

// fits returns an error when b is not a batch for n.
func (b Batch) fits(n *model.Network) error {
	if err := made(n); err != nil {
		return err
	}
	dt := n.Weights(0).Dtype()
	steps := max(b.steps(n), 1)
	if err := dense.Check(b.Inputs, dt, -1, steps*n.Size(n.InputNode())); err != nil {
		return fmt.Errorf("train: batch: inputs: %w", err)
	}
	rows := b.Inputs.Shape()[0]
	if err := dense.Check(b.Targets, dt, rows, steps*n.Size(n.TargetNode())); err != nil {
		return fmt.Errorf("train: batch: targets: %w", err)
	}
	if len(b.Examples) != 0 && len(b.Examples) != rows {
		return fmt.Errorf("train: batch: examples: must be one for each of the %d inputs, got %d", rows, len(b.Examples))
	}
	if len(b.Weights) != 0 && len(b.Weights) != rows {
		return fmt.Errorf("train: batch: weights: must be one for each of the %d inputs, got %d", rows, len(b.Weights))
	}
	for i, k := range b.Weights {
		if !(k > 0) || math.IsInf(k, 0) {
			return fmt.Errorf("train: batch: weights[%d]: must be a number > 0, got %v", i, k)
		}
	}
	for i, at := range b.Examples {
		if at < 0 {
			return fmt.Errorf("train: batch: examples[%d]: must be >= 0, got %d", i, at)
		}
	}
	return nil
}

// steps returns how many steps of n there are in each example.
func (b Batch) steps(n *model.Network) int {
	if b.Inputs == nil || b.Inputs.Dims() != 2 {
		return 0 // which is refused
	}
	return b.Inputs.Shape()[1] / n.Size(n.InputNode())
}

// step returns step t of each example of a batch for n.
func (b Batch) step(n *model.Network, t int) Batch {
	b.Number = b.Number*b.steps(n) + t
	b.Inputs, b.Targets = stepOf(b.Inputs, t, n.Size(n.InputNode())), stepOf(b.Targets, t, n.Size(n.TargetNode()))
	return b
}

// stepOf returns step t of sequences x, (B, steps · d), as a tensor (B, d): x itself where
// that is all.
func stepOf(x *tensor.Dense, t, d int) *tensor.Dense {
	if x.Shape()[1] == d {
		return x
	}
	step := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(x.Shape()[0], d))
	dense.CopyColumns(step, 0, x, t*d, d)
	return step
}

// Step is what became of a batch: its energy before the weights last moved, of backprop the
// loss. Where it is not finite the weights did not move, and [Fit] ends.
type Step struct {
	Settled
	// Status says how settling ended.
	Status model.Status
	// Gram reports whether the energy settled in Gram form: see [model.Result].
	Gram bool
	// Renewed reports whether what the method divides by was made anew: see [model.Result].
	Renewed bool
}

// energyForm names the form in which the energy settled.
func (s Step) energyForm() string {
	if s.Gram {
		return "gram"
	}
	return "plain"
}

// PCN teaches a network by a rule of package rule, which by default is predictive coding:
// it settles each batch with both ends clamped and moves the weights along the Hebbian
// update. Of sequences it does so at each step, from the first to the last, and what a step
// remembers of the one before is clamped (see [model.Network.Advance]).
type PCN struct {
	rule      rule.Rule
	inference model.Inference
	optimizer Optimizer
	lesson    rule.Lesson
	warm      warm // where Inference.Start is Warm
}

// NewPCN returns a learner for n by a rule, nil for rule.PC. Inference is used for learning,
// as the rule has it, and, where a prediction has to settle, for predicting. The error says
// where the rule is not for n.
func NewPCN(n *model.Network, r rule.Rule, inf model.Inference, opt Optimizer) (*PCN, error) {
	if err := complete(n, opt); err != nil {
		return nil, err
	}
	if r == nil {
		r = rule.PC{}
	}
	if _, err := inf.WithDefaults(); err != nil {
		return nil, fmt.Errorf("train: inference: %w", err)
	}
	inf, err := r.Prepare(n.Config(), inf)
	if err != nil {
		return nil, fmt.Errorf("train: rule %v: %w", r, err)
	}
	return &PCN{rule: r, inference: inf, optimizer: opt, lesson: rule.Lesson{Network: n}}, nil
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
func (p *PCN) Network() *model.Network { return p.lesson.Network }

// Rule returns the rule by which the network learns.
func (p *PCN) Rule() rule.Rule { return p.rule }

// Inference returns how latents settle under the rule, with its defaults; the zero
// Inference where they do not.
func (p *PCN) Inference() model.Inference { return p.inference }

// Learn implements [Learner].
func (p *PCN) Learn(ctx context.Context, batch Batch, rate float64) (Step, error) {
	n := p.lesson.Network
	if err := batch.fits(n); err != nil {
		return Step{}, err
	}
	var all Step
	var past model.Clamps
	steps := batch.steps(n)
	for t := range steps {
		of := batch.step(n, t)
		of.Estimate = batch.Estimate && t == steps-1
		step, r, err := p.learn(ctx, of, past, rate)
		if err != nil {
			return Step{}, err
		}
		if t == 0 {
			all = step
		} else {
			all.Settled.add(step.Settled, 1/float64(t+1))
		}
		if step.Status == model.Diverged {
			all.Status, all.Node = step.Status, step.Node
		}
		if !step.Finite() {
			return step, nil
		}
		if t+1 < steps {
			if err := n.Whole(r); err != nil {
				return Step{}, err
			}
			past = n.Advance(r)
		}
	}
	return all, nil
}

// learn learns from one step of a batch, with what it remembers of the one before.
func (p *PCN) learn(ctx context.Context, batch Batch, past model.Clamps, rate float64) (Step, *model.Result, error) {
	n := p.lesson.Network
	l := &p.lesson
	l.Inputs, l.Targets, l.Clamps = batch.Inputs, batch.Targets, n.Clamp(batch.Inputs, batch.Targets)
	l.Weights = batch.Weights
	maps.Copy(l.Clamps, past)
	l.Epoch, l.Batch, l.Seed = batch.Epoch, batch.Number, batch.Seed
	l.Inference = p.inference
	l.Inference.Estimate = l.Inference.Estimate || batch.Estimate
	var e *estimate
	if batch.Estimate {
		var err error
		if e, err = newEstimate(ctx, l); err != nil {
			return Step{}, nil, err
		}
	}
	l.Move = func(u *model.Update) error {
		e.moves(u)
		if err := stepParameters(p.optimizer, n, u.Directions(), rate); err != nil {
			return err
		}
		n.Changed()
		return nil
	}
	warm := p.inference.Start == model.Warm && len(batch.Examples) > 0
	if warm {
		p.warm.begin(n.Nodes(), l.Clamps, batch.Examples)
	}
	r, err := p.rule.Learn(ctx, l)
	if err != nil {
		return Step{}, nil, err
	}
	if warm && r.Finite() {
		if err := n.Whole(r); err != nil {
			return Step{}, nil, err
		}
		p.warm.keep(n.Nodes(), l.Clamps, r, batch.Examples)
	}
	step := Step{Settled: NewSettled(r), Status: r.Status, Gram: r.Gram, Renewed: r.Renewed}
	if r.Finite() {
		err = e.end(ctx, &step.Settled) // in the buffers of r, of a sequence only behind its last step
	}
	return step, r, err
}

// Track returns the targets (B, steps · k) that are predicted of a batch of sequences, of each
// step from all that was before it: its targets are taken in when it is predicted (see [model.Tracking.Observe]).
func (p *PCN) Track(ctx context.Context, batch Batch) (*tensor.Dense, error) {
	n := p.lesson.Network
	if err := batch.fits(n); err != nil {
		return nil, err
	}
	at, k := n.Track(p.inference), n.Size(n.TargetNode())
	all := tensor.New(tensor.Of(batch.Targets.Dtype()), tensor.WithShape(batch.Targets.Shape()...))
	for t := range batch.steps(n) {
		of := batch.step(n, t)
		predicted, err := at.Predict(ctx, of.Inputs)
		if err != nil {
			return nil, err
		}
		dense.CopyColumns(all, t*k, predicted, 0, k)
		if _, err := at.Observe(ctx, of.Inputs, of.Targets); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Predict implements [Learner].
func (p *PCN) Predict(ctx context.Context, inputs *tensor.Dense) (*tensor.Dense, error) {
	n := p.lesson.Network
	if err := made(n); err != nil {
		return nil, err
	}
	targets, _, err := n.Predict(ctx, inputs, p.inference)
	return targets, err
}

// State implements [Learner].
func (p *PCN) State() (s model.State) {
	s.Add(networkState, p.lesson.Network.State())
	s.Add(optimizerState, p.optimizer.State())
	if r, ok := p.rule.(rule.Stateful); ok {
		s.Add(ruleState, r.State())
	}
	s.Add(warmState, p.warm.state())
	return s
}

// SetState implements [Learner].
func (p *PCN) SetState(s model.State) error {
	if err := p.warm.setState(p.lesson.Network, s.Part(warmState)); err != nil {
		return fmt.Errorf("%s: %w", warmState, err)
	}
	if r, ok := p.rule.(rule.Stateful); ok {
		if err := r.SetState(s.Part(ruleState)); err != nil {
			return fmt.Errorf("%s: %w", ruleState, err)
		}
	}
	if err := p.lesson.Network.SetState(s.Part(networkState)); err != nil {
		return err
	}
	return p.optimizer.SetState(s.Part(optimizerState))
}
