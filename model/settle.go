package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"example.com/pcn/graph"
)

// Settle lets what c does not fix descend the energy, with the
// weights frozen: the article's inference phase. A divergence is no error but a
// Status. The errors are those of clamps, which name the node, and of inf, which name
// the field, that the method is not for the network, and context.Cause where ctx is
// cancelled.
func (n *Network) Settle(ctx context.Context, c Clamps, inf Inference) (*Result, error) {
	return n.settleAs(ctx, c, inf, false)
}

// settleAs is Settle; exact has a curvature be that of the parameters as they are.
func (n *Network) settleAs(ctx context.Context, c Clamps, inf Inference, exact bool) (*Result, error) {
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("model: inference: %w", err)
	}
	if exact {
		inf.Lag = LagOf(0)
	}
	clamps, rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	if n.sharing != nil && inf.Trace {
		return nil, errors.New("model: inference.trace: must be false where ranks share a batch")
	}
	r, err := n.settle(ctx, clamps, rows, inf, false)
	if err == nil && inf.Estimate && r.Finite() {
		if err = n.Whole(r); err == nil {
			r.ToLose, err = n.toLose(ctx, clamps, r)
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (n *Network) settle(ctx context.Context, c []Clamp, rows int, inf Inference, apart bool) (*Result, error) {
	s, err := n.settler(c, rows, inf, apart)
	if err != nil {
		return nil, err
	}
	pace, err := n.pace(inf)
	if err != nil {
		return nil, err
	}
	d := &division{rows: rows}
	if !apart {
		d = n.divide(rows)
	}
	s.only(d)
	rate := s.firstRate(n, c, pace, inf)
	lags := s.lags(n)
	settle := func(shard *graph.Shard) {
		st := s.shards[shard.Index]
		st.settle(ctx, shard, rate, pace, inf)
		for try := 0; try < retries && !lags && !inf.Unguarded && !st.cut && st.rose(); try++ {
			st.settle(ctx, shard, st.rate/2, pace, inf)
		}
	}
	all := func() error {
		s.machine.Each(settle)
		if s.any(func(st *descent) bool { return st.cut }) {
			return fmt.Errorf("model: settling: %w", context.Cause(ctx))
		}
		if err := s.together(d, nil); err != nil {
			return fmt.Errorf("model: settling: %w", err)
		}
		return nil
	}
	if err := all(); err != nil {
		return nil, err
	}
	if lags && !inf.Unguarded && s.any(func(st *descent) bool { return st.rose() }) {
		s.renew(n)
		if err := s.refresh(n, inf.MostLag()); err != nil {
			return nil, err
		}
		lags = false
		if err := all(); err != nil {
			return nil, err
		}
	}
	if lags && s.any(func(st *descent) bool { return st.slowest < rate }) {
		s.renew(n) // for the next batch: the guard has mended this one
	}
	return s.gather(n, inf, d), nil
}

// any reports whether something is so of a shard of the batch.
func (s *settler) any(is func(*descent) bool) bool {
	return slices.ContainsFunc(s.shards[:s.machine.Shards()], is)
}

// firstRate returns the rate at which settling begins, within the bound that there is.
func (s *settler) firstRate(n *Network, c []Clamp, p pace, inf Inference) float64 {
	switch {
	case inf.Unguarded:
	case s.moves.Bounded:
		return min(inf.Rate, n.maxRate(c, p.rates))
	case s.moves.Form != graph.NoSteps:
		return inf.Rate / n.mass(c) // H bounds the curvature of a mass of 1, and so mass × H that of another
	}
	return inf.Rate
}

// pace is how far and for how long each node moves.
type pace struct {
	rates []float64 // by node: what the rate is multiplied by; nil for 1
	steps []int     // by node: the most steps, 0 for all; nil for all
}

// pace returns the pace that inf asks for.
func (n *Network) pace(inf Inference) (p pace, err error) {
	if len(inf.NodeRates) > 0 {
		p.rates = slices.Repeat([]float64{1}, len(n.sizes))
		for name, rate := range inf.NodeRates {
			l, err := n.named("inference: node_rates", name)
			if err != nil {
				return p, err
			}
			p.rates[l] = rate
		}
	}
	if len(inf.NodeSteps) > 0 {
		p.steps = make([]int, len(n.sizes))
		for name, steps := range inf.NodeSteps {
			l, err := n.named("inference: node_steps", name)
			if err != nil {
				return p, err
			}
			p.steps[l] = steps
		}
	}
	return p, nil
}

// mass returns the largest mass of a clamp whose energy grows with it: see
// graph.CrossEntropy; at least 1.
func (n *Network) mass(c []Clamp) float64 {
	mass := 1.0
	for i, p := range n.wiring.Predictions {
		if p.Energy == graph.CrossEntropy {
			mass = max(mass, c[n.wiring.Of[i]].mass())
		}
	}
	return mass
}

// setPace says which nodes move in the step to come, and at which rates.
func (st *descent) setPace(p pace) {
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

// descent is how one shard settles.
type descent struct {
	*settler
	watching
	mover Mover
	with  [3]float64 // the settings that the mover was made with

	rates     []float64 // by node
	moving    []int     // nodes
	scratch   []int     // see still
	steps     int
	trace     []float64 // energies, by step and node
	residuals []float64 // residual2, by step and node, where a trace is wanted
	residual2 []float64 // squared norm of the gradient by node, as of the last look
	end2      []float64 // the same where settling ended
	largest2  float64   // largest sum of them
	predicted bool      // all latents began at their predictions
	known     bool      // errors are of the latents as they are: see Settling.Look
	converged bool
	search    restSearch
	searched  bool // by atRest, since when the next pass is as the first
	patience  int  // steps before it is worth searching again
	cut       bool // cancelled before its end
}

func newDescent(s *settler, nodes int, apart bool) *descent {
	w := watching{every: s.watchEvery(apart), last: make([]float64, nodes), low: make([]float64, nodes)}
	return &descent{settler: s, watching: w, rates: make([]float64, nodes), residual2: make([]float64, nodes), end2: make([]float64, nodes)}
}

// mover returns the settings of inf that movers are made with.
func (inf Inference) mover() [3]float64 { return [3]float64{inf.Momentum, inf.Beta1, inf.Beta2} }

// settle takes a shard from the first step to the last, unless ctx is cancelled
// between two of them.
func (st *descent) settle(ctx context.Context, shard *graph.Shard, rate float64, p pace, inf Inference) {
	st.begin(shard, rate, inf)
	for st.steps < inf.Steps && st.step(ctx, shard, p, inf) {
	}
	if !st.cut {
		st.end(shard, inf)
	}
}

// begin puts the latents where settling begins.
func (st *descent) begin(shard *graph.Shard, rate float64, inf Inference) {
	st.watching = newWatching(st.watching, rate)
	st.trace, st.residuals, st.largest2, st.converged = st.trace[:0], st.residuals[:0], 0, false
	st.searched, st.patience, st.steps = false, 0, 0
	clear(st.residual2)
	st.predicted = st.start(shard, inf.Start)
	for _, l := range st.free {
		if x := shard.Noise(l); x != nil { // of the batch before
			x.Zero()
		}
	}
	st.mover.Begin(shard, st.free)
}

// step takes a step: a look at the energy where one is due, and then the turns, each
// moved in as soon as it is computed. It reports whether there is more to do.
func (st *descent) step(ctx context.Context, shard *graph.Shard, p pace, inf Inference) (more bool) {
	if st.cut = ctx.Err() != nil; st.cut {
		return false
	}
	last := st.steps == inf.Steps-1
	due := st.due() || last && len(st.turns) == 1
	looked := due || inf.Trace
	if looked && !st.look(shard, due, inf) {
		return false
	}
	st.setPace(p)
	if inf.StaleErrors && last {
		shard.Errors()
	}
	measure := looked || last || inf.Tolerance > 0
	for turn, nodes := range st.turns {
		st.stir(shard, nodes)
		shard.Turn(turn, looked || st.searched)
		if measure {
			for _, l := range st.fresh[turn] {
				st.residual2[l] = norm2(shard.Gradient(l))
			}
		}
		if len(st.turns) == 1 && measure && st.rested(ctx, shard, inf) {
			return false
		}
		moving := st.nudge.move(shard, st.still(nodes))
		st.shake(shard, moving)
		st.mover.Move(shard, moving, st.rates)
	}
	st.searched = false
	more = len(st.turns) == 1 || !measure || !st.rested(ctx, shard, inf)
	st.steps++
	return more
}

// still returns those of a turn's nodes that move in this step.
func (st *descent) still(nodes []int) []int {
	if len(st.moving) == len(st.free) {
		return nodes
	}
	st.scratch = st.scratch[:0]
	for _, l := range nodes {
		if slices.Contains(st.moving, l) {
			st.scratch = append(st.scratch, l)
		}
	}
	return st.scratch
}

// end leaves the shard with errors, energies and features as they are where the latents
// have settled.
func (st *descent) end(shard *graph.Shard, inf Inference) {
	if !st.converged { // else this is where the gradient has vanished
		st.mover.End(shard, st.free)
	}
	st.complete(shard)
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

// complete puts what is missing at what is predicted of it.
func (st *descent) complete(shard *graph.Shard) {
	for _, l := range st.open {
		if !slices.Contains(st.free, l) {
			shard.Predict(st.by[l])
			st.keepFixed(shard, l)
		}
	}
}

// measuresEnd reports whether the gradient is measured where settling ends.
func (inf Inference) measuresEnd() bool { return (inf.Trace || inf.Estimate) && !inf.StaleErrors }

// rested takes the total of the gradients as just measured and reports whether
// the shard is at rest.
func (st *descent) rested(ctx context.Context, shard *graph.Shard, inf Inference) bool {
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
		if len(st.turns) > 1 {
			shard.Errors()
		}
	}
	return st.converged
}
