package train

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// Score is how well a learner predicts a set.
type Score struct {
	Examples int
	// Accuracy is the share of examples whose largest predicted target is their
	// class, 0..1. It is 0 for a regression.
	Accuracy float64
	// MSE is the mean over examples of ‖target − prediction‖² / k, in the units
	// of the raw targets.
	MSE float64
}

// evaluateBatch is the number of examples predicted at once.
const evaluateBatch = 1000

// Evaluate scores l on all examples of set, in order.
func Evaluate(ctx context.Context, l Learner, set *data.Set) (Score, error) {
	b, err := newBatches(l, set, min(evaluateBatch, set.Len()))
	if err != nil {
		return Score{}, err
	}
	units := set.TargetTransform()
	score := Score{Examples: set.Len()}
	correct := 0
	order := make([]int, set.Len())
	for i := range order {
		order[i] = i
	}
	labels := set.Labels()
	for lo := 0; lo < len(order); lo += b.size {
		rows := order[lo:min(lo+b.size, len(order))]
		inputs, targets, err := b.gather(rows)
		if err != nil {
			return score, err
		}
		predicted, err := l.Predict(ctx, inputs)
		if err != nil {
			return score, err
		}
		if labels != nil {
			for i, class := range model.Argmax(predicted) {
				if class == labels[lo+i] {
					correct++
				}
			}
		}
		score.MSE += squaredError(predicted, targets, units)
	}
	score.MSE /= float64(set.Len() * set.TargetSize())
	score.Accuracy = float64(correct) / float64(set.Len())
	return score, nil
}

// squaredError is Σ (predicted − target)² in raw units.
func squaredError(predicted, targets *tensor.Dense, units data.Transform) float64 {
	k := predicted.Shape()[1]
	sum := 0.0
	add := func(i int, diff float64) {
		switch len(units.Scale) {
		case 0:
		case 1:
			diff /= units.Scale[0]
		default:
			diff /= units.Scale[i%k]
		}
		sum += diff * diff
	}
	switch p := predicted.Data().(type) {
	case []float32:
		for i, t := range targets.Float32s()[:len(p)] {
			add(i, float64(p[i])-float64(t))
		}
	case []float64:
		for i, t := range targets.Float64s()[:len(p)] {
			add(i, p[i]-t)
		}
	}
	return sum
}

// batches gathers examples of a set into tensors that are used again.
type batches struct {
	set             *data.Set
	size            int
	inputs, targets *tensor.Dense
	tail            [2]*tensor.Dense // of the last, smaller batch
}

// newBatches checks that set fits l and makes room for batches of size rows.
func newBatches(l Learner, set *data.Set, size int) (*batches, error) {
	n := l.Network()
	if set.Len() == 0 {
		return nil, fmt.Errorf("train: %s has no examples", set.Name)
	}
	if d := n.Size(n.InputNode()); d != set.InputSize() {
		return nil, fmt.Errorf("train: the network takes %d inputs and %s has %d", d, set.Name, set.InputSize())
	}
	if k := n.Size(n.TargetNode()); k != set.TargetSize() {
		return nil, fmt.Errorf("train: the network has %d targets and %s has %d", k, set.Name, set.TargetSize())
	}
	b := &batches{set: set, size: size}
	b.inputs, b.targets = b.room(n, size)
	if tail := set.Len() % size; tail != 0 {
		b.tail[0], b.tail[1] = b.room(n, tail)
	}
	return b, nil
}

func (b *batches) room(n *model.Network, rows int) (inputs, targets *tensor.Dense) {
	dt := n.Config().Dtype.Tensor()
	return tensor.New(tensor.Of(dt), tensor.WithShape(rows, b.set.InputSize())),
		tensor.New(tensor.Of(dt), tensor.WithShape(rows, b.set.TargetSize()))
}

// gather fills a batch with the examples named by rows: size of them, or as
// many as a last batch has.
func (b *batches) gather(rows []int) (inputs, targets *tensor.Dense, err error) {
	inputs, targets = b.inputs, b.targets
	if len(rows) != b.size {
		inputs, targets = b.tail[0], b.tail[1]
	}
	return inputs, targets, b.set.Gather(rows, inputs, targets)
}
