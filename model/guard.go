package model

import (
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/pool"
)

// MaxRate returns the largest inference rate at which the energy of a batch with
// clamps c cannot rise in a step, up to the curvature of the activations: 1/λ,
// with λ a bound on the largest eigenvalue of the energy's Hessian by the free
// latents.
//
// The energy is ½‖M v‖² to first order, with M of blocks √Π_i on the diagonal
// and −√Π_i W_i φ' beside it, and ½ α ‖v‖² for an activity prior. The spectral norm
// of M is at most that of the small matrix of the blocks' own norms, which is what
// is computed. At a bottom node that is not Gaussian the largest curvature by the
// prediction takes the place of Π (see graph.NodeEnergy). Descent diverges from 2/λ
// on. It is NaN where c are not clamps for the network, of which [Network.Settle]
// says what is wrong.
func (n *Network) MaxRate(c Clamps) float64 {
	if _, err := n.check(c); err != nil {
		return math.NaN()
	}
	return n.maxRate(c, nil)
}

// maxRate is MaxRate where node l moves at factors[l] times the rate; nil for 1.
func (n *Network) maxRate(c Clamps, factors []float64) float64 {
	layers := n.Depth()
	moves := make([]bool, layers) // by layer: its prediction does, with the node above
	for i := range layers {
		moves[i] = !c[i+1].whole()
	}
	n.norms.update(n, moves)
	factor := func(l int) float64 {
		if factors == nil {
			return 1
		}
		return math.Sqrt(factors[l])
	}
	diagonal, beside := make([]float64, layers), make([]float64, layers)
	for i := range layers {
		form := n.energies[i].Form()
		if !c[i].whole() && form.Settles() {
			diagonal[i] = math.Sqrt(n.maxPrecision(i)) * factor(i)
		}
		if moves[i] {
			beside[i] = math.Sqrt(form.Curvature()) * n.activations[i].MaxSlope() * n.norms.of[i] * factor(i+1)
		}
	}
	if n.energies[0] == CrossEntropy {
		beside[0] *= math.Sqrt(c[0].mass())
	}
	return 1 / (bidiagonalNorm2(diagonal, beside) + n.cfg.ActivityPrior)
}

// bidiagonalNorm2 returns the squared spectral norm of the matrix whose row i
// has diagonal[i] in column i and beside[i] in column i+1, all nonnegative.
func bidiagonalNorm2(diagonal, beside []float64) float64 {
	x := make([]float64, len(diagonal)+1)
	for i := range x {
		x[i] = 1
	}
	y := make([]float64, len(diagonal))
	lambda := 0.0
	for range 200 {
		for i := range y {
			y[i] = diagonal[i]*x[i] + beside[i]*x[i+1]
		}
		clear(x)
		for i, v := range y {
			x[i] += diagonal[i] * v
			x[i+1] += beside[i] * v
		}
		norm := 0.0
		for _, v := range x {
			norm += v * v
		}
		if norm = math.Sqrt(norm); norm == 0 {
			return math.SmallestNonzeroFloat32 // nothing is free
		}
		for i := range x {
			x[i] /= norm
		}
		if math.Abs(norm-lambda) <= 1e-6*norm {
			return norm
		}
		lambda = norm
	}
	return lambda
}

// norms follows the spectral norms of √Π W by power iteration, each update
// starting from where the last one ended. All by layer.
type norms struct {
	of       []float64
	right    [][]float64 // the top right singular vector
	left     [][]float64 // scratch
	versions []int       // of the weights that a norm is of
}

func newNorms(n *Network) *norms {
	w := &norms{of: make([]float64, n.Depth())}
	rng := rand.New(rand.NewPCG(n.cfg.Seed, streamNorms))
	for i := range n.Depth() {
		right := make([]float64, n.sizes[i+1])
		for j := range right {
			right[j] = rng.NormFloat64()
		}
		w.right = append(w.right, right)
		w.left = append(w.left, make([]float64, n.sizes[i]))
		w.versions = append(w.versions, -1)
	}
	return w
}

// clone returns a copy that has nothing in common with w.
func (w *norms) clone() *norms {
	c := &norms{of: slices.Clone(w.of), versions: slices.Clone(w.versions)}
	for i := range w.right {
		c.right, c.left = append(c.right, slices.Clone(w.right[i])), append(c.left, make([]float64, len(w.left[i])))
	}
	return c
}

// An estimate iterates until it changes by less than normTolerance, relatively,
// from the one before: many times at first, mostly once after a weight change.
const (
	normSteps     = 100
	normTolerance = 1e-3
)

// normCost is what an iteration takes for each weight, in vectorised operations.
const normCost = 8

// update brings the norms of the layers that are wanted up to the weights.
func (w *norms) update(n *Network, wanted []bool) {
	var stale []int
	weights := 0
	for i, v := range w.versions {
		if wanted[i] && v != n.version {
			stale = append(stale, i)
			weights += n.sizes[i] * n.sizes[i+1]
			w.versions[i] = n.version
		}
	}
	pool.Each(pool.Workers(n.workers, normCost*weights), len(stale), func(at int) {
		i := stale[at]
		for range normSteps {
			last := w.of[i]
			if d := n.weights[i]; d.Dtype() == tensor.Float32 {
				w.of[i] = powerStep(d.Float32s(), n.precisions[i], w.left[i], w.right[i])
			} else {
				w.of[i] = powerStep(d.Float64s(), n.precisions[i], w.left[i], w.right[i])
			}
			if math.Abs(w.of[i]-last) <= normTolerance*w.of[i] {
				break
			}
		}
	})
}

// powerStep sets x to WᵀΠW x, which the next step normalises, and returns
// √‖WᵀΠW x‖ for the unit x along the one it was given: an estimate, from below, of
// the spectral norm of √Π W. A nil precision is 1.
func powerStep[T float32 | float64](w []T, precision *tensor.Dense, left, x []float64) float64 {
	norm2 := 0.0
	for _, v := range x {
		norm2 += v * v
	}
	scale := 1 / math.Sqrt(norm2)
	for j := range x {
		x[j] *= scale
	}
	k := len(x)
	for i := range left {
		sum := 0.0
		for j, v := range w[i*k : (i+1)*k] {
			sum += float64(v) * x[j]
		}
		if precision != nil {
			sum *= element(precision, i)
		}
		left[i] = sum
	}
	clear(x)
	for i, l := range left {
		for j, v := range w[i*k : (i+1)*k] {
			x[j] += l * float64(v)
		}
	}
	norm2 = 0
	for _, v := range x {
		norm2 += v * v
	}
	if norm2 == 0 || !finite(norm2) {
		for j := range x { // no direction to follow: begin anew the next time
			x[j] = 1
		}
	}
	return math.Sqrt(math.Sqrt(norm2))
}
