package train_test

import (
	"errors"
	"sync"

	"example.com/pcn/train"
)

// localRanks returns an exchange for each of n ranks that are goroutines of this process, each
// with a network of its own. Close ends that of a rank,
// whose others then have errors in place of waiting for it.
func localRanks(n int) []*local {
	t := &table{ranks: make([]*local, n), calls: make([]call, n)}
	t.turn.L = &t.mu
	for rank := range t.ranks {
		t.ranks[rank] = &local{table: t, rank: rank}
	}
	return t.ranks
}

// local is the exchange of a rank.
type local struct {
	table *table
	rank  int
}

var _ train.Exchange = (*local)(nil)

// table is where ranks lay down what they have for each other, turn by turn.
type table struct {
	mu             sync.Mutex
	turn           sync.Cond
	ranks          []*local
	calls          []call // of this turn, by rank
	arrived, taken int
	turns          int
	closed         bool
}

type call struct {
	send []byte
	ends []int
}

// Rank implements train.Exchange.
func (l *local) Rank() int { return l.rank }

// Ranks implements train.Exchange.
func (l *local) Ranks() int { return len(l.table.ranks) }

// Close ends the exchange for all ranks.
func (l *local) Close() {
	t := l.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.turn.Broadcast()
}

var errClosed = errors.New("a rank has left")

// meet hands all ranks' calls to take, once all are there, and returns when all have taken.
func (l *local) meet(c call, take func(calls []call)) error {
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

// Gather implements train.Exchange.
func (l *local) Gather(x []byte, ends []int) error {
	return l.meet(call{x, ends}, func(calls []call) {
		for rank, c := range calls {
			if rank != l.rank {
				copy(part(x, ends, rank), part(c.send, c.ends, rank))
			}
		}
	})
}

// Deal implements train.Exchange.
func (l *local) Deal(send []byte, sendEnds []int, receive []byte, receiveEnds []int) error {
	return l.meet(call{send, sendEnds}, func(calls []call) {
		for rank, c := range calls {
			copy(part(receive, receiveEnds, rank), part(c.send, c.ends, l.rank))
		}
	})
}
