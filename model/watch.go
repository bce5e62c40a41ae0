package model

import (
	"math"

	"example.com/pcn/graph"
)

// A shard's energy is watched while it settles. Where a look finds it above its
// lowest, the shard goes back to where it was lowest and on at half the rate:
// backtracking, by which all methods descend whose steps do for a small enough rate.
// The rate grows again after looks that found no rise, later each time, since about
// the kinks of a relu it has to fall for good. Momentum, Nesterov and Adam climb now
// and then on their way; they are only slowed down.

// riseNoise is how far, relatively, the energy may seem to rise by rounding
// alone; beyond it a look has found a rise.
const riseNoise = 1e-5

// riseTolerance is how far, relatively, the energy may end above its lowest
// before that is a divergence.
const riseTolerance = 0.01

// retries is how often a guarded shard settles anew, each time at half the rate,
// when its energy has not ended at its lowest.
const retries = 6

// watchEvery returns the number of steps between two looks at the energy. It comes
// almost free with the gradients, but not in a sweep; and gradient descent has a
// bound on its rate.
func (s *settler) watchEvery(apart bool) int {
	if apart || len(s.turns) == 1 && s.moves.Form != graph.NoSteps {
		return 1
	}
	return 8
}

// rounding is the share of the first energy below which energies are rounding: some
// tens of times the dtype's own, since the Gram form is a difference of products that may
// be larger than the energy was.
func (d Dtype) rounding() float64 {
	if d == Float32 {
		return 1e-6
	}
	return 1e-13
}

// watching is what looks at a shard's energy have found.
type watching struct {
	every int // steps between two looks

	rate     float64   // of the steps to come
	full     float64   // what it began with
	slowest  float64   // the smallest that was used
	last     []float64 // energies by node, as last computed
	low      []float64 // the same when their sum was lowest
	lowest   float64   // that sum
	previous float64   // the sum as of the look before
	began    float64   // the sum as of the first look
	rounding float64   // energies below are rounding
	falls    int       // looks in a row that found no rise
	enough   int       // falls after which a rate that was halved is doubled: twice as many after each rise
	lowAt    int       // steps at the look that latents are of; 0 where none are kept
	latents  latents   // where the energy was lowest

	lowLargest2 float64 // the largest gradient on the way there
}

// newWatching returns w for a shard that settles anew.
func newWatching(w watching, rate float64) watching {
	w.rate, w.full, w.slowest = rate, rate, rate
	w.lowest, w.previous, w.falls, w.enough, w.lowAt, w.lowLargest2 = math.Inf(1), math.Inf(1), 0, 1, 0, 0
	return w
}

// rose reports whether the energy has ended above its lowest, or as no number.
func (w *watching) rose() bool {
	total := sum(w.last)
	return !finite(total) || total > w.lowest*(1+riseTolerance)+w.rounding
}

// due reports whether the energy is to be looked at before the step to come. A sweep,
// whose rate has no bound, is looked at sooner in the beginning: what goes astray does
// so there, and is not to be followed for long.
func (st *descent) due() bool {
	return st.steps%st.every == 0 || len(st.turns) > 1 && st.steps < st.every && st.steps&(st.steps-1) == 0
}

// look computes the energy and reports whether settling can go on from there. A look
// that is due, and not for a trace alone, mends a rise, where there is a guard. A
// sweep then finds errors and activations fresh, the other methods the gradients.
func (st *descent) look(shard *graph.Shard, due bool, inf Inference) bool {
	st.evaluate(shard)
	if inf.Trace {
		st.read(shard)
		st.trace = append(st.trace, st.last...)
	}
	if !due {
		return true
	}
	before := st.previous
	rise := st.watch(shard)
	st.previous = sum(st.last)
	if st.steps == 0 {
		st.began = st.previous
	}
	switch {
	case rise <= riseNoise*st.lowest+st.rounding:
		st.fell(shard, rise == 0 && !inf.Unguarded)
		return true
	case inf.Unguarded:
	case !st.mover.Remembers():
		st.rate, st.falls, st.enough = st.rate/2, 0, min(2*st.enough, math.MaxInt32)
		st.back(shard, inf)
		st.evaluate(shard)
		return finite(st.lowest)
	case !(st.previous < before):
		st.rate /= 2
	}
	return finite(rise)
}

// evaluate computes the energy.
func (st *descent) evaluate(shard *graph.Shard) {
	switch {
	case st.known:
		shard.LookOn()
	case st.steps == 0 && st.predicted:
		shard.Begin()
	default:
		shard.Look()
	}
	st.known = false
}

// read takes the energy as just computed.
func (st *descent) read(shard *graph.Shard) {
	for i := range st.last {
		st.last[i] = shard.Energy(i)
	}
}

// watch reads the energy and returns by how much it is above its lowest.
func (st *descent) watch(shard *graph.Shard) (rise float64) {
	st.read(shard)
	total := sum(st.last)
	rise = total - st.lowest
	if math.IsInf(st.lowest, 1) {
		st.rounding = total * st.dtype.rounding()
	}
	if total < st.lowest {
		st.lowest = total
		copy(st.low, st.last)
		return 0
	}
	return rise
}

// fell notes a look that has found no rise, and keeps where the latents are, if they
// are where the energy is lowest.
func (st *descent) fell(shard *graph.Shard, lowest bool) {
	if lowest && !st.mover.Remembers() && st.steps > 0 {
		st.latents.keep(shard, st.free)
		st.lowAt, st.lowLargest2 = st.steps, st.largest2
	}
	if st.falls++; st.falls >= st.enough && st.rate < st.full {
		st.rate, st.falls = min(2*st.rate, st.full), 0
	}
}

// back puts the latents where the energy was lowest: where they were kept, or where
// settling began.
func (st *descent) back(shard *graph.Shard, inf Inference) {
	st.largest2 = st.lowLargest2 // beyond it was astray
	if st.lowAt == 0 {
		st.start(shard, inf.Start)
		return
	}
	st.latents.put(shard, st.free)
}

// climbed reports whether the step that was just taken, from where errors and energies have
// been read, has raised the energy. They are then those of where it has led.
func (st *descent) climbed(shard *graph.Shard) bool {
	st.lowest = sum(st.last)
	st.rounding = st.lowest * st.dtype.rounding()
	shard.Errors()
	st.read(shard)
	return st.rose()
}

// again puts the latents back to where they were kept before a step.
func (st *descent) again(shard *graph.Shard) {
	st.latents.put(shard, st.free)
	st.complete(shard)
}
