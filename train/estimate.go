package train

import (
	"context"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// estimate compares how the weights move in a batch that asks for it with backpropagation,
// and with the straight way to the targets. Of other batches it is nil.
type estimate struct {
	lesson   *rule.Lesson
	backprop *model.Update // nil where there is none
	before   *tensor.Dense // what was predicted
	cosine   []float64
}

// newEstimate begins that of a lesson that is to be learned.
func newEstimate(ctx context.Context, l *rule.Lesson) (e *estimate, err error) {
	e = &estimate{lesson: l}
	if l.Network.Config().Backpropagates() == nil {
		if e.backprop, err = backpropUpdate(ctx, l); err != nil {
			return nil, err
		}
	}
	e.before, err = e.predict(ctx)
	return e, err
}

func (e *estimate) predict(ctx context.Context) (*tensor.Dense, error) {
	inf := e.lesson.Inference
	inf.Estimate = false // is of what settles to learn
	return e.lesson.Network.PredictGiven(ctx, e.lesson.Clamps, inf)
}

// moves is told of each update, before the weights move along it.
func (e *estimate) moves(u *model.Update) {
	if e != nil && e.backprop != nil && e.cosine == nil {
		e.cosine = nodeCosines(e.lesson.Network, u, e.backprop)
	}
}

// end adds to s what there is to say when the weights have moved.
func (e *estimate) end(ctx context.Context, s *Settled) error {
	if e == nil {
		return nil
	}
	after, err := e.predict(ctx)
	if err != nil {
		return err
	}
	x := aligned(e.before, after, e.lesson.Targets)
	s.NodeCosine, s.TargetAlignment = e.cosine, &x
	return nil
}
