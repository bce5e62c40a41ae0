package model

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// Update is a direction for each parameter, in which the energy falls.
type Update struct {
	directions []*tensor.Dense
}

// NewUpdate returns an update of n's shapes, zero.
func (n *Network) NewUpdate() *Update {
	u := &Update{}
	for _, p := range n.parameters {
		u.directions = append(u.directions, tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(p.Value.Shape()...)))
	}
	return u
}

// Directions returns what parameters have, live, in the order of [Network.Parameters]:
// of a chain ΔW and Δb of each layer, and then what learned precisions have.
func (u *Update) Directions() []*tensor.Dense { return u.directions }

// hebbianRows is the number of rows of ΔW that are computed together.
const hebbianRows = 64

// Hebbian sets dst to the learning phase's local update: for each parameter of an edge
// the error at the map's output times the feature that it is given, a mean over the
// batch,
//
//	Δθ = a δ ⊗ ψ / B,  Δb = mean δ
//
// with δ = w Π ε pulled back through what comes after the map, and ⊗ the map's own
// (package linear): of a dense layer ΔW = δᵀ φ(v) / B. Nothing else enters: no gradient,
// and no other prediction but those that share the parameter. Weight decay adds −λ W, and
// a precision that is learned has the direction, as local,
//
//	Δ log Π = ½ w (1 − Π mean ε²)
//
// With fresh errors it is −∂E/∂θ / B, and so on. It is an error when r is not
// finite, or r or dst is not of this network.
func (n *Network) Hebbian(r *Result, dst *Update) error {
	if err := n.belong(r, dst); err != nil {
		return fmt.Errorf("model: hebbian: %w", err)
	}
	if n.learning == nil {
		n.learning = newLearning(n)
	}
	n.learning.run(n, r, dst)
	return nil
}

// belong returns why the result or the update is none of n's.
func (n *Network) belong(r *Result, u *Update) error {
	switch {
	case n.wiring == nil:
		return errors.New("network: must be of New, got the zero one")
	case r == nil:
		return errors.New("result: must be of a settled batch, got none")
	case u == nil:
		return errors.New("update: must be of NewUpdate, got none")
	case !r.Finite():
		return fmt.Errorf("result: must have a finite energy, got %v at %s: the network has not settled", r.Energy, r.Nodes.Of(r.Node))
	case r.of != nil && r.of != n:
		return fmt.Errorf("result: must be of this network, %v, got that of another, %v", n, r.of)
	}
	dt := n.cfg.Dtype.Tensor()
	for name, list := range map[string]int{"errors": len(r.Errors), "deltas": len(r.Deltas), "features": len(r.Features)} {
		if list != len(n.terms) {
			return fmt.Errorf("result: %s: must be one for each of the %d predictions, got %d", name, len(n.terms), list)
		}
	}
	if len(u.directions) != len(n.parameters) {
		return fmt.Errorf("update: must be one for each of the %d parameters, got %d", len(n.parameters), len(u.directions))
	}
	rows := -1
	for i, l := range n.wiring.Of {
		if err := dense.Check(r.Errors[i], dt, rows, n.sizes[l]); err != nil {
			return fmt.Errorf("result: errors[%d]: %w", i, err)
		}
		rows = r.Errors[0].Shape()[0]
		if err := dense.Check(r.Deltas[i], dt, rows, n.wiring.Sums[i].TotalSize()); err != nil {
			return fmt.Errorf("result: deltas[%d]: %w", i, err)
		}
		if len(r.Features[i]) != len(n.terms[i].edges) {
			return fmt.Errorf("result: features[%d]: must be one for each of the %d edges, got %d", i, len(n.terms[i].edges), len(r.Features[i]))
		}
		for j, psi := range r.Features[i] {
			if err := dense.Check(psi, dt, rows, n.wiring.Features[i][j].TotalSize()); err != nil {
				return fmt.Errorf("result: features[%d][%d]: %w", i, j, err)
			}
		}
	}
	for i, p := range n.parameters {
		if err := dense.Check(u.directions[i], dt, p.Value.Shape()...); err != nil {
			return fmt.Errorf("update: %s: %w", p.Name, err)
		}
	}
	return nil
}

// learning is how a network's update is computed: in pieces of a parameter's rows, which
// none other has.
type learning struct {
	outers []outer
	pieces []piece
}

// outer is an edge's part of the update of its parameters.
type outer struct {
	linear.Outer
	prediction, edge int
	scale            float64
	into             []int           // numbers of its parameters
	beside           []*tensor.Dense // where they are summed up with other edges': what this one adds; nil for the first
}

// piece is rows lo to hi of the parameters of some edges, which share them, or of a
// bias or a logarithm of a precision.
type piece struct {
	edges      []int // of outers
	bias, log  int   // number of the parameter, −1 for none
	prediction int
	lo, hi     int
}

func newLearning(n *Network) *learning {
	g := &learning{}
	number := map[*tensor.Dense]int{}
	for i, p := range n.parameters {
		number[p.Value] = i
	}
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
			o := outer{Outer: p.Edges[j].Map.Outer(n.wiring.Features[i][j], n.wiring.Sums[i]), prediction: i, edge: j, scale: p.Edges[j].Scale}
			for _, x := range theta {
				o.into = append(o.into, number[x])
				if len(together[theta[0]]) > 0 {
					o.beside = append(o.beside, tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(x.Shape()...)))
				}
			}
			if len(together[theta[0]]) == 0 {
				order = append(order, theta[0])
			}
			together[theta[0]] = append(together[theta[0]], len(g.outers))
			g.outers = append(g.outers, o)
		}
	}
	cut := func(rows int, of piece) {
		for lo := 0; lo < rows; lo += hebbianRows {
			of.lo, of.hi = lo, min(lo+hebbianRows, rows)
			g.pieces = append(g.pieces, of)
		}
	}
	for _, theta := range order {
		cut(theta.Shape()[0], piece{edges: together[theta], bias: -1, log: -1})
	}
	for i, t := range n.terms {
		if t.bias != nil {
			cut(n.wiring.Biases[i], piece{bias: number[t.bias], log: -1, prediction: i})
		}
		if t.log != nil {
			cut(n.sizes[n.wiring.Of[i]], piece{bias: -1, log: number[t.log], prediction: i})
		}
	}
	return g
}

func (g *learning) run(n *Network, r *Result, dst *Update) {
	rows := r.Errors[0].Shape()[0]
	pool.Each(pool.Workers(n.workers, rows*sum(n.sizes)), len(g.outers), func(i int) {
		o := &g.outers[i]
		o.Prepare(r.Deltas[o.prediction], r.Features[o.prediction][o.edge])
	})
	pool.Each(pool.Workers(n.workers, rows*n.count()/8), len(g.pieces), func(at int) {
		p := &g.pieces[at]
		for _, i := range p.edges {
			o := &g.outers[i]
			into := o.beside
			if into == nil {
				into = make([]*tensor.Dense, len(o.into))
				for k, of := range o.into {
					into[k] = dst.directions[of]
				}
			}
			o.Rows(into, r.Deltas[o.prediction], r.Features[o.prediction][o.edge], o.scale/float64(rows), p.lo, p.hi)
			for k, x := range o.beside {
				addRows(dst.directions[o.into[k]], 1, x, p.lo, p.hi)
			}
		}
		if len(p.edges) > 0 && n.cfg.WeightDecay != 0 {
			for _, i := range g.outers[p.edges[0]].into {
				if n.parameters[i].Decays {
					addRows(dst.directions[i], -n.cfg.WeightDecay, n.parameters[i].Value, p.lo, p.hi)
				}
			}
		}
		weight := n.wiring.Predictions[p.prediction].Weight
		if n.cfg.Dtype == Float32 {
			learnUnits(n, r, dst, p, weight, (*tensor.Dense).Float32s)
		} else {
			learnUnits(n, r, dst, p, weight, (*tensor.Dense).Float64s)
		}
	})
}

// addRows adds a times rows lo to hi of x.
func addRows(dst *tensor.Dense, a float64, x *tensor.Dense, lo, hi int) {
	k := dst.Shape().TotalSize() / dst.Shape()[0]
	dense.AddScaledPart(dst, a, x, lo*k, hi*k)
}

// learnUnits sets a piece of a bias to the mean of δ, and of a log Π to its direction.
func learnUnits[T vec.Float](n *Network, r *Result, dst *Update, p *piece, weight float64, of func(*tensor.Dense) []T) {
	d := n.sizes[n.wiring.Of[p.prediction]]
	if p.bias >= 0 {
		bias, delta := of(dst.directions[p.bias])[p.lo:p.hi], of(r.Deltas[p.prediction])
		clear(bias)
		channels := n.wiring.Biases[p.prediction] // or as many as there are units
		for at := 0; at < len(delta); at += channels {
			vec.Add(bias, bias, delta[at+p.lo:at+p.hi])
		}
		vec.Scale(bias, 1/T(r.Deltas[p.prediction].Shape()[0]))
	}
	if p.log < 0 {
		return
	}
	log, eps, precision := of(dst.directions[p.log])[p.lo:p.hi], of(r.Errors[p.prediction]), of(n.terms[p.prediction].precision)
	clear(log)
	for row := 0; row < len(eps); row += d {
		for j, e := range eps[row+p.lo : row+p.hi] {
			log[j] += e * e
		}
	}
	for j, squares := range log {
		log[j] = T(weight) * (1 - precision[p.lo+j]*squares/T(len(eps)/d)) / 2
	}
}
