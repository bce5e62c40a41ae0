package model

import (
	"fmt"

	f64s "gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// probe looks at the energy of a shard about some latents. Its vectors hold the
// units of all free nodes, example by example, in float64; those of fixed units
// are 0 in every direction.
type probe struct {
	shard       *graph.Shard
	free        []int     // nodes
	first       []int     // by node: its place in an example's vector
	rows, width int       // examples, units of free nodes
	step        float64   // of the central differences, in the largest component
	at          []float64 // the latents
	moved, back []float64 // scratch
}

// probe returns probes of the shards at latents, on a machine of their own.
func (n *Network) probe(c []Clamp, rows int, latents []*tensor.Dense) (*settler, []*probe, error) {
	s, err := n.settler(c, rows, Inference{Steps: probeSteps}, true)
	if err != nil {
		return nil, nil, err
	}
	if len(latents) != len(n.sizes) {
		return nil, nil, fmt.Errorf("latents: must be one for each of the %d nodes, got %d", len(n.sizes), len(latents))
	}
	first, width := make([]int, len(n.sizes)), 0
	for _, l := range s.open {
		if err := dense.Check(latents[l], dense.Float(latents[l]), s.machine.Rows(), n.sizes[l]); err != nil {
			return nil, nil, fmt.Errorf("latents[%d]: %w", l, err)
		}
	}
	for _, l := range s.free {
		first[l] = width
		width += n.sizes[l]
	}
	shards := make([]*probe, s.machine.Shards())
	s.machine.Each(func(shard *graph.Shard) {
		p := &probe{shard: shard, free: s.free, first: first, rows: shard.Hi - shard.Lo, width: width, step: 1e-5}
		if n.cfg.Dtype == Float32 {
			p.step = 1e-2
		}
		p.at, p.moved, p.back = p.vector(), p.vector(), p.vector()
		for _, l := range s.open {
			copyFrom(shard.Latent(l), latents[l], shard.Lo)
			s.keepFixed(shard, l)
		}
		p.read(p.at, shard.Latent)
		shards[shard.Index] = p
	})
	return s, shards, nil
}

func (p *probe) vector() []float64 { return make([]float64, p.rows*p.width) }

// row returns the part of a vector that is example r's.
func (p *probe) row(v []float64, r int) []float64 { return v[r*p.width : (r+1)*p.width] }

// place returns where in an example's vector a unit is.
func (p *probe) place(u unit) int { return p.first[u.node] + u.index }

// read sets dst to what of holds for each free node.
func (p *probe) read(dst []float64, of func(l int) *tensor.Dense) {
	p.each(of, func(place int, x *tensor.Dense, i int) { dst[place] = dense.At(x, i) })
}

// put sets the latents to v.
func (p *probe) put(v []float64) {
	p.each(p.shard.Latent, func(place int, x *tensor.Dense, i int) { dense.Set(x, i, v[place]) })
}

// each calls f for each unit of the free nodes, with its place in a vector and in what of
// holds for its node.
func (p *probe) each(of func(l int) *tensor.Dense, f func(place int, x *tensor.Dense, i int)) {
	for _, l := range p.free {
		x := of(l)
		d := x.Shape()[1]
		for r := range p.rows {
			for j := range d {
				f(r*p.width+p.first[l]+j, x, r*d+j)
			}
		}
	}
}

// product sets dst to H u at the latents, by (g(v + h u) − g(v − h u)) / 2h with
// an h for each example.
func (p *probe) product(dst, u []float64) {
	h := make([]float64, p.rows)
	for r := range h {
		largest := 0.0
		for _, x := range p.row(u, r) {
			largest = max(largest, x, -x)
		}
		if largest > 0 {
			h[r] = p.step / largest
		}
	}
	move := func(to []float64, sign float64) {
		for r := range h {
			f64s.AddScaledTo(p.row(p.moved, r), p.row(p.at, r), sign*h[r], p.row(u, r))
		}
		p.put(p.moved)
		p.shard.Gradients()
		p.read(to, p.shard.Gradient)
	}
	move(dst, 1)
	move(p.back, -1)
	f64s.Sub(dst, p.back)
	for r := range h {
		if h[r] > 0 {
			f64s.Scale(1/(2*h[r]), p.row(dst, r))
		} else {
			clear(p.row(dst, r))
		}
	}
}
