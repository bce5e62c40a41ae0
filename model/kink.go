package model

import (
	"math"

	"example.com/pcn/graph"
)

// kinks returns where between −8 and 8 the slope of an activation jumps, such as
// at 0 of a relu.
func kinks(a graph.Activation) (at []float64) {
	const from, to, width, jump = -8.03, 8, 0.125, 1e-3
	slope := func(x float64) float64 { return a.Slope(x, a.Value(x)) }
	for lo := from; lo < to; lo += width {
		x, y := lo, lo+width
		for y-x > 1e-12 {
			mid := (x + y) / 2
			if math.Abs(slope(mid)-slope(x)) > math.Abs(slope(y)-slope(mid)) {
				y = mid
			} else {
				x = mid
			}
		}
		if math.Abs(slope(y)-slope(x)) > jump {
			at = append(at, (x+y)/2)
		}
	}
	return at
}

// kinksOf returns the kinks by free unit: none of the bottom node's.
func (d *descentToRest) kinksOf(n *Network) (by [][]float64, some bool) {
	by = make([][]float64, d.width)
	for _, l := range d.free {
		if l == 0 {
			continue
		}
		at := kinks(n.activations[l-1])
		some = some || len(at) > 0
		for u := range n.sizes[l] {
			by[d.place(unit{l, u})] = at
		}
	}
	return by, some
}

// stopAtKinks shortens a step x from v so that no unit crosses a kink, and says
// which now end on one.
func stopAtKinks(v, x []float64, kinks [][]float64, on []bool) {
	for j, at := range kinks {
		on[j] = false
		for _, k := range at {
			if to := k - v[j]; x[j]*to > 0 && math.Abs(x[j]) >= math.Abs(to) {
				x[j], on[j] = to, true
			}
		}
	}
}

// hold finds which of the units on a kink rest there, the energy rising to both
// sides, and moves the others a little to the side where it falls; the gradient is
// then that of where they are.
func (d *descentToRest) hold() {
	clear(d.held)
	left, right := d.vector(), d.vector()
	side := func(gradient []float64, sign float64) {
		copy(d.moved, d.at)
		for i, on := range d.on {
			if on {
				d.moved[i] += sign * d.step
			}
		}
		d.put(d.moved)
		d.shard.Gradients()
		d.read(gradient, d.shard.Gradient)
	}
	side(left, -1)
	side(right, 1)
	for i, on := range d.on {
		switch {
		case !on:
		case left[i] < 0 && right[i] > 0:
			d.held[i] = true
		case left[i] >= 0:
			d.at[i] -= 2 * d.step
		default:
			d.at[i] += 2 * d.step
		}
	}
	energy := make([]float64, d.rows)
	d.evaluate(d.at, d.gradient, energy)
}
