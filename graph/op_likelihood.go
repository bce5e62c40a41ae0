package graph

import (
	"math"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// family is what tells the energies of probabilities apart, each on the row of
// one example. free, nil for none, is 1 where a unit is free and 0 where it is
// fixed; a free unit is missing data and enters neither error nor energy.
type family[T vec.Float] struct {
	predict func(p, mu []T)               // p = the prediction
	err     func(eps, v, p, free []T)     // eps = −∂E/∂μ
	energy  func(v, mu, free []T) float64 // −log-likelihood of v
}

func familyOf[T vec.Float](k NodeEnergy) family[T] {
	if k == CrossEntropy {
		return family[T]{softmax[T], crossEntropyError[T], crossEntropy[T]}
	}
	return family[T]{sigmoid[T], bernoulliError[T], bernoulli[T]}
}

func missing[T vec.Float](free []T, i int) bool { return free != nil && free[i] != 0 }

// softmax sets p = exp(μ) / Σ exp(μ), shifted by the largest μ.
func softmax[T vec.Float](p, mu []T) {
	high := largest(mu)
	sum := 0.0
	for i, x := range mu {
		e := math.Exp(float64(x - high))
		sum += e
		p[i] = T(e)
	}
	vec.Scale(p, T(1/sum))
}

func largest[T vec.Float](mu []T) T {
	high := mu[0]
	for _, x := range mu[1:] {
		high = max(high, x)
	}
	return high
}

// crossEntropyError sets eps = v − (Σ v) p, v being 0 where it is missing.
func crossEntropyError[T vec.Float](eps, v, p, free []T) {
	var mass T
	for i, x := range v {
		if !missing(free, i) {
			mass += x
		}
	}
	for i, x := range v {
		if missing(free, i) {
			x = 0
		}
		eps[i] = x - mass*p[i]
	}
}

// crossEntropy returns Σ v (log Σ exp(μ) − μ).
func crossEntropy[T vec.Float](v, mu, free []T) float64 {
	high := largest(mu)
	sum := 0.0
	for _, x := range mu {
		sum += math.Exp(float64(x - high))
	}
	log := math.Log(sum)
	energy := 0.0
	for i, x := range v {
		if x != 0 && !missing(free, i) {
			energy += float64(x) * (log - float64(mu[i]-high))
		}
	}
	return energy
}

func sigmoid[T vec.Float](p, mu []T) { vec.Apply(vec.Sigmoid, p, mu) }

// bernoulliError sets eps = v − p, 0 where v is missing.
func bernoulliError[T vec.Float](eps, v, p, free []T) {
	vec.Sub(eps, v, p)
	for i, m := range free {
		if m != 0 {
			eps[i] = 0
		}
	}
}

// bernoulli returns Σ softplus(μ) − v μ, with softplus(μ) = max(μ, 0) + log(1 +
// exp(−|μ|)).
func bernoulli[T vec.Float](v, mu, free []T) float64 {
	energy := 0.0
	for i, x := range mu {
		if !missing(free, i) {
			x := float64(x)
			energy += max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - float64(v[i])*x
		}
	}
	return energy
}

// predict is the prediction p of an energy of probabilities: μ (B, d) → (B, d).
// It is differentiated as a part of the energy.
type predict struct {
	op
	kind NodeEnergy
}

func newPredict(k NodeEnergy) predict { return predict{op{k.String() + " prediction", 1}, k} }

func (predict) Type() hm.Type { return signature("mm") }

func (o predict) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.same(in, 2) }

func (o predict) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], predictRef[float32](o.kind, s[1]), predictRef[float64](o.kind, s[1]))
}

func predictRef[T vec.Float](k NodeEnergy, d int) reference[T] {
	f := familyOf[T](k)
	return func(dst []T, in [][]T) float64 {
		for lo := 0; lo < len(dst); lo += d {
			f.predict(dst[lo:lo+d], in[0][lo:lo+d])
		}
		return 0
	}
}

// deviation is the error of an energy of probabilities: v, p and, where units are
// missing, the mask, 1 for those, all (B, d) → (B, d). It is differentiated as a
// part of the energy.
type deviation struct {
	op
	kind NodeEnergy
}

func newDeviation(k NodeEnergy, masked bool) deviation {
	o := deviation{op{k.String() + " error", 2}, k}
	if masked {
		o.arity = 3
	}
	return o
}

func (o deviation) Type() hm.Type { return signature("mmmm"[:o.arity+1]) }

func (o deviation) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return o.same(in, []int{2, 2, 2}[:o.arity]...)
}

func (o deviation) Do(in ...G.Value) (G.Value, error) {
	s := in[0].Shape()
	return do(in, s[0], s[1], deviationRef[float32](o.kind, s[1]), deviationRef[float64](o.kind, s[1]))
}

func deviationRef[T vec.Float](k NodeEnergy, d int) reference[T] {
	f := familyOf[T](k)
	return func(dst []T, in [][]T) float64 {
		for lo := 0; lo < len(dst); lo += d {
			f.err(dst[lo:lo+d], in[0][lo:lo+d], in[1][lo:lo+d], row(in, 2, lo, d))
		}
		return 0
	}
}

// row returns the row of input i that begins at lo, nil where there is no such
// input.
func row[T vec.Float](in [][]T, i, lo, d int) []T {
	if i >= len(in) {
		return nil
	}
	return in[i][lo : lo+d]
}

// likelihood is an energy of probabilities over the batch: v, μ, ε and, where
// units are missing, the mask, 1 for those, all (B, d) → scalar. Its derivative by
// μ is −ε, which already stands in the graph; the other inputs are data, or parts
// of the same function of μ, and are not differentiated.
type likelihood struct {
	op
	kind NodeEnergy
}

func newLikelihood(k NodeEnergy, masked bool) likelihood {
	o := likelihood{op{k.String(), 3}, k}
	if masked {
		o.arity = 4
	}
	return o
}

func (o likelihood) Type() hm.Type      { return signature("mmmm"[:o.arity] + "s") }
func (o likelihood) DiffWRT(int) []bool { return []bool{false, true, false, false}[:o.arity] }

func (o likelihood) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	if _, err := o.same(in, []int{2, 2, 2, 2}[:o.arity]...); err != nil {
		return nil, err
	}
	return tensor.ScalarShape(), nil
}

func (o likelihood) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if !isOne(grad) {
		return nil, errScaled
	}
	g, err := G.ApplyOp(newNegate(), in[2])
	return G.Nodes{nil, g, nil, nil}[:o.arity], err
}

func (o likelihood) Do(in ...G.Value) (G.Value, error) {
	d := in[0].Shape()[1]
	return do(in, 0, 0, likelihoodRef[float32](o.kind, d), likelihoodRef[float64](o.kind, d))
}

func likelihoodRef[T vec.Float](k NodeEnergy, d int) reference[T] {
	f := familyOf[T](k)
	return func(_ []T, in [][]T) float64 {
		sum := 0.0
		for lo := 0; lo < len(in[0]); lo += d {
			sum += f.energy(in[0][lo:lo+d], in[1][lo:lo+d], row(in, 3, lo, d))
		}
		return sum
	}
}
