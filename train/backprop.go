package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/recent"
	"example.com/pcn/internal/vec"
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
// weight decay ½ λ ‖W‖². It is differentiated by Gorgonia's Grad with regard to the
// weights and run on Gorgonia's TapeMachine. It is for comparison only.
type Backprop struct {
	network    *model.Network
	optimizer  Optimizer
	tapes      recent.List[*tape] // of a few batch sizes
	directions []*tensor.Dense
}

// ErrNoPerceptron is what [NewBackprop] and [Cosines] return of a network that no
// perceptron is like.
var ErrNoPerceptron = errors.New("the network is like no perceptron")

// mostTapes is how many batch sizes a learner keeps a tape for: a run has two.
const mostTapes = 4

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
	return &Backprop{network: n, optimizer: opt, tapes: recent.List[*tape]{Most: mostTapes}, directions: n.NewUpdate().Directions()}, nil
}

// Network implements [Learner].
func (b *Backprop) Network() *model.Network { return b.network }

// tape is the perceptron for one batch size.
type tape struct {
	machine         G.VM
	inputs, targets *G.Node
	loss            G.Value   // summed over the batch, as are the gradients
	grads           []G.Value // of n.Parameters
}

func (b *Backprop) tape(rows int) (*tape, error) {
	if t, kept := b.tapes.Find(func(t *tape) bool { return t.inputs.Shape()[0] == rows }); kept {
		return t, nil
	}
	n := b.network
	t, err := newTape(n, rows)
	if err != nil {
		return nil, fmt.Errorf("train: backprop: %w", err)
	}
	b.tapes.Add(t)
	return t, nil
}

func newTape(n *model.Network, rows int) (t *tape, err error) {
	g := G.NewGraph()
	dt := n.Config().Dtype.Tensor()
	top := n.Depth()
	t = &tape{
		inputs:  G.NewMatrix(g, dt, G.WithShape(rows, n.Size(top)), G.WithName("inputs")),
		targets: G.NewMatrix(g, dt, G.WithShape(rows, n.Size(0)), G.WithName("targets")),
	}
	var params G.Nodes
	for i, p := range n.Parameters() {
		params = append(params, G.NewTensor(g, dt, p.Dims(), G.WithShape(p.Shape()...), G.WithName(fmt.Sprintf("p%d", i)), G.WithValue(p)))
	}
	x := t.inputs
	for i := top - 1; i >= 0; i-- {
		f, err := graph.Activate(n.Activation(i), x)
		if err != nil {
			return nil, err
		}
		wt, err := G.Transpose(params[2*i])
		if err != nil {
			return nil, err
		}
		mu, err := G.Mul(f, wt)
		if err != nil {
			return nil, err
		}
		if x, err = G.BroadcastAdd(mu, params[2*i+1], nil, []byte{0}); err != nil {
			return nil, err
		}
	}
	loss, err := n.NodeEnergy(0).Form().Loss(t.targets, x)
	if err != nil {
		return nil, err
	}
	G.Read(loss, &t.loss)
	grads, err := G.Grad(loss, params...)
	if err != nil {
		return nil, err
	}
	t.grads = make([]G.Value, len(grads))
	for i, grad := range grads {
		G.Read(grad, &t.grads[i])
	}
	defer func() { // NewTapeMachine panics where it cannot compile
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	t.machine = G.NewTapeMachine(g)
	return t, nil
}

// descend sets the directions to minus the gradient of a batch's loss, and returns
// the loss.
func (b *Backprop) descend(batch Batch) (loss float64, err error) {
	if err := batch.fits(b.network); err != nil {
		return 0, err
	}
	t, err := b.tape(batch.Inputs.Shape()[0])
	if err != nil {
		return 0, err
	}
	if err := G.Let(t.inputs, batch.Inputs); err != nil {
		return 0, fmt.Errorf("train: backprop: inputs: %w", err)
	}
	if err := G.Let(t.targets, batch.Targets); err != nil {
		return 0, fmt.Errorf("train: backprop: targets: %w", err)
	}
	defer t.machine.Reset()
	if err := t.machine.RunAll(); err != nil {
		return 0, fmt.Errorf("train: backprop: %w", err)
	}
	rows := float64(batch.Inputs.Shape()[0])
	decay := b.network.Config().WeightDecay
	params := b.network.Parameters()
	for i, d := range b.directions {
		shrink := decay
		if d.Dims() == 1 {
			shrink = 0 // a bias
		}
		if d.Dtype() == tensor.Float32 {
			direction(d.Float32s(), t.grads[i].Data().([]float32), params[i].Float32s(), float32(rows), float32(shrink))
		} else {
			direction(d.Float64s(), t.grads[i].Data().([]float64), params[i].Float64s(), rows, shrink)
		}
	}
	return scalar(t.loss)/rows + b.network.DecayEnergy(), nil
}

// Learn implements [Learner].
func (b *Backprop) Learn(_ context.Context, batch Batch, rate float64) (Step, error) {
	loss, err := b.descend(batch)
	if err != nil {
		return Step{}, err
	}
	s := Step{Status: model.Converged, Energy: loss}
	if !s.Finite() {
		s.Status = model.Diverged
		return s, nil
	}
	if err := stepParameters(b.optimizer, b.network, b.directions, rate); err != nil {
		return s, err
	}
	b.network.Changed()
	return s, nil
}

// direction sets dst = −grad/rows − decay·x.
func direction[T vec.Float](dst, grad, x []T, rows, decay T) {
	copy(dst, grad)
	vec.Scale(dst, -1/rows)
	if decay != 0 {
		vec.AddScaled(dst, -decay, x)
	}
}

func scalar(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
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
