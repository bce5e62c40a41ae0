package model

import (
	"math"
	"math/rand/v2"
	"slices"

	f64s "gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/pool"
)

// MaxRate returns the largest inference rate at which the energy of a batch with
// clamps c cannot rise in a step, up to the curvature of the activations: 1/λ,
// with λ a bound on the largest eigenvalue of the energy's Hessian by the free
// latents.
//
// The energy is ½‖J v‖² to first order, with a row of blocks for each prediction: √(wΠ)
// at its node, and −√(wΠ) g' a M φ' at each source. The spectral norm of J is at most that
// of the small sparse matrix of the blocks' own norms, which is what is computed. A prior
// adds its α. Where an energy is not Gaussian the largest curvature by the prediction
// takes the place of Π (see graph.NodeEnergy). Descent diverges from 2/λ on. A feature that
// normalises an example has no bound of use: it counts as where examples have a spread of
// 1, and of those with less the energy may rise (see feature.Normalise). It is NaN
// where c are not clamps for the network, of which [Network.Settle] says what is wrong.
func (n *Network) MaxRate(c Clamps) float64 {
	clamps, _, err := n.check(c)
	if err != nil {
		return math.NaN()
	}
	return n.maxRate(clamps, nil)
}

// block is the norm of a block of J, of a prediction and a node.
type block struct {
	row, column int
	norm        float64
}

// maxRate is MaxRate where node l moves at factors[l] times the rate; nil for 1.
func (n *Network) maxRate(c []Clamp, factors []float64) float64 {
	factor := func(l int) float64 {
		if factors == nil {
			return 1
		}
		return math.Sqrt(factors[l])
	}
	n.norms.update(n, func(at edgeAt) bool {
		return slices.ContainsFunc(n.wiring.From[at.prediction][at.edge], func(l int) bool { return !c[l].whole() })
	})
	blocks := n.norms.blocks[:0]
	for i, p := range n.wiring.Predictions {
		of, weight := n.wiring.Of[i], math.Sqrt(p.Weight)
		if !c[of].whole() && p.Energy.Settles() {
			blocks = append(blocks, block{i, of, weight * math.Sqrt(p.Energy.Curvature()*n.maxPrecision(i)) * factor(of)})
		}
		curvature := p.Energy.Curvature()
		if p.Energy == graph.CrossEntropy {
			curvature *= c[of].mass()
		}
		for j := range p.Edges {
			norm := weight * math.Sqrt(curvature) * math.Abs(n.wiring.Slopes[i][j]) * n.norms.edge(n, i, j)
			for _, l := range n.wiring.From[i][j] {
				if !c[l].whole() {
					blocks = append(blocks, block{i, l, norm * factor(l)})
				}
			}
		}
	}
	n.norms.blocks = blocks
	prior := 0.0
	for l, node := range n.wiring.Nodes {
		if !c[l].whole() {
			prior = max(prior, (node.Prior+n.wiring.OwnCurvature(l))*factor(l)*factor(l))
		}
	}
	return 1 / (norm2Of(blocks, len(n.terms), len(n.sizes)) + prior)
}

// norm2Of returns the squared spectral norm of the matrix of these blocks, all
// nonnegative, by power iteration.
func norm2Of(blocks []block, rows, columns int) float64 {
	x, y := slices.Repeat([]float64{1}, columns), make([]float64, rows)
	lambda := 0.0
	for range 200 {
		clear(y)
		for _, b := range blocks {
			y[b.row] += b.norm * x[b.column]
		}
		clear(x)
		for _, b := range blocks {
			x[b.column] += b.norm * y[b.row]
		}
		norm := f64s.Norm(x, 2)
		if norm == 0 {
			return math.SmallestNonzeroFloat32 // nothing is free
		}
		f64s.Scale(1/norm, x)
		if math.Abs(norm-lambda) <= 1e-6*norm {
			return norm
		}
		lambda = norm
	}
	return lambda
}

// edgeAt is an edge of a prediction.
type edgeAt struct{ prediction, edge int }

// norms follows the spectral norms of √Π M of edges by power iteration, where the map has
// it, each update starting from where the last one ended.
type norms struct {
	edges    []edgeAt
	of       []float64
	powers   []linear.Power
	right    [][]float64 // the top right singular vector
	versions []int       // of the parameters that a norm is of
	blocks   []block     // room for those of J
}

// powered is a map with a power iteration.
type powered interface {
	Power(psi, out tensor.Shape, dtype tensor.Dtype) linear.Power
}

// add adds an edge, unless its map says itself how large its norm is.
func (w *norms) add(n *Network, at edgeAt, right func(k int) float64) {
	psi, out := n.wiring.Features[at.prediction][at.edge], n.wiring.Sums[at.prediction]
	m, ok := n.wiring.Predictions[at.prediction].Edges[at.edge].Map.(powered)
	if !ok {
		return
	}
	power := m.Power(psi, out, n.cfg.Dtype.Tensor())
	if power == nil {
		return
	}
	x := make([]float64, psi.TotalSize())
	for k := range x {
		x[k] = right(k)
	}
	w.edges, w.of, w.powers = append(w.edges, at), append(w.of, 0), append(w.powers, power)
	w.right, w.versions = append(w.right, x), append(w.versions, -1)
}

func newNorms(n *Network) *norms {
	w := &norms{}
	rng := rand.New(rand.NewPCG(n.cfg.Seed, streamNorms))
	for i, t := range n.terms {
		for j := range t.edges {
			w.add(n, edgeAt{i, j}, func(int) float64 { return rng.NormFloat64() })
		}
	}
	return w
}

// bounds is a map that says itself how large the norm of √Π M is.
type bounds interface {
	Bound(theta []*tensor.Dense, precision *tensor.Dense) float64
}

// edge returns the norm of √Π M of an edge, as last followed or as the map says.
func (w *norms) edge(n *Network, prediction, edge int) float64 {
	if at := slices.Index(w.edges, edgeAt{prediction, edge}); at >= 0 {
		return w.of[at]
	}
	precision, weight := n.mapPrecision(prediction)
	return weight * n.wiring.Predictions[prediction].Edges[edge].Map.(bounds).Bound(n.terms[prediction].edges[edge], precision)
}

// mapPrecision returns Π of a prediction for its maps; where it is of other units than
// theirs none, and the root of its largest element to multiply norms by.
func (n *Network) mapPrecision(i int) (precision *tensor.Dense, weight float64) {
	if p := n.terms[i].precision; p != nil && p.DataSize() != n.wiring.Sums[i].TotalSize() {
		return nil, math.Sqrt(n.maxPrecision(i))
	}
	return n.terms[i].precision, 1
}

func (w *norms) clone(n *Network) *norms {
	c := &norms{}
	for i, at := range w.edges {
		c.add(n, at, func(k int) float64 { return w.right[i][k] })
	}
	copy(c.of, w.of)
	copy(c.versions, w.versions)
	return c
}

// An estimate iterates until it changes by less than normTolerance, relatively,
// from the one before: mostly once after a weight change. The first begins anywhere, where
// a direction that is not yet the top one may seem to be at rest, and so has to change by
// less than firstTolerance.
const (
	normSteps      = 100
	normTolerance  = 1e-3
	firstTolerance = 1e-5
)

// normCost is what an iteration takes for each weight, in vectorised operations.
const normCost = 2

// update brings the norms that are wanted up to the parameters.
func (w *norms) update(n *Network, wanted func(edgeAt) bool) {
	var stale []int
	weights := 0
	for i, v := range w.versions {
		if v != n.version && wanted(w.edges[i]) {
			stale = append(stale, i)
			weights += n.terms[w.edges[i].prediction].edges[w.edges[i].edge][0].DataSize()
			w.versions[i] = n.version
		}
	}
	pool.Each(pool.Workers(n.workers, normCost*weights), len(stale), func(at int) {
		i := stale[at]
		prediction, edge := w.edges[i].prediction, w.edges[i].edge
		tolerance := normTolerance
		if w.of[i] == 0 {
			tolerance = firstTolerance
		}
		precision, weight := n.mapPrecision(prediction)
		w.powers[i].Take(n.terms[prediction].edges[edge][0])
		for range normSteps {
			last := w.of[i]
			w.of[i] = weight * powerStep(w.powers[i], precision, w.right[i])
			if math.Abs(w.of[i]-last) <= tolerance*w.of[i] {
				break
			}
		}
	})
}

// mapNorm returns the spectral norm of M of an edge, which has a power iteration.
func (n *Network) mapNorm(prediction, edge int) float64 {
	w, rng := &norms{}, rand.New(rand.NewPCG(n.cfg.Seed, streamNorms))
	w.add(n, edgeAt{prediction, edge}, func(int) float64 { return rng.NormFloat64() })
	w.powers[0].Take(n.terms[prediction].edges[edge][0])
	norm := 0.0
	for range 10 * normSteps {
		last := norm
		if norm = powerStep(w.powers[0], nil, w.right[0]); math.Abs(norm-last) <= 1e-9*norm {
			break
		}
	}
	return norm
}

// powerStep sets x to WᵀΠW x, which the next step normalises, and returns
// √‖WᵀΠW x‖ for the unit x along the one it was given: an estimate, from below, of
// the spectral norm of √Π W. A nil precision is 1.
func powerStep(w linear.Power, precision *tensor.Dense, x []float64) float64 {
	f64s.Scale(1/math.Sqrt(f64s.Dot(x, x)), x)
	w.Step(precision, x)
	norm2 := f64s.Dot(x, x)
	if norm2 == 0 || !finite(norm2) {
		for j := range x { // no direction to follow: begin anew the next time
			x[j] = 1
		}
	}
	return math.Sqrt(math.Sqrt(norm2))
}
