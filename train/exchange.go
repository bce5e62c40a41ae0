package train

import (
	"cmp"
	"context"
	"sync"

	"example.com/pcn/model"
)

// Exchange is how the ranks that teach one network hand each other what each has computed:
// see [model.Exchange]. One process alone needs none.
type Exchange = model.Exchange

// sharer is a learner whose ranks can share batches. Ranks of any other learn the whole of
// each batch, all the same.
type sharer interface{ Share(x Exchange) error }

// Share has the ranks of x share the batches that are learned and predicted from now on,
// until Share(nil), which returns the first error of the exchange: see
// [model.Network.Share].
func (p *PCN) Share(x Exchange) error { return p.lesson.Network.Share(x) }

// asks returns what asks all ranks, once, whether the context of any is cancelled.
func (f *fitting) asks(ctx context.Context) func() (bool, error) {
	return sync.OnceValues(func() (bool, error) { return anyRank(f.opts.Exchange, ctx.Err() != nil) })
}

// stop returns the error with which training ends where it is to stop.
func stop(ctx context.Context, stopping func() (bool, error)) error {
	if is, err := stopping(); err != nil || !is {
		return err
	}
	return cmp.Or(context.Cause(ctx), context.Canceled) // that of another rank
}

// shared has f's batches shared by the ranks there are.
func (f *fitting) shared(do func() error) error {
	l, can := f.learner.(sharer)
	if f.opts.Exchange == nil || !can {
		return do()
	}
	if err := l.Share(f.opts.Exchange); err != nil {
		return err
	}
	err := do()
	if lost := l.Share(nil); lost != nil {
		return lost
	}
	return err
}

// anyRank reports, on all ranks of x, whether yes is true on any of them; without an
// exchange it is yes.
func anyRank(x Exchange, yes bool) (bool, error) {
	if x == nil || x.Ranks() == 1 {
		return yes, nil
	}
	said, ends := make([]byte, x.Ranks()), make([]int, x.Ranks())
	for rank := range ends {
		ends[rank] = rank + 1
	}
	if yes {
		said[x.Rank()] = 1
	}
	if err := x.Gather(said, ends); err != nil {
		return yes, err
	}
	for _, other := range said {
		yes = yes || other == 1
	}
	return yes, nil
}
