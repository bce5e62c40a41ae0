package train

import (
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// batches gathers examples of a set into tensors that are used again.
type batches struct {
	set   *data.Set
	size  int
	whole Batch
	tail  Batch // the last, smaller batch
}

// Fits returns an error when set has no examples, or others than n takes.
func Fits(n *model.Network, set *data.Set) error {
	if set.Len() == 0 {
		return fmt.Errorf("train: %s has no examples", set.Name)
	}
	if d := n.Size(n.InputNode()); d != set.InputSize() {
		return fmt.Errorf("train: the network takes %d inputs and %s has %d", d, set.Name, set.InputSize())
	}
	if k := n.Size(n.TargetNode()); k != set.TargetSize() {
		return fmt.Errorf("train: the network has %d targets and %s has %d", k, set.Name, set.TargetSize())
	}
	return nil
}

// newBatches checks that set fits l and makes room for batches of up to size
// rows.
func newBatches(l Learner, set *data.Set, size int) (*batches, error) {
	n := l.Network()
	if err := Fits(n, set); err != nil {
		return nil, err
	}
	b := &batches{set: set, size: min(size, set.Len())}
	b.whole = room(n, b.size)
	if tail := set.Len() % b.size; tail != 0 {
		b.tail = room(n, tail)
	}
	return b, nil
}

// room returns a batch for examples that fit n.
func room(n *model.Network, rows int) Batch {
	dt := n.Config().Dtype.Tensor()
	return Batch{
		Inputs:  tensor.New(tensor.Of(dt), tensor.WithShape(rows, n.Size(n.InputNode()))),
		Targets: tensor.New(tensor.Of(dt), tensor.WithShape(rows, n.Size(n.TargetNode()))),
	}
}

// Examples returns the examples of set that rows name, or where none is named all
// of them, as a batch for n, such as [model.Network.Clamp] takes.
func Examples(n *model.Network, set *data.Set, rows ...int) (Batch, error) {
	if err := Fits(n, set); err != nil {
		return Batch{}, err
	}
	if len(rows) == 0 {
		rows = upTo(set.Len())
	}
	b := room(n, len(rows))
	b.Examples = rows
	if err := set.Gather(rows, b.Inputs, b.Targets); err != nil {
		return Batch{}, fmt.Errorf("train: examples: %w", err)
	}
	return b, nil
}

// upTo returns 0 to n−1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// count returns the number of batches in a pass over the set.
func (b *batches) count() int { return (b.set.Len() + b.size - 1) / b.size }

// each calls f with the examples that order names, batch by batch, leaving out
// the first batches, and with the number of examples before. The tensors are
// overwritten after f has returned. It ends at the first error.
func (b *batches) each(order []int, first int, f func(done int, batch Batch) error) error {
	for done := first * b.size; done < len(order); done += b.size {
		rows, batch := order[done:min(done+b.size, len(order))], b.whole
		if len(rows) < b.size {
			batch = b.tail
		}
		batch.Examples = rows
		if err := b.set.Gather(rows, batch.Inputs, batch.Targets); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		if err := f(done, batch); err != nil {
			return err
		}
	}
	return nil
}
