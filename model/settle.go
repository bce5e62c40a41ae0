package model

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Result is a settled batch. Its tensors are views of the network's buffers:
// they hold until the next Settle, Predict or Generate. After a mere pass
// downwards there are latents only.
type Result struct {
	Status Status
	// Node is where the energy rose most, when Status is Diverged.
	Node int
	// Steps is the largest number of steps that a shard took, and MeanSteps the
	// mean over the examples.
	Steps     int
	MeanSteps float64
	// Residual is the norm of the gradient by the free latents before the last
	// step, as a share of the largest norm while settling: 1 where nothing has
	// settled, 0 at rest. NodeResidual is each node's part, 0 where it is clamped.
	Residual     float64
	NodeResidual []float64
	// EndResidual is likewise each node's part of the gradient at the latents as
	// they ended, as a share of the same largest norm: where Inference.Trace or
	// Inference.Estimate asks for it, and never with StaleErrors. After a single step
	// it says what Residual cannot. It is above 1 where the last step, for all that it
	// lowered the energy, has raised the gradient.
	EndResidual []float64
	// Rate is the smallest inference rate used, after the guard.
	Rate float64
	// Gram reports whether the energy of a clamped node was taken in Gram form: see
	// Inference.Plain.
	Gram bool
	// Energy is the total energy over the batch at the latents, and LayerEnergy
	// its part at node i for each layer i, weight decay and the logarithms of
	// learned precisions included. With StaleErrors they are those before the last
	// step.
	Energy      float64
	LayerEnergy []float64
	// Began is the total energy where settling began.
	Began float64
	// ToLose is, where Inference.Estimate asks for it and the energy is finite, an
	// estimate of the energy over the batch that the latents have still to lose on
	// their way to rest; 0 where it is not asked for.
	ToLose float64
	// ExampleEnergy is each example's part of Energy, (B).
	ExampleEnergy []float64
	// Trace holds, where Inference.Trace asks for it, the energy before each
	// step: Trace[t][i] is node i's part.
	Trace [][]float64
	// ResidualTrace holds likewise NodeResidual as of each step:
	// ResidualTrace[t][l] is node l's.
	ResidualTrace [][]float64
	// Latents are v_l for each node, (B, d_l).
	Latents []*tensor.Dense
	// Errors are ε_i for each layer, (B, d_i).
	Errors []*tensor.Dense
	// Deltas are δ_i = Π_i ε_i for each layer, (B, d_i): see Hebbian.
	Deltas []*tensor.Dense
	// Activations are φ(v_{i+1}) for each layer, (B, d_{i+1}).
	Activations []*tensor.Dense

	of *Network // that settled; nil where the result was not made by one
}

// Finite reports whether the energy is a number: after a divergence it may not
// be, and nothing can be learned from it.
func (r *Result) Finite() bool { return r != nil && finite(r.Energy) }

// form is what a machine is compiled for.
type form struct {
	clamped []bool // by node: all its units are fixed
	masked  []bool // by node: some are
	gram    []bool // by layer: the energy is in Gram form
	method  Method
	apart   bool // to look on from where another machine has settled, whose results hold
}

// appendKey appends what tells f from another form.
func (f *form) appendKey(b []byte) []byte {
	b = append(b, byte(f.method))
	for _, flags := range [][]bool{f.clamped, f.masked, f.gram, {f.apart}} {
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
	key     []byte // of its form
	machine *graph.Machine
	gram    bool  // part of the energy is in Gram form
	free    []int // nodes that descend
	open    []int // nodes that are not fixed as a whole: the free ones, and missing data at the bottom
	dtype   Dtype
	order   []int // of the turns of a sweep; nil where all nodes move at once
	version int   // of the weights the machine has
	shards  []*settling

	clamps []*tensor.Dense // by node, of those fixed as a whole
	masks  []*tensor.Dense // by node, of those fixed in part: 1 where a unit is free
	partly []*tensor.Dense // by node, the values of those
	starts []*tensor.Dense // by node, where its free units begin; nil where Inference.Start says
}

// settler returns a settler for clamps c that has them and the weights loaded: apart
// from that of which results hold, where that is asked for.
func (n *Network) settler(c Clamps, inf Inference, apart bool) (*settler, error) {
	rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	f := form{gram: make([]bool, n.Depth()), method: inf.Method, apart: apart}
	f.clamped, f.masked = n.nodes(c)
	if !inf.Plain {
		for i, p := range n.precisions {
			f.gram[i] = f.clamped[i] && !f.clamped[i+1] && p == nil && n.energies[i] == Gaussian && graph.GramPays(n.sizes[i], n.sizes[i+1], rows, inf.Steps)
		}
	}
	n.key = f.appendKey(n.key[:0])
	s, kept := n.machines.Find(func(s *settler) bool { return bytes.Equal(s.key, n.key) })
	if !kept {
		e, err := n.build(f, rows)
		if err != nil {
			return nil, err
		}
		s = &settler{key: bytes.Clone(n.key), version: -1, gram: slices.Contains(f.gram, true), dtype: n.cfg.Dtype, clamps: make([]*tensor.Dense, len(c)), masks: make([]*tensor.Dense, len(c)), partly: make([]*tensor.Dense, len(c)), starts: make([]*tensor.Dense, len(c))}
		for l, fixed := range f.clamped {
			if !fixed {
				s.open = append(s.open, l)
			}
			if e.Gradients[l] != nil {
				s.free = append(s.free, l)
			}
		}
		s.order = f.method.order(s.free)
		if s.machine, err = graph.CompileFor(e, graph.Options{Handicap: n.handicap, Order: s.order}); err != nil {
			return nil, err
		}
		n.machines.Add(s)
	}
	s.machine.SetWorkers(n.workers)
	if s.version != n.version {
		if err := s.machine.Freeze(); err != nil {
			return nil, err
		}
		s.version = n.version
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
				return nil, fmt.Errorf("model: clamps[%d]: %w", l, err)
			}
		case f.masked[l]: // free, and missing data
			s.partly[l] = nil
			m := s.mask(n, l, rows)
			for i := range m.Shape().TotalSize() {
				setElement(m, i, 1)
			}
		}
	}
	if err := s.machine.Load(rows, s.clamps, s.masks); err != nil {
		return nil, err
	}
	for len(s.shards) < s.machine.Shards() {
		s.shards = append(s.shards, newSettling(s, n.Depth(), f))
	}
	return s, nil
}

// mask returns the mask of node l for so many rows, to be filled.
func (s *settler) mask(n *Network, l, rows int) *tensor.Dense {
	if m := s.masks[l]; m == nil || m.Shape()[0] != rows {
		s.masks[l] = tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(rows, n.sizes[l]))
	}
	return s.masks[l]
}

// Settle lets what c does not fix descend the energy, with the
// weights frozen: the article's inference phase. A divergence is no error but a
// Status. When ctx is cancelled it returns context.Cause.
func (n *Network) Settle(ctx context.Context, c Clamps, inf Inference) (*Result, error) {
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("model: inference: %w", err)
	}
	r, err := n.settle(ctx, c, inf, false)
	if err == nil && inf.Estimate && r.Finite() {
		r.ToLose, err = n.toLose(ctx, c, r)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (n *Network) settle(ctx context.Context, c Clamps, inf Inference, apart bool) (*Result, error) {
	s, err := n.settler(c, inf, apart)
	if err != nil {
		return nil, err
	}
	pace, err := n.pace(inf)
	if err != nil {
		return nil, err
	}
	rate := inf.Rate
	switch {
	case inf.Unguarded:
	case inf.Method.bounded():
		rate = min(rate, n.maxRate(c, pace.rates))
	case inf.Method.form() != graph.NoSteps && n.energies[0] == CrossEntropy:
		rate /= max(1, c[0].mass()) // H bounds the curvature of a mass of 1, and so mass × H that of another
	}
	s.machine.Each(func(shard *graph.Shard) {
		st := s.shards[shard.Index]
		st.settle(ctx, shard, rate, pace, inf)
		for try := 0; try < retries && !inf.Unguarded && !st.cut && st.rose(); try++ {
			st.settle(ctx, shard, st.rate/2, pace, inf)
		}
	})
	for i := range s.machine.Shards() {
		if s.shards[i].cut {
			return nil, fmt.Errorf("model: settling: %w", context.Cause(ctx))
		}
	}
	r := s.result(n.Depth(), inf, n.constants())
	r.of = n
	return r, nil
}

// pace is how far and for how long each node moves.
type pace struct {
	rates []float64 // by node: what the rate is multiplied by; nil for 1
	steps []int     // by node: the most steps, 0 for all; nil for all
}

// pace returns the pace that inf asks for, by node from the bottom.
func (n *Network) pace(inf Inference) (p pace, err error) {
	for field, count := range map[string]int{"node_rates": len(inf.NodeRates), "node_steps": len(inf.NodeSteps)} {
		if count != 0 && count != len(n.sizes) {
			return p, fmt.Errorf("model: inference: %s: must be one for each of the %d nodes, got %d", field, len(n.sizes), count)
		}
	}
	if len(inf.NodeRates) != 0 {
		p.rates = bottomUp(n.cfg.Direction, inf.NodeRates)
	}
	if len(inf.NodeSteps) != 0 {
		p.steps = bottomUp(n.cfg.Direction, inf.NodeSteps)
	}
	return p, nil
}

// setPace says which nodes move in the step to come, and at which rates.
func (st *settling) setPace(p pace) {
	st.slowest = min(st.slowest, st.rate)
	st.moving = st.moving[:0]
	for _, l := range st.free {
		if p.steps != nil && p.steps[l] != 0 && st.steps >= p.steps[l] {
			continue
		}
		st.moving = append(st.moving, l)
		if st.rates[l] = st.rate; p.rates != nil {
			st.rates[l] *= p.rates[l]
		}
	}
}

// settling is the course of one shard.
type settling struct {
	*settler
	watching
	layers int
	rule   rule // where all nodes move at once

	rates     []float64 // by node
	moving    []int     // nodes
	steps     int
	trace     []float64 // energies, by step and layer
	residuals []float64 // residual2, by step and node, where a trace is wanted
	residual2 []float64 // squared norm of the gradient by node, as of the last look
	end2      []float64 // the same where settling ended
	largest2  float64   // largest sum of them
	predicted bool      // all latents began at their predictions
	converged bool
	search    restSearch
	searched  bool // by atRest, since when the next sweep is as the first
	patience  int  // steps before it is worth searching again
	cut       bool // cancelled before its end
}

func newSettling(s *settler, layers int, f form) *settling {
	w := watching{every: f.watchEvery(), restores: f.method.restores(), last: make([]float64, layers), low: make([]float64, layers)}
	return &settling{settler: s, watching: w, layers: layers, rule: f.method.rule(s), rates: make([]float64, layers+1), residual2: make([]float64, layers+1), end2: make([]float64, layers+1)}
}

// settle takes a shard from the first step to the last, unless ctx is cancelled
// between two of them.
func (st *settling) settle(ctx context.Context, shard *graph.Shard, rate float64, p pace, inf Inference) {
	st.watching = newWatching(st.watching, rate)
	st.trace, st.residuals, st.largest2, st.converged = st.trace[:0], st.residuals[:0], 0, false
	st.searched, st.patience = false, 0
	clear(st.residual2)
	st.predicted = st.start(shard, inf.Start)
	st.rule.begin(shard, st.free)
	for st.steps = 0; st.steps < inf.Steps; st.steps++ {
		if st.cut = ctx.Err() != nil; st.cut {
			return
		}
		last := st.steps == inf.Steps-1
		due := st.due() || last && st.order == nil
		energy := due || inf.Trace
		if energy && !st.look(shard, due, inf) {
			break
		}
		st.setPace(p)
		if inf.StaleErrors && last {
			shard.Errors()
		}
		measure := energy || last || inf.Tolerance > 0
		if st.order == nil {
			if !energy {
				shard.Gradients()
			}
			if measure {
				for _, l := range st.free {
					st.residual2[l] = norm2(shard.Gradient(l))
				}
				if st.rested(ctx, shard, inf) {
					break
				}
			}
			st.rule.move(shard, st.moving, st.rates)
			continue
		}
		for turn, l := range st.order {
			shard.Turn(turn, energy || st.searched) // also where l stays: later turns read what this one renews
			if measure {
				st.residual2[l] = norm2(shard.Gradient(l))
			}
			if slices.Contains(st.moving, l) {
				addScaled(shard.Latent(l), -st.rates[l], shard.Step(l))
			}
		}
		st.searched = false
		if measure && st.rested(ctx, shard, inf) {
			st.steps++
			break
		}
	}
	st.rule.end(shard, st.free)
	if len(st.open) > len(st.free) {
		st.place(shard, 0, TopDown) // what is missing is what is predicted
	}
	if inf.StaleErrors && st.steps == inf.Steps { // not where it rested before
		shard.Features()
		return
	}
	shard.Errors()
	if st.watch(shard); st.lowAt > 0 && st.rose() {
		st.back(shard, inf)
		st.converged = false // that was elsewhere
		shard.Errors()
		st.watch(shard)
	}
	if inf.measuresEnd() {
		shard.Gradients()
		for _, l := range st.free {
			st.end2[l] = norm2(shard.Gradient(l))
		}
	}
}

// measuresEnd reports whether the gradient is measured where settling ends.
func (inf Inference) measuresEnd() bool { return (inf.Trace || inf.Estimate) && !inf.StaleErrors }

// rested takes the total of the gradients as just measured and reports whether
// the shard is at rest.
func (st *settling) rested(ctx context.Context, shard *graph.Shard, inf Inference) bool {
	tolerance := inf.Tolerance
	if inf.Trace {
		st.residuals = append(st.residuals, st.residual2...)
	}
	total := sum(st.residual2)
	st.largest2 = max(st.largest2, total)
	if tolerance == 0 || total > tolerance*tolerance*st.largest2 || st.steps < st.patience {
		return false
	}
	if st.converged = total == 0 || st.atRest(ctx, shard); !st.converged {
		st.searched, st.patience = true, st.steps+min(st.steps+1, restSteps)
		if st.order != nil {
			shard.Errors()
		}
	}
	return st.converged
}

// start puts the free latents where settling begins, and the fixed units of
// theirs at their values. It reports whether all that can be predicted was.
func (s *settler) start(shard *graph.Shard, at Start) (predicted bool) {
	predicted = true
	for i := len(s.open) - 1; i >= 0; i-- {
		l := s.open[i]
		if !s.place(shard, l, at) && l < len(s.clamps)-1 {
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
	case at == Zeros || l == len(s.clamps)-1:
		shard.Latent(l).Zero()
	default:
		shard.Predict(l)
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

// result gathers what the shards did, in their order. Constants are, by layer, the
// parts of an example's energy that no latent moves.
func (s *settler) result(layers int, inf Inference, constants []float64) *Result {
	r := &Result{Rate: math.Inf(1), Gram: s.gram, LayerEnergy: make([]float64, layers), NodeResidual: make([]float64, layers+1)}
	if inf.measuresEnd() {
		r.EndResidual = make([]float64, layers+1)
	}
	low := make([]float64, layers)
	largest2, rounding, converged, steps := 0.0, 0.0, true, 0
	m := s.machine
	for i := range m.Shards() {
		st := s.shards[i]
		r.Steps = max(r.Steps, st.steps)
		steps += st.steps * m.ShardSize(i)
		r.Rate = min(r.Rate, st.slowest)
		for j := range layers {
			r.LayerEnergy[j] += st.last[j]
			low[j] += st.low[j]
		}
		rounding += st.rounding
		r.Began += st.began
		for l, x := range st.residual2 {
			r.NodeResidual[l] += x
		}
		for l := range r.EndResidual {
			r.EndResidual[l] += st.end2[l]
		}
		largest2 += st.largest2
		converged = converged && st.converged
	}
	r.MeanSteps = float64(steps) / float64(m.Rows())
	if largest2 > 0 {
		r.Residual = math.Sqrt(sum(r.NodeResidual) / largest2)
		for _, parts := range [][]float64{r.NodeResidual, r.EndResidual} {
			for l, x := range parts {
				parts[l] = math.Sqrt(x / largest2)
			}
		}
	}
	r.Energy = sum(r.LayerEnergy)
	switch {
	case !r.Finite() || r.Energy > sum(low)*(1+riseTolerance)+rounding:
		r.Status, r.Node = Diverged, worst(r.LayerEnergy, low)
	case converged:
		r.Status = Converged
	}
	for i, c := range constants {
		r.LayerEnergy[i] += float64(m.Rows()) * c
		r.Began += float64(m.Rows()) * c
	}
	r.Energy = sum(r.LayerEnergy)
	r.ExampleEnergy = make([]float64, m.Rows())
	for i := range layers {
		for row, e := range m.RowEnergies(i) {
			r.ExampleEnergy[row] += e + constants[i]
		}
	}
	if inf.Trace {
		r.Trace = s.trace(layers, r.Steps, func(st *settling) (trace, last []float64) { return st.trace, st.last })
		for _, step := range r.Trace {
			for i, x := range constants {
				step[i] += float64(m.Rows()) * x
			}
		}
		r.ResidualTrace = s.trace(layers+1, r.Steps, func(st *settling) (trace, last []float64) { return st.residuals, st.residual2 })
		for _, step := range r.ResidualTrace {
			for l, x := range step {
				step[l] = math.Sqrt(x / max(largest2, math.SmallestNonzeroFloat64))
			}
		}
	}
	for l := range layers + 1 {
		r.Latents = append(r.Latents, m.Latent(l))
	}
	for i := range layers {
		r.Errors = append(r.Errors, m.Error(i))
		r.Deltas = append(r.Deltas, m.Delta(i))
		r.Activations = append(r.Activations, m.Feature(i, 0))
	}
	return r
}

func sum[T int | float64](x []T) (total T) {
	for _, v := range x {
		total += v
	}
	return total
}

// worst returns the node whose energy is most above its low, or is no number.
func worst(energies, low []float64) int {
	node := 0
	for i := range energies {
		rise := energies[i] - low[i]
		if !finite(rise) {
			return i
		}
		if rise > energies[node]-low[node] {
			node = i
		}
	}
	return node
}

// trace sums the shards' traces of width numbers a step; one that came to rest
// earlier stays where it ended.
func (s *settler) trace(width, steps int, of func(*settling) (trace, last []float64)) [][]float64 {
	trace := make([][]float64, steps)
	for t := range trace {
		trace[t] = make([]float64, width)
		for i := range s.machine.Shards() {
			course, now := of(s.shards[i])
			if len(course) >= (t+1)*width {
				now = course[t*width : (t+1)*width]
			}
			for j, x := range now {
				trace[t][j] += x
			}
		}
	}
	return trace
}
