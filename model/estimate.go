package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	f64s "gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// How the energy still to lose is estimated.
const (
	estimateProducts = 100  // the most products with the Hessian
	estimateShare    = 0.02 // conjugate gradients end when this share of the decrement came in the last few of them,
	estimateWindow   = 5    // this many
	estimateHalvings = 6    // of a step that does not lower the energy
	estimateEnough   = 0.1  // a decrement this small beside what was lost before ends it all
)

// toLose estimates how much energy a batch with clamps c has still to lose from
// latents to rest, over all examples.
//
// Where the energy is quadratic that is the Newton decrement ½ gᵀ H⁻¹ g, which
// conjugate gradients (Hestenes and Stiefel 1952) sum up from below, each example
// on its own, until it hardly grows. Elsewhere it is not enough, and late in
// settling up to 20 times the truth: a unit at rest on the kink of a relu has a
// gradient to either side and nothing to lose. So the step that goes with it is
// tried, halved until the energy falls, what the energy lost is counted, and the
// rest estimated anew from there, a truncated Newton method (Steihaug 1983) on a
// budget of products; and a unit that would cross a kink is tried on the kink, and
// held there while the energy rises to both sides (Bertsekas 1982 holds variables
// on their bounds so). Where the budget ends before, the result is below the truth.
func (n *Network) toLose(ctx context.Context, c Clamps, latents []*tensor.Dense) (float64, error) {
	s, shards, err := n.probe(c, latents)
	if err != nil {
		return 0, fmt.Errorf("model: energy to lose: %w", err)
	}
	lose := make([]float64, s.machine.Rows())
	maxRate := n.MaxRate(c)
	noise := 1e-13 // of a row's energy: 1,000 roundings
	if n.cfg.Dtype == Float32 {
		noise = 1e-4
	}
	s.machine.Each(func(shard *graph.Shard) {
		d := &descentToRest{probe: shards[shard.Index], products: estimateProducts, rate: maxRate, noise: noise}
		d.kinks, d.kinked = d.kinksOf(n)
		d.run(ctx, lose[shard.Lo:shard.Hi])
	})
	if ctx.Err() != nil {
		return 0, fmt.Errorf("model: energy to lose: %w", context.Cause(ctx))
	}
	return sum(lose), nil
}

// descentToRest takes the examples of a shard to rest by Newton's method.
type descentToRest struct {
	*probe
	products int     // left
	rate     float64 // of a step along the gradient where the Hessian gives none
	noise    float64 // the share of an energy below which its fall is not seen

	gradient, x []float64
	energy      []float64 // by example
	decrement   []float64 // by example
	resting     []bool    // by example: nothing more to be found

	kinked   bool        // some activation has kinks
	kinks    [][]float64 // by unit of a node
	on, held []bool      // a unit is on a kink, and rests there
}

// run adds to lost what each example loses.
func (d *descentToRest) run(ctx context.Context, lost []float64) {
	d.gradient, d.x = d.vector(), d.vector()
	d.energy, d.decrement = make([]float64, d.rows), make([]float64, d.rows)
	d.resting = make([]bool, d.rows)
	d.on, d.held = make([]bool, d.rows*d.width), make([]bool, d.rows*d.width)
	d.evaluate(d.at, d.gradient, d.energy)
	fall := make([]float64, d.rows)
	for d.products > 0 && ctx.Err() == nil {
		d.newton(ctx)
		fallen, pinned := d.move()
		moving := false
		for r := range d.rows {
			if d.resting[r] {
				continue
			}
			gain := fallen[r]
			if d.decrement[r] < d.noise*d.energy[r] {
				gain = d.decrement[r] // and the energy cannot tell
			}
			fall[r] += gain
			lost[r] = max(lost[r], fall[r])
			d.resting[r] = !pinned[r] && (gain <= estimateEnough*lost[r] || gain == d.decrement[r] || d.decrement[r] == 0)
			moving = moving || !d.resting[r]
		}
		if !moving {
			return
		}
	}
}

// newton sets x to the step −H⁻¹g of each example that moves, as far as conjugate
// gradients get, and the decrement to that of the quadratic model.
func (d *descentToRest) newton(ctx context.Context) {
	residual, p, hp := d.vector(), d.vector(), d.vector()
	rr := make([]float64, d.rows)
	course := make([][]float64, d.rows) // the decrement by iteration
	going := make([]bool, d.rows)
	clear(d.x)
	clear(d.decrement)
	if d.kinked {
		d.hold()
	}
	for r := range d.rows {
		if d.resting[r] {
			continue
		}
		f64s.SubTo(d.row(residual, r), d.row(residual, r), d.row(d.gradient, r))
		d.leaveHeld(residual, r)
		copy(d.row(p, r), d.row(residual, r))
		rr[r] = f64s.Dot(d.row(residual, r), d.row(residual, r))
		going[r] = rr[r] > 0 && finite(rr[r])
	}
	for slices.Contains(going, true) && d.products > 0 && ctx.Err() == nil {
		d.product(hp, p)
		d.products--
		for r := range going {
			if !going[r] {
				continue
			}
			row := d.row(p, r)
			d.leaveHeld(hp, r)
			bend := f64s.Dot(row, d.row(hp, r))
			if bend <= 1e-10/d.rate*f64s.Dot(row, row) { // flat, or a ridge: no minimum to step to
				if len(course[r]) == 0 {
					f64s.AddScaled(d.row(d.x, r), d.rate, row)
					d.decrement[r] = d.rate * rr[r] / 2
				}
				going[r] = false
				clear(row)
				continue
			}
			a := rr[r] / bend
			f64s.AddScaled(d.row(d.x, r), a, row)
			f64s.AddScaled(d.row(residual, r), -a, d.row(hp, r))
			d.decrement[r] += a * rr[r] / 2
			course[r] = append(course[r], d.decrement[r])
			next := f64s.Dot(d.row(residual, r), d.row(residual, r))
			if k := len(course[r]); next == 0 || k > estimateWindow && d.decrement[r]-course[r][k-1-estimateWindow] <= estimateShare*d.decrement[r] {
				going[r] = false
				clear(row)
				continue
			}
			f64s.Scale(next/rr[r], row)
			f64s.Add(row, d.row(residual, r))
			rr[r] = next
		}
	}
}

// leaveHeld sets the units of example r that rest on a kink to 0 in a direction.
func (d *descentToRest) leaveHeld(v []float64, r int) {
	for i, held := range d.held[r*d.width : (r+1)*d.width] {
		if held {
			v[r*d.width+i] = 0
		}
	}
}

// move takes each example along x, halved until its energy falls, or along x with
// no unit beyond its first kink where that is better, and returns by how much the
// energy falls. An example that finds no lower energy stays, but for units that a
// kink keeps from following x: these are pinned to it, for the others to step
// without them.
func (d *descentToRest) move() (fallen []float64, pinned []bool) {
	fallen, pinned = make([]float64, d.rows), make([]bool, d.rows)
	from, here := slices.Clone(d.at), slices.Clone(d.energy)
	tried, gradient, energy := d.vector(), d.vector(), make([]float64, d.rows)
	take := func(r int) {
		fallen[r] = here[r] - energy[r]
		copy(d.row(d.at, r), d.row(tried, r))
		copy(d.row(d.gradient, r), d.row(gradient, r))
		d.energy[r] = energy[r]
	}
	on := make([]bool, len(d.on)) // where a step that stops at kinks ends on one
	if d.kinked {
		for r := range d.rows {
			x := slices.Clone(d.row(d.x, r))
			stopAtKinks(d.row(from, r), x, d.kinks, on[r*d.width:(r+1)*d.width])
			f64s.AddTo(d.row(tried, r), d.row(from, r), x)
		}
		d.evaluate(tried, gradient, energy)
		for r := range d.rows {
			mine := d.on[r*d.width : (r+1)*d.width]
			copy(mine, d.held[r*d.width:(r+1)*d.width])
			if !d.resting[r] && energy[r] < here[r] {
				take(r)
				for i, now := range on[r*d.width : (r+1)*d.width] {
					mine[i] = mine[i] || now
				}
			}
		}
	}
	share := 1.0
	done := slices.Clone(d.resting)
	for try := 0; try < estimateHalvings && slices.Contains(done, false); try++ {
		for r := range d.rows {
			f64s.AddScaledTo(d.row(tried, r), d.row(from, r), share, d.row(d.x, r))
		}
		d.evaluate(tried, gradient, energy)
		for r := range d.rows {
			if done[r] {
				continue
			}
			if energy[r] < d.energy[r] || d.decrement[r] < d.noise*here[r] {
				take(r)
				copy(d.on[r*d.width:(r+1)*d.width], d.held[r*d.width:(r+1)*d.width])
				done[r] = true
			}
			done[r] = done[r] || fallen[r] > 0
		}
		share /= 2
	}
	if !d.kinked {
		return fallen, pinned
	}
	copy(tried, d.at)
	for r := range d.rows {
		for j := range d.width {
			i := r*d.width + j
			if done[r] || d.on[i] || !on[i] {
				continue
			}
			for _, k := range d.kinks[j] {
				if to := k - from[i]; d.x[i]*to > 0 && math.Abs(to) < math.Abs(d.x[i])/2 {
					tried[i], d.on[i], pinned[r] = k, true, true
				}
			}
		}
	}
	if slices.Contains(pinned, true) {
		d.evaluate(tried, gradient, energy)
		for r := range d.rows {
			if pinned[r] {
				take(r)
			}
		}
	}
	return fallen, pinned
}

// Reached returns how much of the fall from the start to equilibrium settling has
// made: (E_start − E) / (E_start − E_equilibrium), 1 at rest. It wants
// Inference.Trace and Inference.Estimate, and is NaN without them, or where there
// was nothing to lose.
func (r *Result) Reached() float64 {
	if len(r.Trace) == 0 {
		return math.NaN()
	}
	made := sum(r.Trace[0]) - r.Energy
	return made / (made + r.ToLose)
}
