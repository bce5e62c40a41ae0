package train

import (
	"context"
	"errors"
	"sync"

	"example.com/pcn/model"
)

// Exchange is how the ranks that teach one network hand each other what each has computed:
// see [model.Exchange]. One process alone needs none; ranks of several processes have
// another, such as MPI; and [Ranks] makes one for goroutines.
type Exchange = model.Exchange

// sharer is a learner whose ranks can share batches. Ranks of any other learn the whole of
// each batch, all the same.
type sharer interface{ Share(x Exchange) error }

// Share has the ranks of x share the batches that are learned and predicted from now on,
// until Share(nil), which returns the first error of the exchange: see
// [model.Network.Share].
func (p *PCN) Share(x Exchange) error { return p.lesson.Network.Share(x) }

// together returns the context of what ranks do together, which none may leave by itself.
func (f *fitting) together(ctx context.Context) context.Context {
	if f.opts.Exchange == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
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

// Any reports, on all ranks of x, whether yes is true on any of them; without an exchange
// it is yes.
func Any(x Exchange, yes bool) (bool, error) {
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

// Ranks returns an exchange for each of n ranks that are goroutines of this process, each
// with a network of its own: to try what several processes do. Close ends that of a rank,
// whose others then have errors in place of waiting for it.
func Ranks(n int) []*Local {
	t := &table{ranks: make([]*Local, n), calls: make([]call, n)}
	t.turn.L = &t.mu
	for rank := range t.ranks {
		t.ranks[rank] = &Local{table: t, rank: rank}
	}
	return t.ranks
}

// Local is the exchange of a rank of [Ranks].
type Local struct {
	table *table
	rank  int
}

var _ Exchange = (*Local)(nil)

// table is where ranks lay down what they have for each other, turn by turn.
type table struct {
	mu             sync.Mutex
	turn           sync.Cond
	ranks          []*Local
	calls          []call // of this turn, by rank
	arrived, taken int
	turns          int
	closed         bool
}

type call struct {
	send []byte
	ends []int
}

// Rank implements [Exchange].
func (l *Local) Rank() int { return l.rank }

// Ranks implements [Exchange].
func (l *Local) Ranks() int { return len(l.table.ranks) }

// Close ends the exchange for all ranks.
func (l *Local) Close() {
	t := l.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.turn.Broadcast()
}

var errClosed = errors.New("train: exchange: a rank has left")

// meet hands all ranks' calls to take, once all are there, and returns when all have taken.
func (l *Local) meet(c call, take func(calls []call)) error {
	t := l.table
	t.mu.Lock()
	defer t.mu.Unlock()
	until := func(done func() bool) error {
		for !done() && !t.closed {
			t.turn.Wait()
		}
		if t.closed {
			return errClosed
		}
		return nil
	}
	turn := t.turns
	t.calls[l.rank] = c
	if t.arrived++; t.arrived == len(t.ranks) {
		t.turn.Broadcast()
	}
	if err := until(func() bool { return t.arrived == len(t.ranks) }); err != nil {
		return err
	}
	take(t.calls)
	if t.taken++; t.taken == len(t.ranks) {
		t.arrived, t.taken = 0, 0
		t.turns++
		t.turn.Broadcast()
	}
	return until(func() bool { return t.turns > turn })
}

// part returns what of x is rank's.
func part(x []byte, ends []int, rank int) []byte {
	if rank == 0 {
		return x[:ends[0]]
	}
	return x[ends[rank-1]:ends[rank]]
}

// Gather implements [Exchange].
func (l *Local) Gather(x []byte, ends []int) error {
	return l.meet(call{x, ends}, func(calls []call) {
		for rank, c := range calls {
			if rank != l.rank {
				copy(part(x, ends, rank), part(c.send, c.ends, rank))
			}
		}
	})
}

// Deal implements [Exchange].
func (l *Local) Deal(send []byte, sendEnds []int, receive []byte, receiveEnds []int) error {
	return l.meet(call{send, sendEnds}, func(calls []call) {
		for rank, c := range calls {
			copy(part(receive, receiveEnds, rank), part(c.send, c.ends, l.rank))
		}
	})
}
