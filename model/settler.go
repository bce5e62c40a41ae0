package model

import (
	"bytes"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// form is what a machine is compiled for.
type form struct {
	clamped []bool // by node: all its units are fixed
	masked  []bool // by node: some are
	precise []bool // by prediction: it has a precision
	gram    []bool // by prediction: its energy is in Gram form
	method  Method
	apart   bool // to look on from where another machine has settled, whose results hold
	noisy   bool // steps by blocks can have noise: see Settling.Noise
}

// appendKey appends what tells f from another form.
func (f *form) appendKey(b []byte) []byte {
	b = append(append(b, f.method...), 0)
	for _, flags := range [][]bool{f.clamped, f.masked, f.precise, f.gram, {f.noisy, f.apart}} {
		for _, set := range flags {
			if set {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	}
	return b
}

// settler settles one form of the energy.
type settler struct {
	key      []byte // of its form
	machine  *graph.Machine
	moves    Moves
	turns    [][]int
	fresh    [][]int // by turn: nodes that have had no turn before in the pass
	gram     bool    // part of the energy is in Gram form
	free     []int   // nodes that descend, those that are predicted last first
	open     []int   // nodes that are not fixed as a whole, in the order in which they are predicted: the free ones, and missing data
	fedBack  []int   // open nodes from which a prediction that is begun at is fed back, and which it has to find at 0
	by       []int   // by node: the prediction at which it begins, −1 for none
	rerouted bool    // by some other than the first of all
	dtype    Dtype
	version  int // of the parameters the machine has
	parts    []part
	renewed  bool // some of it was made anew for the batch: see Result.Renewed
	shards   []*descent
	nudge    nudge // see Settling.Nudge
	noise    noise // see Settling.Noise

	clamps []*tensor.Dense // by node, of those fixed as a whole
	masks  []*tensor.Dense // by node, of those fixed in part: 1 where a unit is free
	partly []*tensor.Dense // by node, the values of those
	starts []*tensor.Dense // by node, where its free units begin; nil where Inference.Start says
}

// settler returns a settler for clamps that has them and the parameters loaded: apart
// from that of which results hold, where that is asked for.
func (n *Network) settler(c []Clamp, rows int, inf Inference, apart bool) (*settler, error) {
	f := form{precise: make([]bool, len(n.terms)), gram: make([]bool, len(n.terms)), method: inf.Method, apart: apart, noisy: n.noisy}
	f.clamped, f.masked = n.held(c)
	for i, t := range n.terms {
		f.precise[i] = t.precision != nil
		f.gram[i] = !inf.Plain && n.gramPays(i, f.clamped, rows, inf.Steps)
	}
	n.key = f.appendKey(n.key[:0])
	s, kept := n.machines.Find(func(s *settler) bool { return bytes.Equal(s.key, n.key) })
	if !kept {
		var err error
		if s, err = n.newSettler(f, rows, inf); err != nil {
			return nil, err
		}
		n.machines.Add(s)
	}
	s.machine.SetWorkers(n.workers)
	if err := s.refresh(n, inf.MostLag()); err != nil {
		return nil, err
	}
	for l, v := range c {
		if s.starts[l] = v.Start; v.Start == nil && inf.Start == Normal && !v.whole() {
			s.starts[l] = n.noise(l, rows)
		}
		switch {
		case v.whole():
			s.clamps[l] = v.Values
		case v.Fixed != nil:
			s.partly[l] = v.Values
			if err := v.freeUnits(s.mask(n, l, rows)); err != nil {
				return nil, fmt.Errorf("model: clamp of %s: %w", n.wiring.Nodes[l].Name, err)
			}
		case f.masked[l]: // free, and missing data
			s.partly[l] = nil
			dense.Fill(s.mask(n, l, rows), func(int) float64 { return 1 })
		}
	}
	if err := s.machine.Load(rows, s.clamps, s.masks); err != nil {
		return nil, err
	}
	for len(s.shards) < s.machine.Shards() {
		s.shards = append(s.shards, newDescent(s, len(n.sizes), apart))
	}
	for _, st := range s.shards {
		if with := inf.mover(); st.mover == nil || st.with != with {
			st.mover, st.with = s.moves.New(inf), with
		}
	}
	return s, nil
}

// refresh gives the machine the parameters of n, where they have changed, with a curvature
// that may lag behind them.
func (s *settler) refresh(n *Network, lag float64) error {
	still, err := s.bindOlder(n, lag)
	s.renewed = len(still) < len(s.parts)
	if err != nil || s.version == n.version && len(still) == len(s.parts) {
		return err
	}
	if err := n.bind(s.machine.Energy()); err != nil {
		return err
	}
	s.version = n.version
	return s.machine.Freeze(still...)
}

// newSettler compiles a machine.
func (n *Network) newSettler(f form, rows int, inf Inference) (*settler, error) {
	e, err := n.build(f, rows)
	if err != nil {
		return nil, err
	}
	nodes := len(n.sizes)
	s := &settler{
		key: bytes.Clone(n.key), version: -1, parts: n.parts(e), moves: f.method.moves(), gram: slices.Contains(f.gram, true), dtype: n.cfg.Dtype,
		clamps: make([]*tensor.Dense, nodes), masks: make([]*tensor.Dense, nodes), partly: make([]*tensor.Dense, nodes), starts: make([]*tensor.Dense, nodes),
	}
	order, by := n.pass(f.clamped)
	s.by, s.rerouted = by, !slices.Equal(by, n.wiring.First)
	for _, l := range order {
		if f.clamped[l] {
			continue
		}
		s.open = append(s.open, l)
		if e.Gradients[l] != nil {
			s.free = append([]int{l}, s.free...)
		}
	}
	for i, p := range n.wiring.Predictions {
		for j, edge := range p.Edges {
			if edge.Feedback && i == by[n.wiring.Of[i]] {
				for _, l := range n.wiring.From[i][j] {
					if !f.clamped[l] && !slices.Contains(s.fedBack, l) {
						s.fedBack = append(s.fedBack, l)
					}
				}
			}
		}
	}
	if s.moves.Turns != nil && len(s.free) > 0 {
		s.turns = following(e.Followers, s.free, func(nodes []int) [][]int { return s.moves.Turns(nodes, n.meet) })
	} else {
		s.turns = [][]int{s.free}
	}
	had := make([]bool, nodes)
	for _, turn := range s.turns {
		var fresh []int
		for _, l := range turn {
			if !had[l] {
				had[l], fresh = true, append(fresh, l)
			}
		}
		s.fresh = append(s.fresh, fresh)
	}
	s.machine, err = graph.CompileFor(e, graph.Options{Handicap: n.handicap, Turns: s.turns})
	return s, err
}

// following returns the turns of nodes, behind each of which those that follow have theirs.
func following(follows []bool, nodes []int, turns func(nodes []int) [][]int) (all [][]int) {
	followers := slices.DeleteFunc(slices.Clone(nodes), func(l int) bool { return !follows[l] })
	all = turns(slices.DeleteFunc(slices.Clone(nodes), func(l int) bool { return follows[l] }))
	if len(followers) == 0 {
		return all
	}
	for i := len(all); i > 0; i-- {
		all = slices.Insert(all, i, followers)
	}
	return all
}

// meet reports whether two nodes are parts of one term of the energy.
func (n *Network) meet(a, b int) bool {
	for i, of := range n.wiring.Of {
		parts := slices.Concat(slices.Concat(n.wiring.From[i]...), []int{of})
		if slices.Contains(parts, a) && slices.Contains(parts, b) {
			return true
		}
	}
	return false
}

// gramPays reports whether prediction i's energy is best written in Gram form.
func (n *Network) gramPays(i int, clamped []bool, rows, steps int) bool {
	of, from := n.wiring.Of[i], n.wiring.From[i]
	if !clamped[of] || len(from) != 1 || len(from[0]) != 1 || clamped[from[0][0]] || n.terms[i].precision != nil {
		return false
	}
	return n.wiring.GramForm(i) && graph.GramPays(n.sizes[of], n.sizes[from[0][0]], rows, steps)
}

// mask returns the mask of node l for so many rows, to be filled.
func (s *settler) mask(n *Network, l, rows int) *tensor.Dense {
	if m := s.masks[l]; m == nil || m.Shape()[0] != rows {
		s.masks[l] = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(rows, n.sizes[l]))
	}
	return s.masks[l]
}

// start puts the free latents where settling begins, and the fixed units of
// theirs at their values. It reports whether all that can be predicted was.
func (s *settler) start(shard *graph.Shard, at Start) (predicted bool) {
	predicted = len(s.fedBack) == 0 && !s.rerouted
	for _, l := range s.fedBack {
		shard.Latent(l).Zero()
	}
	for _, l := range s.open {
		if !s.place(shard, l, at) && s.by[l] >= 0 {
			predicted = false
		}
	}
	return predicted
}

// place puts the free units of node l where at says, and its fixed ones at their
// values. It reports whether the node was predicted.
func (s *settler) place(shard *graph.Shard, l int, at Start) (predicted bool) {
	switch {
	case s.starts[l] != nil:
		copyFrom(shard.Latent(l), s.starts[l], shard.Lo)
	case at == Zeros || s.by[l] < 0:
		shard.Latent(l).Zero()
	default:
		shard.Predict(s.by[l])
		predicted = true
	}
	s.keepFixed(shard, l)
	return predicted
}

// keepFixed sets the fixed units of node l to their values.
func (s *settler) keepFixed(shard *graph.Shard, l int) {
	if s.partly[l] != nil {
		keepFixed(shard.Latent(l), s.partly[l], s.masks[l], shard.Lo)
	}
}
