package train

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// batches gathers examples of a set into tensors that are used again, on all cores.
type batches struct {
	set    *data.Set
	gather source // of set
	size   int
	taken  taken
	whole  room
	tail   room // for the last, smaller batch
}

// source fills a batch, as [data.Set.Gather] does.
type source func(rows []int, inputs, targets *tensor.Dense) error

// room is a batch to be filled, and the same in blocks that one core fills each.
type room struct {
	Batch
	blocks []Batch
	errs   []error // by block
}

// blockRows is the number of examples of a block.
const blockRows = 16

// gatherCost is what gathering a number takes, in vectorised operations.
const gatherCost = 8

// taken is what batches are made of.
type taken struct {
	by              string // the network, or whatever else decides
	inputs, targets int    // of a step, where examples are sequences
	steps           int
	dtype           tensor.Dtype
	workers         int
}

// takenBy returns what n takes.
func takenBy(n *model.Network) taken {
	return taken{"the network", n.Size(n.InputNode()), n.Size(n.TargetNode()), 1, n.Config().Dtype.Tensor(), n.Workers()}
}

// fits returns an error when set has no examples, or others.
func (t taken) fits(set *data.Set) error {
	if err := hasExamples(set); err != nil {
		return err
	}
	if set.InputSize() != t.inputs {
		return fmt.Errorf("train: %s: must have %d inputs as %s takes, got %d", nameOf(set), t.inputs, t.by, set.InputSize())
	}
	if set.TargetSize() != t.targets {
		return fmt.Errorf("train: %s: must have %d targets as %s has, got %d", nameOf(set), t.targets, t.by, set.TargetSize())
	}
	return nil
}

func hasExamples(set *data.Set) error {
	if set == nil || set.Len() == 0 {
		return fmt.Errorf("train: %s: must have examples, got none", nameOf(set))
	}
	return nil
}

func nameOf(set *data.Set) string {
	if set == nil || set.Name == "" {
		return "the set"
	}
	return set.Name
}

// Fits returns an error when set has no examples, or others than n takes.
func Fits(n *model.Network, set *data.Set) error {
	if err := made(n); err != nil {
		return err
	}
	if err := takenBy(n).fits(set); err != nil {
		return err
	}
	return fitsImages(n.Config(), set)
}

// fitsImages returns an error when the node of the data in c has the shape of images, and
// set has images of another.
func fitsImages(c model.Config, set *data.Set) error {
	c, err := c.Expanded()
	if err != nil {
		return fmt.Errorf("train: model: %w", err)
	}
	name := cmp.Or(c.Input, "input")
	for _, node := range c.Nodes {
		if node.Name == name && len(node.Shape) == 3 && set.Shape != nil && !slices.Equal(node.Shape, set.Shape) {
			return fmt.Errorf("train: %s: node %s: must have shape %v, as the images have, got %v", nameOf(set), name, set.Shape, node.Shape)
		}
	}
	return nil
}

// newBatches checks that set fits l and makes room for batches of up to size
// rows.
func newBatches(l Learner, set *data.Set, size int) (*batches, error) {
	if l == nil {
		return nil, errors.New("train: learner: must be one, such as of NewPCN, got none")
	}
	if err := hasExamples(set); err != nil {
		return nil, err
	}
	t := taken{"the training set", set.InputSize(), set.TargetSize(), 1, tensor.Float64, runtime.GOMAXPROCS(0)}
	if n := l.Network(); n != nil {
		if err := Fits(n, set); err != nil {
			return nil, err
		}
		t = takenBy(n)
	}
	t.steps = set.Steps()
	b := &batches{set: set, gather: set.Gather, size: min(size, set.Len()), taken: t}
	b.whole = newRoom(t, b.size)
	if tail := set.Len() % b.size; tail != 0 {
		b.tail = newRoom(t, tail)
	}
	return b, nil
}

// newRoom returns room for that many examples.
func newRoom(t taken, rows int) (r room) {
	whole := func(size int) *tensor.Dense {
		return tensor.New(tensor.Of(t.dtype), tensor.WithShape(rows, size))
	}
	r.Inputs, r.Targets = whole(t.steps*t.inputs), whole(t.steps*t.targets)
	for lo := 0; lo < rows; lo += blockRows {
		hi := min(lo+blockRows, rows)
		r.blocks = append(r.blocks, Batch{Inputs: dense.Rows(r.Inputs, lo, hi), Targets: dense.Rows(r.Targets, lo, hi)})
	}
	r.errs = make([]error, len(r.blocks))
	return r
}

// fill gathers the examples that rows name, as many as there is room for.
func (r *room) fill(from source, rows []int, workers int) error {
	r.Examples = rows
	numbers := len(rows) * (r.Inputs.Shape()[1] + r.Targets.Shape()[1])
	pool.Each(pool.Workers(workers, gatherCost*numbers), len(r.blocks), func(i int) {
		b := &r.blocks[i]
		lo := i * blockRows
		r.errs[i] = from(rows[lo:min(lo+blockRows, len(rows))], b.Inputs, b.Targets)
	})
	return errors.Join(r.errs...)
}

// Examples returns the examples of set that rows name, or where none is named all
// of them, as a batch for n, such as [model.Network.Clamp] takes: of sequences their first
// step.
func Examples(n *model.Network, set *data.Set, rows ...int) (Batch, error) {
	if err := Fits(n, set); err != nil {
		return Batch{}, err
	}
	if len(rows) == 0 {
		rows = upTo(set.Len())
	}
	t := takenBy(n)
	t.steps = set.Steps()
	r := newRoom(t, len(rows))
	if err := r.fill(set.Gather, rows, n.Workers()); err != nil {
		return Batch{}, fmt.Errorf("train: examples: %w", err)
	}
	return r.Batch.step(n, 0), nil
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
		rows, batch := order[done:min(done+b.size, len(order))], &b.whole
		if len(rows) < b.size {
			batch = &b.tail
		}
		if err := batch.fill(b.gather, rows, b.taken.workers); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		if err := f(done, batch.Batch); err != nil {
			return err
		}
	}
	return nil
}
