package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	f64s "gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Hessian is the second derivative of a batch's energy by the free latents, at
// given latents. Examples do not meet in the energy, so each has a Hessian of its
// own, over its own free units: node by node from the bottom, unit by unit.
//
// Products with it are central differences of the machine's gradients, all
// examples at once. They are good to about 1e-9 of the largest eigenvalue in
// float64 and 1e-4 in float32: see [Network.As]. At a kink of an activation, such
// as relu's, they are a mean of its two sides.
//
// A Hessian holds until the weights change, or the network is asked for another
// Hessian of the same batch's kind.
type Hessian struct {
	settler *settler
	shards  []*probe
	free    [][]unit // by example
	seed    uint64
}

// Spectrum is the extreme eigenvalues of an example's Hessian.
type Spectrum struct {
	Low, High float64 // least and largest second derivative of the energy
	// Exact says that all eigenvalues were computed. Otherwise Low and High are
	// from Lanczos iterations, which approach them from within, and Error is a
	// bound on how far the nearest eigenvalue of each is.
	Exact bool
	Error float64 // 0 where exact
}

// Condition returns High/Low, infinite where Low is not positive: there the
// latents are on a ridge or a plateau, not in a bowl.
func (s Spectrum) Condition() float64 {
	if s.Low <= 0 {
		return math.Inf(1)
	}
	return s.High / s.Low
}

// probeSteps is the number of gradients that a look takes, about: it decides
// whether the Gram form pays.
const probeSteps = 200

// ExactSize is the largest number of free units of which [Hessian.Spectra]
// computes all eigenvalues.
const ExactSize = 600

// Hessian returns the Hessian at latents, (B, d_l) by node, such as a [Result]'s;
// of what c fixes, c's values are used.
func (n *Network) Hessian(c Clamps, latents []*tensor.Dense) (*Hessian, error) {
	clamps, rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	s, shards, err := n.probe(clamps, rows, latents)
	if err != nil {
		return nil, fmt.Errorf("model: hessian: %w", err)
	}
	h := &Hessian{settler: s, shards: shards, seed: n.cfg.Seed}
	for row := range s.machine.Rows() {
		missing := func(u unit) bool { return !slices.Contains(s.free, u.node) } // no energy moves it
		h.free = append(h.free, slices.DeleteFunc(n.freeUnits(clamps, row), missing))
	}
	return h, nil
}

// Size returns the number of free units of an example.
func (h *Hessian) Size(example int) int { return len(h.free[example]) }

// Dense returns the Hessian of an example as a matrix, by as many products as
// it has columns.
func (h *Hessian) Dense(example int) *mat.SymDense {
	p := h.shards[example/h.settler.machine.ShardRows()]
	return h.dense(p)[example-p.shard.Lo]
}

// dense returns the Hessian of each example of a shard.
func (h *Hessian) dense(p *probe) []*mat.SymDense {
	out := make([]*mat.SymDense, p.rows)
	for r := range out {
		out[r] = &mat.SymDense{}
		if free := len(h.free[p.shard.Lo+r]); free > 0 {
			out[r] = mat.NewSymDense(free, nil)
		}
	}
	u, hu := p.vector(), p.vector()
	for col := range p.width {
		clear(u)
		for r := range p.rows {
			if free := h.free[p.shard.Lo+r]; col < len(free) {
				p.row(u, r)[p.place(free[col])] = 1
			}
		}
		p.product(hu, u)
		for r, m := range out {
			if col >= m.SymmetricDim() {
				continue
			}
			for row, f := range h.free[p.shard.Lo+r] {
				x := p.row(hu, r)[p.place(f)]
				if row != col {
					x = m.At(row, col) + x/2 // the mean of both triangles
				}
				m.SetSym(row, col, x)
			}
		}
	}
	return out
}

// Product sets dst to H u for each example, both rows of free units as in
// Size: a slice for each example.
func (h *Hessian) Product(dst, u [][]float64) error {
	if len(dst) != len(h.free) || len(u) != len(h.free) {
		return fmt.Errorf("model: hessian: must have a vector for each of the %d examples, got %d and %d", len(h.free), len(dst), len(u))
	}
	for i, free := range h.free {
		if len(dst[i]) != len(free) || len(u[i]) != len(free) {
			return fmt.Errorf("model: hessian: example %d: must have vectors of its %d free units, got %d and %d", i, len(free), len(dst[i]), len(u[i]))
		}
	}
	h.each(func(p *probe) {
		in, out := p.vector(), p.vector()
		for r := range p.rows {
			for i, f := range h.free[p.shard.Lo+r] {
				p.row(in, r)[p.place(f)] = u[p.shard.Lo+r][i]
			}
		}
		p.product(out, in)
		for r := range p.rows {
			for i, f := range h.free[p.shard.Lo+r] {
				dst[p.shard.Lo+r][i] = p.row(out, r)[p.place(f)]
			}
		}
	})
	return nil
}

// each calls f for each shard, several at a time.
func (h *Hessian) each(f func(*probe)) {
	h.settler.machine.Each(func(s *graph.Shard) { f(h.shards[s.Index]) })
}

// Spectra returns the extreme eigenvalues of each example's Hessian: exactly up to
// [ExactSize] free units, by Lanczos beyond. An example without free units has a
// zero Spectrum. When ctx is cancelled it returns context.Cause.
func (h *Hessian) Spectra(ctx context.Context) ([]Spectrum, error) {
	out := make([]Spectrum, len(h.free))
	h.each(func(p *probe) {
		if ctx.Err() != nil {
			return
		}
		to := out[p.shard.Lo:p.shard.Hi]
		if p.width > ExactSize {
			h.lanczos(ctx, p, to)
			return
		}
		for r, m := range h.dense(p) {
			if ctx.Err() == nil && !m.IsEmpty() {
				low, high := extremes(m)
				to[r] = Spectrum{Low: low, High: high, Exact: true}
			}
		}
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("model: hessian: %w", context.Cause(ctx))
	}
	return out, nil
}

// extremes returns the extreme eigenvalues of m, or NaN where it is not finite.
func extremes(m mat.Symmetric) (low, high float64) {
	var e mat.EigenSym
	if !e.Factorize(m, false) {
		return math.NaN(), math.NaN()
	}
	values := e.Values(nil)
	return values[0], values[len(values)-1]
}

// Lanczos goes on until both ends are within lanczosTolerance, the high one of
// itself and the low one of itself or, where the differences see no finer, of
// lanczosFloor of the high one; it looks every lanczosEvery steps and takes at
// most lanczosSteps.
const (
	lanczosTolerance = 1e-3
	lanczosFloor     = 1e-8
	lanczosEvery     = 20
	lanczosSteps     = 500
	streamLanczos    = 11 // the random stream of first vectors
)

// lanczos sets to to the spectra of a shard's examples by the iteration of
// Lanczos (1950) with full reorthogonalisation, done twice (Parlett 1998, §6.9),
// from random vectors, all examples in step.
func (h *Hessian) lanczos(ctx context.Context, p *probe, to []Spectrum) {
	rng := rand.New(rand.NewPCG(h.seed, streamLanczos))
	q := p.vector()
	for r := range p.rows {
		row := p.row(q, r)
		for _, f := range h.free[p.shard.Lo+r] {
			row[p.place(f)] = rng.NormFloat64()
		}
		normalise(row)
	}
	basis := [][]float64{q}
	alpha, beta := make([][]float64, p.rows), make([][]float64, p.rows) // by example and step
	done := make([]bool, p.rows)
	for k := 0; k < min(lanczosSteps, p.width) && slices.Contains(done, false) && ctx.Err() == nil; k++ {
		w := p.vector()
		p.product(w, basis[k])
		for r := range p.rows {
			row := p.row(w, r)
			if done[r] {
				clear(row)
				continue
			}
			alpha[r] = append(alpha[r], f64s.Dot(row, p.row(basis[k], r)))
			for range 2 {
				for _, b := range basis {
					f64s.AddScaled(row, -f64s.Dot(row, p.row(b, r)), p.row(b, r))
				}
			}
			beta[r] = append(beta[r], normalise(row))
			size := len(h.free[p.shard.Lo+r])
			if spent := k+1 >= min(size, lanczosSteps) || beta[r][k] == 0; spent || (k+1)%lanczosEvery == 0 {
				to[r], done[r] = ritz(alpha[r], beta[r])
				done[r] = done[r] || spent
			}
		}
		basis = append(basis, w)
	}
}

// normalise scales x to norm 1 and returns the norm it had.
func normalise(x []float64) float64 {
	norm := f64s.Norm(x, 2)
	if norm > 0 {
		f64s.Scale(1/norm, x)
	}
	return norm
}

// ritz returns the extreme eigenvalues of the tridiagonal matrix of alpha and
// beta, and whether they are near enough to those of the Hessian: the last
// component of a Ritz vector times the last beta bounds the distance.
func ritz(alpha, beta []float64) (s Spectrum, near bool) {
	k := len(alpha)
	t := mat.NewSymDense(k, nil)
	for i, a := range alpha {
		t.SetSym(i, i, a)
		if i+1 < k {
			t.SetSym(i, i+1, beta[i])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(t, true) {
		return Spectrum{Low: math.NaN(), High: math.NaN()}, true
	}
	values := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	low, high := math.Abs(beta[k-1]*vectors.At(k-1, 0)), math.Abs(beta[k-1]*vectors.At(k-1, k-1))
	s = Spectrum{Low: values[0], High: values[k-1], Error: max(low, high)}
	return s, high <= lanczosTolerance*s.High && low <= max(lanczosTolerance*math.Abs(s.Low), lanczosFloor*s.High)
}
