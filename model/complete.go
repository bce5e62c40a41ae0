package model

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"
)

// Completion is what a network makes of inputs of which it sees a part.
type Completion struct {
	Inputs   *tensor.Dense // (B, d): what was given, and for free units what fits it
	Classes  []int         // (B): the class whose energy is lowest
	Energies *tensor.Dense // (B, k): the settled energy with each class clamped
}

// Complete fills in the free units of inputs and classifies what it sees: it
// clamps each class in turn, lets all else settle as inf says, and takes for each
// example the class with the lowest energy. With every unit fixed it classifies by
// energy. The targets must be one-hot classes.
func (n *Network) Complete(ctx context.Context, inputs Clamp, inf Inference) (*Completion, error) {
	if inputs.Values == nil || inputs.Values.Dims() != 2 {
		return nil, fmt.Errorf("model: complete: the inputs must be a (B, d) tensor")
	}
	rows, k := inputs.Values.Shape()[0], n.Size(n.TargetNode())
	done := &Completion{
		Classes:  make([]int, rows),
		Energies: tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(rows, k)),
	}
	for class := range k {
		labels := make([]int, rows)
		for i := range labels {
			labels[i] = class
		}
		targets, err := n.OneHot(labels)
		if err != nil {
			return nil, err
		}
		c := n.Clamp(nil, targets)
		c[n.InputNode()] = inputs
		r, err := n.Settle(ctx, c, inf)
		if err != nil {
			return nil, err
		}
		settled := r.Latents[n.InputNode()]
		if class == 0 {
			done.Inputs = settled.Clone().(*tensor.Dense)
		}
		for i, e := range r.ExampleEnergy {
			setElement(done.Energies, i*k+class, e)
			if e < element(done.Energies, i*k+done.Classes[i]) {
				done.Classes[i] = class
				copyRow(done.Inputs, settled, i)
			}
		}
	}
	return done, nil
}
