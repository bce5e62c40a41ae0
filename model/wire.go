package model

import (
	"unsafe"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// wire is what ranks send each other of an update. Of each branch that it has whole, a rank
// computes the sum of all parameters; of a segment of the parameters, one each, it gets
// these sums from all ranks, adds them up as the tree has it, and sends the whole to all.
// For two ranks that is half of the parameters each way, twice.
type wire struct {
	branches []*tensor.Dense     // sums of all parameters, by branch of this rank
	pieces   [][][]*tensor.Dense // views of them, by branch and piece
	received []*tensor.Dense     // the segment's, of all ranks, by branch
	total    *tensor.Dense       // of the whole batch
}

// wireRoom returns x, or where that is none or smaller another, of some elements.
func wireRoom(n *Network, x *tensor.Dense, elements int) *tensor.Dense {
	if x == nil || x.DataSize() < elements {
		x = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(max(1, elements)))
	}
	return x
}

// reserve makes room for some branches.
func (w *wire) reserve(g *learning, n *Network, branches int) {
	for len(w.branches) < branches {
		sums := wireRoom(n, nil, g.elements())
		var views [][]*tensor.Dense
		for i := range g.pieces {
			p := &g.pieces[i]
			var of []*tensor.Dense
			for k, parameter := range p.of {
				lo := g.starts[parameter] + p.start(k)
				of = append(of, dense.Rows(sums, lo, lo+p.sizes[k]))
			}
			views = append(views, of)
		}
		w.branches, w.pieces = append(w.branches, sums), append(w.pieces, views)
	}
}

// elements returns the number of elements of all parameters.
func (g *learning) elements() int { return g.starts[len(g.starts)-1] }

// exchange sets dst to the sum over the batch, of the branches' sums of all ranks.
func (w *wire) exchange(g *learning, n *Network, d *division, dst *Update) error {
	elements, unit := g.elements(), int(n.cfg.Dtype.Tensor().Size())
	segment := func(rank int) (lo, hi int) { return elements * rank / d.ranks(), elements * (rank + 1) / d.ranks() }
	lo, hi := segment(d.rank)
	ends := d.ends(func(rank int) int { _, hi := segment(rank); return hi * unit })
	sums := map[[2]int]*tensor.Dense{}
	whole := make([][][2]int, d.ranks())
	rounds := 0
	for rank := range whole {
		whole[rank] = d.branchesOf(rank)
		rounds = max(rounds, len(whole[rank]))
	}
	for k := range rounds {
		send, sendEnds := []byte(nil), make([]int, d.ranks())
		if k < len(whole[d.rank]) {
			send, sendEnds = bytesOf(w.branches[k])[:elements*unit], ends
		}
		if len(w.received) <= k {
			w.received = append(w.received, nil)
		}
		w.received[k] = wireRoom(n, w.received[k], d.ranks()*(hi-lo))
		at := 0
		receiveEnds := d.ends(func(rank int) int {
			if k < len(whole[rank]) && lo < hi {
				sums[whole[rank][k]] = dense.Rows(w.received[k], at, at+hi-lo)
				at += hi - lo
			}
			return at * unit
		})
		if err := d.deal(send, sendEnds, bytesOf(w.received[k])[:at*unit], receiveEnds); err != nil {
			return err
		}
	}
	w.total = wireRoom(n, w.total, elements)
	if lo < hi {
		dense.Copy(dense.Rows(w.total, lo, hi), total(sums, [2]int{0, d.groups}))
	}
	if err := d.gather(bytesOf(w.total)[:elements*unit], ends); err != nil {
		return err
	}
	for i, x := range dst.directions {
		dense.CopyFrom(x, w.total, g.starts[i])
	}
	return nil
}

// total adds up a branch of those that sums has, in place.
func total(sums map[[2]int]*tensor.Dense, branch [2]int) *tensor.Dense {
	if x := sums[branch]; x != nil {
		return x
	}
	left, right := halves(branch)
	x := total(sums, left)
	dense.AddScaled(x, 1, total(sums, right))
	return x
}

// bytesOf returns the bytes of x, live.
func bytesOf(x *tensor.Dense) []byte {
	if x.Dtype() == tensor.Float32 {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x.Float32s()))), 4*x.DataSize())
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x.Float64s()))), 8*x.DataSize())
}
