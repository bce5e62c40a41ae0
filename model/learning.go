package model

import (
	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// learning is how a network's update is computed: in pieces of a parameter's rows, which
// none other has, and each piece as a sum over the groups of a batch, by halves of them:
// see division. Neither depends on how many cores or ranks there are.
type learning struct {
	outers []outer
	pieces []piece
	starts []int // by parameter: where it begins among all elements; and their number
	rooms  *pool.Scratch[room]
	groups []group // of the last batch: those of this rank
	wire   wire    // where ranks share the batches
}

// outer is an edge's part of the update of its parameters.
type outer struct {
	of               func() linear.Outer
	groups           []linear.Outer
	prediction, edge int
	scale            float64
	into             []int // numbers of its parameters
}

// piece is rows lo to hi of the parameters of some edges, which share them, or of a
// bias or a logarithm of a precision.
type piece struct {
	edges      []int // of outers
	bias, log  int   // number of the parameter, −1 for none
	prediction int
	lo, hi     int
	of         []int // numbers of the parameters
	sizes      []int // elements of their rows
}

// start returns at which element of its k-th parameter the piece begins.
func (p *piece) start(k int) int { return p.lo * (p.sizes[k] / (p.hi - p.lo)) }

// pieceRows is the number of rows of ΔW that are computed together.
const pieceRows = 64

func newLearning(n *Network) *learning {
	g := &learning{}
	number := map[*tensor.Dense]int{}
	elements := 0
	for i, p := range n.parameters {
		number[p.Value] = i
		g.starts = append(g.starts, elements)
		elements += p.Value.DataSize()
	}
	g.starts = append(g.starts, elements)
	together := map[*tensor.Dense][]int{} // outers by their first parameter
	var order []*tensor.Dense
	for i, p := range n.wiring.Predictions {
		for j, theta := range n.terms[i].edges {
			if len(theta) == 0 {
				continue
			}
			if _, learned := number[theta[0]]; !learned {
				continue
			}
			o := outer{prediction: i, edge: j, scale: p.Edges[j].Scale}
			o.of = func() linear.Outer { return p.Edges[j].Map.Outer(n.wiring.Features[i][j], n.wiring.Sums[i]) }
			for _, x := range theta {
				o.into = append(o.into, number[x])
			}
			if len(together[theta[0]]) == 0 {
				order = append(order, theta[0])
			}
			together[theta[0]] = append(together[theta[0]], len(g.outers))
			g.outers = append(g.outers, o)
		}
	}
	largest := 0
	cut := func(rows int, of piece) {
		for lo := 0; lo < rows; lo += pieceRows {
			p := of
			p.lo, p.hi, p.sizes = lo, min(lo+pieceRows, rows), nil
			for _, i := range p.of {
				p.sizes = append(p.sizes, (p.hi-p.lo)*(n.parameters[i].Value.DataSize()/rows))
			}
			for _, size := range p.sizes {
				largest = max(largest, size)
			}
			g.pieces = append(g.pieces, p)
		}
	}
	most := 1 // parameters of a piece
	for _, theta := range order {
		of := g.outers[together[theta][0]].into
		most = max(most, len(of))
		cut(theta.Shape()[0], piece{edges: together[theta], bias: -1, log: -1, of: of})
	}
	for i, t := range n.terms {
		if t.bias != nil {
			cut(n.wiring.Biases[i], piece{bias: number[t.bias], log: -1, prediction: i, of: []int{number[t.bias]}})
		}
		if t.log != nil {
			cut(n.sizes[n.wiring.Of[i]], piece{bias: -1, log: number[t.log], prediction: i, of: []int{number[t.log]}})
		}
	}
	g.rooms = pool.NewScratch(func() *room {
		return &room{make: func() (beside []*tensor.Dense) {
			for range most {
				beside = append(beside, tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(largest)))
			}
			return beside
		}}
	})
	return g
}

// room is where a core computes what is added to a piece, by how deep in the tree that is.
type room struct {
	make func() []*tensor.Dense
	at   [][]*tensor.Dense
}

func (r *room) beside(depth int) []*tensor.Dense {
	for len(r.at) <= depth {
		r.at = append(r.at, r.make())
	}
	return r.at[depth]
}

// group is what some examples of a batch have to say: views of a Result.
type group struct {
	errors, deltas []view   // by prediction
	features       [][]view // by prediction and edge
}

// take makes g what examples lo to hi of r have to say.
func (g *group) take(r *Result, lo, hi int) {
	if g.deltas == nil {
		g.errors, g.deltas, g.features = make([]view, len(r.Errors)), make([]view, len(r.Deltas)), make([][]view, len(r.Features))
		for i, of := range r.Features {
			g.features[i] = make([]view, len(of))
		}
	}
	for i := range r.Deltas {
		g.errors[i].take(r.Errors[i], lo, hi)
		g.deltas[i].take(r.Deltas[i], lo, hi)
		for j, psi := range r.Features[i] {
			g.features[i][j].take(psi, lo, hi)
		}
	}
}

// view is some rows of a tensor.
type view struct {
	of     *tensor.Dense
	lo, hi int
	rows   *tensor.Dense
}

// take makes v rows lo to hi of x, which it mostly is: machines have the same tensors from
// batch to batch.
func (v *view) take(x *tensor.Dense, lo, hi int) {
	if v.of != x || v.lo != lo || v.hi != hi {
		*v = view{x, lo, hi, dense.Rows(x, lo, hi)}
	}
}

// summing is an update under way.
type summing struct {
	*learning
	network *Network
	rows    int
}

func (g *learning) run(n *Network, r *Result, dst *Update) error {
	rows := r.Errors[0].Shape()[0]
	d := n.divide(rows)
	s := &summing{learning: g, network: n, rows: rows}
	first, end := d.groupsOf(d.rank)
	for at := first; at < end; at++ {
		if len(g.groups) <= at-first {
			g.groups = append(g.groups, group{})
		}
		g.groups[at-first].take(r, at*groupRows, min((at+1)*groupRows, rows))
	}
	for i := range g.outers {
		for o := &g.outers[i]; len(o.groups) < end-first; {
			o.groups = append(o.groups, o.of())
		}
	}
	pool.Each(pool.Workers(n.workers, rows*sum(n.sizes)), len(g.outers)*(end-first), func(i int) {
		o, at := &g.outers[i%len(g.outers)], i/len(g.outers)
		of := &g.groups[at]
		o.groups[at].Prepare(of.deltas[o.prediction].rows, of.features[o.prediction][o.edge].rows)
	})
	dst.cut(g)
	workers := pool.Workers(n.workers, rows*n.count()/8)
	branches := d.branchesOf(d.rank)
	if d.ranks() > 1 {
		g.wire.reserve(g, n, len(branches))
	}
	pool.Each(workers, len(g.pieces)*len(branches), func(i int) {
		at, branch := i/len(branches), i%len(branches)
		room := g.rooms.Get()
		defer g.rooms.Put(room)
		into := dst.pieces[at]
		if d.ranks() > 1 {
			into = g.wire.pieces[branch][at]
		}
		s.sum(&g.pieces[at], first, branches[branch], into, room, 0)
		if d.ranks() == 1 {
			s.finish(at, dst)
		}
	})
	if d.ranks() == 1 {
		return nil
	}
	if err := g.wire.exchange(g, n, d, dst); err != nil {
		return err
	}
	pool.Each(workers, len(g.pieces), func(at int) { s.finish(at, dst) })
	return nil
}

// cut makes views of the pieces.
func (u *Update) cut(g *learning) {
	if u.pieces != nil {
		return
	}
	for i := range g.pieces {
		var views []*tensor.Dense
		for _, of := range g.pieces[i].of {
			views = append(views, dense.Rows(u.directions[of], g.pieces[i].lo, g.pieces[i].hi))
		}
		u.pieces = append(u.pieces, views)
	}
}

// sum sets into to what a branch of the groups has to say of a piece: the sum of its halves.
// First is the first group that is this rank's.
func (s *summing) sum(p *piece, first int, branch [2]int, into []*tensor.Dense, r *room, depth int) {
	if branch[1]-branch[0] == 1 {
		s.part(p, first, branch[0], into, r.beside(depth))
		return
	}
	left, right := halves(branch)
	s.sum(p, first, left, into, r, depth)
	beside := r.beside(depth)
	s.sum(p, first, right, beside, r, depth+1)
	add(into, beside, p.sizes)
}

func add(into, beside []*tensor.Dense, sizes []int) {
	for k, size := range sizes {
		dense.AddScaledPart(into[k], 1, beside[k], 0, size)
	}
}

// part sets into to what a group has to say of a piece.
func (s *summing) part(p *piece, first, at int, into, beside []*tensor.Dense) {
	g := &s.groups[at-first]
	for k, i := range p.edges {
		o, to := &s.outers[i], into
		if k > 0 {
			to = beside
		}
		o.groups[at-first].Rows(to, g.deltas[o.prediction].rows, g.features[o.prediction][o.edge].rows, o.scale, p.lo, p.hi)
		if k > 0 {
			add(into, beside, p.sizes)
		}
	}
	if s.network.cfg.Dtype == Float32 {
		sumUnits(s.network, g, p, into[0].Float32s, (*tensor.Dense).Float32s)
	} else {
		sumUnits(s.network, g, p, into[0].Float64s, (*tensor.Dense).Float64s)
	}
}

// sumUnits sets a piece of a bias to the sum of δ, and of a log Π to that of ε².
func sumUnits[T vec.Float](n *Network, g *group, p *piece, into func() []T, of func(*tensor.Dense) []T) {
	switch {
	case p.bias >= 0:
		bias, delta := into()[:p.hi-p.lo], of(g.deltas[p.prediction].rows)
		clear(bias)
		channels := n.wiring.Biases[p.prediction] // or as many as there are units
		for at := 0; at < len(delta); at += channels {
			vec.Add(bias, bias, delta[at+p.lo:at+p.hi])
		}
	case p.log >= 0:
		squares, eps := into()[:p.hi-p.lo], of(g.errors[p.prediction].rows)
		clear(squares)
		for row := 0; row < len(eps); row += n.sizes[n.wiring.Of[p.prediction]] {
			for j, e := range eps[row+p.lo : row+p.hi] {
				squares[j] += e * e
			}
		}
	}
}

// finish makes the direction of a piece of the sum over the batch.
func (s *summing) finish(at int, dst *Update) {
	n, p := s.network, &s.pieces[at]
	for k, i := range p.of {
		if p.log < 0 {
			dense.Scale(dst.pieces[at][k], 1/float64(s.rows))
		}
		if len(p.edges) > 0 && n.cfg.WeightDecay != 0 && n.parameters[i].Decays {
			at := p.start(k)
			dense.AddScaledPart(dst.directions[i], -n.cfg.WeightDecay, n.parameters[i].Value, at, at+p.sizes[k])
		}
	}
	if n.cfg.Dtype == Float32 {
		finishUnits(n, s.rows, dst, p, (*tensor.Dense).Float32s)
	} else {
		finishUnits(n, s.rows, dst, p, (*tensor.Dense).Float64s)
	}
}

// finishUnits makes of a sum of ε² the direction of log Π.
func finishUnits[T vec.Float](n *Network, rows int, dst *Update, p *piece, of func(*tensor.Dense) []T) {
	if p.log >= 0 {
		log, precision, weight := of(dst.directions[p.log])[p.lo:p.hi], of(n.terms[p.prediction].precision), n.wiring.Predictions[p.prediction].Weight
		for j, squares := range log {
			log[j] = T(weight) * (1 - precision[p.lo+j]*squares/T(rows)) / 2
		}
	}
}
