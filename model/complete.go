package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/enum"
)

// By says how a network finds the target of inputs that it sees in part.
type By int

const (
	BySettling By = iota // the target is free and settles with the rest
	ByEnergy             // each class is clamped in turn, and their energies are compared
)

var bys = []string{"settle", "energy"}

// String returns the name.
func (b By) String() string { return enum.Name(b, bys) }

// MarshalText returns the name.
func (b By) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText takes a name.
func (b *By) UnmarshalText(text []byte) error { return enum.Parse(b, bys, string(text)) }

// Recall says what [Network.Complete] supposes of the target.
type Recall struct {
	// By is how the target is found. Default BySettling.
	By By
	// Temperature T weighs the classes of ByEnergy: one whose settled energy is E
	// has a probability in proportion to exp(−E/T). The energy is that of unit
	// noise, so T is the variance of the noise there is; [Temperature] finds it
	// from examples. 0 takes the class of the lowest energy alone.
	Temperature float64
}

// Completion is what a network makes of inputs of which it sees a part.
type Completion struct {
	Inputs *tensor.Dense // (B, d): what was given, and for free units what fits it
	// Predictions are μ of the inputs' node, (B, d), for fixed and free units alike:
	// what the network takes for the inputs without their noise. nil where the
	// inputs' node is one that nothing predicts.
	Predictions *tensor.Dense
	Targets     *tensor.Dense // (B, k): the settled targets, or by energy the probability of each class
	Classes     []int         // (B): the class of the largest target
	Energies    *tensor.Dense // (B, k): the settled energy with each class clamped; nil BySettling
}

// Complete fills in the free units of inputs and finds their targets. By
// settling, target and free units settle together as inf says. By energy, for
// which targets must be one-hot classes, each class is clamped in turn while all
// else settles, and what the classes make of an example is averaged by their
// probabilities: the posterior mean, which has the least expected squared error.
// With every unit fixed, Complete classifies. Errors are as of [Network.Settle].
func (n *Network) Complete(ctx context.Context, inputs Clamp, how Recall, inf Inference) (*Completion, error) {
	if err := dense.Check(inputs.Values, n.cfg.Dtype.Tensor(), -1, n.Size(n.InputNode())); err != nil {
		return nil, fmt.Errorf("model: complete: inputs: %w", err)
	}
	if err := valid(&how.By); err != nil {
		return nil, fmt.Errorf("model: complete: by: %w", err)
	}
	if !(how.Temperature >= 0) || math.IsInf(how.Temperature, 0) {
		return nil, fmt.Errorf("model: complete: temperature: must be a number >= 0, got %v", how.Temperature)
	}
	c := n.Clamp(nil, nil)
	names := n.Nodes()
	c[names[n.input]] = inputs
	if how.By == BySettling {
		r, err := n.Infer(ctx, c, inf)
		if err != nil {
			return nil, err
		}
		done := &Completion{Inputs: clone(r.Latents[n.InputNode()]), Targets: clone(r.Latents[n.TargetNode()])}
		done.Classes = Argmax(done.Targets)
		done.Predictions, err = n.inputPredictions(r)
		return done, err
	}
	rows, k := inputs.Values.Shape()[0], n.Size(n.TargetNode())
	done := &Completion{Energies: tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(rows, k))}
	weighed := make([]weighing, rows)
	for class := range k {
		hot, err := n.OneHot(slices.Repeat([]int{class}, rows))
		if err != nil {
			return nil, err
		}
		c[names[n.target]] = Clamp{Values: hot}
		r, err := n.settleAs(ctx, c, inf, true)
		if err != nil {
			return nil, err
		}
		filled := r.Latents[n.InputNode()]
		predicted, err := n.inputPredictions(r)
		if err != nil {
			return nil, err
		}
		if class == 0 {
			done.Inputs, done.Predictions = clone(filled), predicted
		}
		for i, e := range r.ExampleEnergy {
			dense.Set(done.Energies, i*k+class, e)
			share := weighed[i].add(e, how.Temperature)
			moveRow(done.Inputs, filled, i, share)
			if predicted != nil {
				moveRow(done.Predictions, predicted, i, share)
			}
		}
	}
	done.Targets = classProbabilities(done.Energies, how.Temperature)
	done.Classes = Argmax(done.Targets)
	return done, nil
}

// inputPredictions returns what is predicted of the inputs' node, nil where nothing is.
func (n *Network) inputPredictions(r *Result) (*tensor.Dense, error) {
	first := n.wiring.First[n.input]
	if first < 0 {
		return nil, nil
	}
	if p := r.predicted[first]; p != nil {
		return clone(p), nil
	}
	return r.Latents[n.input].Sub(r.Errors[first])
}

// weighing adds up weights exp(−E/T), relative to that of the lowest energy so
// far.
type weighing struct {
	started     bool
	lowest, sum float64
}

// add takes an energy and returns its share of all weights so far, so that a mean
// moves by this share of the way to what has this energy.
func (w *weighing) add(energy, temperature float64) float64 {
	if !w.started {
		*w = weighing{true, energy, 1}
		return 1
	}
	if energy < w.lowest {
		w.sum *= boltzmann(w.lowest-energy, temperature)
		w.lowest = energy
	}
	weight := boltzmann(energy-w.lowest, temperature)
	w.sum += weight
	return weight / w.sum
}

// boltzmann returns exp(−rise/T), the weight of an energy that is by rise above
// the lowest; of equal ones at T = 0 the first has all.
func boltzmann(rise, temperature float64) float64 {
	if temperature == 0 && rise >= 0 {
		if rise == 0 {
			return 1
		}
		return 0
	}
	return math.Exp(-rise / temperature)
}

// classProbabilities returns the softmax of −energies/T along each row.
func classProbabilities(energies *tensor.Dense, temperature float64) *tensor.Dense {
	p := clone(energies)
	k := p.Shape()[1]
	for i := range p.Shape()[0] {
		var w weighing
		for j := range k {
			w.add(dense.At(energies, i*k+j), temperature)
		}
		for j := range k {
			dense.Set(p, i*k+j, boltzmann(dense.At(energies, i*k+j)-w.lowest, temperature)/w.sum)
		}
	}
	return p
}

// Temperature returns the T at which classes, one for each row of energies
// (B, k), are most probable: see [Recall]. It is 0 where the lowest energy is
// always that of the class, and large where energies tell nothing of the class.
func Temperature(energies *tensor.Dense, classes []int) (float64, error) {
	if err := dense.Check(energies, dense.Float(energies), -1, -1); err != nil {
		return 0, fmt.Errorf("model: temperature: energies: %w", err)
	}
	s := energies.Shape()
	if s[0] != len(classes) {
		return 0, fmt.Errorf("model: temperature: classes: must be one for each of the %d examples, got %d", s[0], len(classes))
	}
	for i, c := range classes {
		if c < 0 || c >= s[1] {
			return 0, fmt.Errorf("model: temperature: classes[%d]: must be 0 to %d, got %d", i, s[1]-1, c)
		}
	}
	// The likelihood is concave in 1/T, and its slope there is the energy expected
	// less that of the class.
	slope := func(t float64) float64 {
		p := classProbabilities(energies, t)
		sum := 0.0
		for i, c := range classes {
			for j := range s[1] {
				sum += dense.At(p, i*s[1]+j) * (dense.At(energies, i*s[1]+j) - dense.At(energies, i*s[1]+c))
			}
		}
		return sum
	}
	if !finite(slope(0)) {
		return 0, errors.New("model: temperature: an energy is not finite")
	}
	if slope(0) == 0 {
		return 0, nil
	}
	low, high := math.Log(leastTemperature), math.Log(mostTemperature)
	for high-low > 1e-6 {
		if mid := (low + high) / 2; slope(math.Exp(mid)) < 0 { // too cold
			low = mid
		} else {
			high = mid
		}
	}
	return math.Exp((low + high) / 2), nil
}

// The temperatures among which [Temperature] looks.
const (
	leastTemperature = 1e-9
	mostTemperature  = 1e9
)
