package model

import (
	"encoding/binary"
	"math"

	"example.com/pcn/graph"
)

// Exchange is how processes that teach copies of one network, its ranks, hand each other
// what each has computed. All ranks make the same calls, in the same order and of the same
// sizes; a call returns when this rank has what it is to get. After an error, such as that
// a rank is lost, an exchange is of no more use.
type Exchange interface {
	// Rank returns which of the Ranks this is, from 0.
	Rank() int
	Ranks() int
	// Gather completes x on every rank: rank r has given the bytes from ends[r-1], 0 for the
	// first, to before ends[r].
	Gather(x []byte, ends []int) error
	// Deal gives each rank its part of what this one sends, that of rank r being the bytes
	// from sendEnds[r-1] to before sendEnds[r], and puts what rank r has for this one at
	// receive likewise.
	Deal(send []byte, sendEnds []int, receive []byte, receiveEnds []int) error
}

// exchanging is what ranks share batches by.
type exchanging struct {
	exchange Exchange
	err      error // the first
}

// gather is that of the exchange. After an error it does no more.
func (s *exchanging) gather(x []byte, ends []int) error {
	if s.err == nil {
		s.err = s.exchange.Gather(x, ends)
	}
	return s.err
}

func (s *exchanging) deal(send []byte, sendEnds []int, receive []byte, receiveEnds []int) error {
	if s.err == nil {
		s.err = s.exchange.Deal(send, sendEnds, receive, receiveEnds)
	}
	return s.err
}

// Share has the ranks of x each settle its own groups of the examples of a batch, from now
// until Share(nil), which returns the first error of the exchange. Each rank is given the
// whole batch, and has the same parameters. Energies, updates and whatever else is of a
// whole batch are then the same on all ranks, to the bit those of one process alone; but a
// [Result]'s tensors have the rank's own examples only, until [Network.Whole]. Predictions
// are always whole. After an error energies are no numbers.
func (n *Network) Share(x Exchange) (err error) {
	if n.sharing != nil {
		err = n.sharing.err
	}
	if n.sharing = nil; x != nil && x.Ranks() > 1 {
		n.sharing = &exchanging{exchange: x}
	}
	return err
}

// groupRows is the number of examples of a group, whose updates are summed up before any
// other's: whole shards.
const groupRows = graph.MostShardRows

// Groups returns how many groups a batch of rows examples has: the most ranks that can share
// it.
func Groups(rows int) int { return (rows + groupRows - 1) / groupRows }

// division is how the groups of a batch are divided among ranks: in their order, each rank
// having as many as any other, or one more. Their sums are a tree of halves, so that each
// rank has some of its branches whole.
type division struct {
	*exchanging // nil where there is one rank
	rank        int
	rows        int // of the batch
	groups      int
}

// divide returns how a batch of rows examples is divided.
func (n *Network) divide(rows int) *division {
	d := &division{exchanging: n.sharing, rows: rows, groups: Groups(rows)}
	if d.exchanging != nil {
		d.rank = d.exchange.Rank()
	}
	return d
}

func (d *division) ranks() int {
	if d.exchanging == nil {
		return 1
	}
	return d.exchange.Ranks()
}

// groupsOf returns the groups of a rank, from lo to before hi.
func (d *division) groupsOf(rank int) (lo, hi int) {
	return d.groups * rank / d.ranks(), d.groups * (rank + 1) / d.ranks()
}

// rowsOf returns its examples.
func (d *division) rowsOf(rank int) (lo, hi int) {
	lo, hi = d.groupsOf(rank)
	return min(lo*groupRows, d.rows), min(hi*groupRows, d.rows)
}

// halves returns the two halves of a branch of several groups, from its first to before its
// last.
func halves(b [2]int) (left, right [2]int) {
	middle := (b[0] + b[1]) / 2
	return [2]int{b[0], middle}, [2]int{middle, b[1]}
}

// branchesOf returns the largest branches of the tree that a rank has whole.
func (d *division) branchesOf(rank int) (whole [][2]int) {
	lo, hi := d.groupsOf(rank)
	var look func(b [2]int)
	look = func(b [2]int) {
		switch {
		case b[1] <= lo || hi <= b[0]:
		case lo <= b[0] && b[1] <= hi:
			whole = append(whole, b)
		default:
			left, right := halves(b)
			look(left)
			look(right)
		}
	}
	look([2]int{0, d.groups})
	return whole
}

// ends returns, by rank, where its part of something ends.
func (d *division) ends(end func(rank int) int) []int {
	ends := make([]int, d.ranks())
	for rank := range ends {
		ends[rank] = end(rank)
	}
	return ends
}

// only has the machine take the rank's own examples.
func (s *settler) only(d *division) {
	if d.exchanging != nil {
		s.machine.Only(d.rowsOf(d.rank))
	}
}

// together has each rank tell the others what became of its own shards: the numbers that
// each visits, and energies by example. More may visit others of a shard.
func (s *settler) together(d *division, more func(shard int, each func(*float64))) error {
	if d.exchanging == nil {
		return nil
	}
	visit := func(rank int, each func(*float64)) {
		lo, hi := d.rowsOf(rank)
		at := 0 // examples of the shards before
		for i := range s.machine.Shards() {
			if at >= lo && at < hi {
				s.shards[i].numbers(each)
				if more != nil {
					more(i, each)
				}
			}
			at += s.machine.ShardSize(i)
		}
		for l := range s.by {
			if e := s.machine.RowEnergies(l); e != nil {
				for row := lo; row < hi; row++ {
					each(&e[row])
				}
			}
		}
	}
	var x []byte
	ends := d.ends(func(rank int) int {
		visit(rank, func(number *float64) {
			x = binary.LittleEndian.AppendUint64(x, math.Float64bits(*number)) // of others to be overwritten
		})
		return len(x)
	})
	if err := d.gather(x, ends); err != nil {
		return err
	}
	for rank := range d.ranks() {
		visit(rank, func(number *float64) {
			*number = math.Float64frombits(binary.LittleEndian.Uint64(x))
			x = x[8:]
		})
	}
	return nil
}

// numbers visits what others are to know of a shard that has settled, and may set it.
func (st *descent) numbers(each func(*float64)) {
	steps, converged := float64(st.steps), 0.0
	if st.converged {
		converged = 1
	}
	for _, x := range []*float64{&steps, &converged, &st.slowest, &st.lowest, &st.rounding, &st.began, &st.largest2} {
		each(x)
	}
	for _, list := range [][]float64{st.last, st.low, st.residual2, st.end2} {
		for l := range list {
			each(&list[l])
		}
	}
	st.steps, st.converged = int(steps), converged != 0
}

// Whole completes the latents of r, which this network has settled, by those of other
// ranks: see [Network.Share].
func (n *Network) Whole(r *Result) error {
	if r.divided == nil {
		return nil
	}
	d := r.divided
	r.divided = nil
	for _, l := range r.open {
		row := r.Latents[l].DataSize() / d.rows
		x := bytesOf(r.Latents[l])
		unit := len(x) / r.Latents[l].DataSize()
		if err := d.gather(x, d.ends(func(rank int) int { _, hi := d.rowsOf(rank); return hi * row * unit })); err != nil {
			return err
		}
	}
	return nil
}
