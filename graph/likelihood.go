package graph

import (
	"math"

	"example.com/pcn/internal/vec"
)

// CrossEntropy is −Σ v log p with the prediction p = softmax(μ): v is a distribution over
// classes, such as a one-hot label, or counts. The error is v − (Σ v) p. Its curvature is
// ½ Σ v, given here for Σ v = 1 (Böhning 1992: diag(p) − ppᵀ ≤ ½(I − 11ᵀ/k)).
var CrossEntropy = &NodeEnergy{
	name: "cross-entropy", curvature: 0.5,
	f32: family[float32]{softmax[float32], crossEntropyError[float32], crossEntropy[float32]},
	f64: family[float64]{softmax[float64], crossEntropyError[float64], crossEntropy[float64]},
}

// Bernoulli is −Σ v log p + (1−v) log(1−p) with the prediction p = σ(μ): v is a
// probability, unit by unit. The error is v − p.
var Bernoulli = &NodeEnergy{
	name: "bernoulli", curvature: 0.25,
	f32: family[float32]{sigmoid[float32], bernoulliError[float32], bernoulli[float32]},
	f64: family[float64]{sigmoid[float64], bernoulliError[float64], bernoulli[float64]},
}

func isMissing[T vec.Float](missing []T, i int) bool { return missing != nil && missing[i] != 0 }

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
func crossEntropyError[T vec.Float](eps, v, p, missing []T) {
	var mass T
	for i, x := range v {
		if !isMissing(missing, i) {
			mass += x
		}
	}
	for i, x := range v {
		if isMissing(missing, i) {
			x = 0
		}
		eps[i] = x - mass*p[i]
	}
}

// crossEntropy returns Σ v (log Σ exp(μ) − μ).
func crossEntropy[T vec.Float](v, mu, missing []T) float64 {
	high := largest(mu)
	sum := 0.0
	for _, x := range mu {
		sum += math.Exp(float64(x - high))
	}
	log := math.Log(sum)
	energy := 0.0
	for i, x := range v {
		if x != 0 && !isMissing(missing, i) {
			energy += float64(x) * (log - float64(mu[i]-high))
		}
	}
	return energy
}

func sigmoid[T vec.Float](p, mu []T) { vec.Apply(vec.Sigmoid, p, mu) }

// bernoulliError sets eps = v − p, 0 where v is missing.
func bernoulliError[T vec.Float](eps, v, p, missing []T) {
	vec.Sub(eps, v, p)
	for i, m := range missing {
		if m != 0 {
			eps[i] = 0
		}
	}
}

// bernoulli returns Σ softplus(μ) − v μ, with softplus(μ) = max(μ, 0) + log(1 +
// exp(−|μ|)).
func bernoulli[T vec.Float](v, mu, missing []T) float64 {
	energy := 0.0
	for i, x := range mu {
		if !isMissing(missing, i) {
			x := float64(x)
			energy += max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - float64(v[i])*x
		}
	}
	return energy
}
