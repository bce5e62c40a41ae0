package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// NodeEnergy is the form of a node's energy: how its latent v is measured
// against μ = φ(v_above) Wᵀ + b. The error ε is −∂E/∂μ where the precision is 1, so
// that the Hebbian update is error × activation in each of them.
type NodeEnergy int

const (
	// Gaussian is ½ Π ‖v − μ‖²: the prediction is μ itself.
	Gaussian NodeEnergy = iota
	// CrossEntropy is −Σ v log p with the prediction p = softmax(μ): v is a
	// distribution over classes, such as a one-hot label, or counts. The error is
	// v − (Σ v) p.
	CrossEntropy
	// Bernoulli is −Σ v log p + (1−v) log(1−p) with the prediction p = σ(μ): v is a
	// probability, unit by unit. The error is v − p.
	Bernoulli
)

// String returns the name by which messages know it.
func (k NodeEnergy) String() string {
	if k < 0 || int(k) >= len(nodeEnergies) {
		return fmt.Sprintf("unknown(%d)", int(k))
	}
	return nodeEnergies[k]
}

var nodeEnergies = []string{"gaussian", "cross-entropy", "bernoulli"}

// Settles reports whether a free latent of the node descends this energy. Where
// it does not, free units are missing data: the energy is summed over the
// fixed ones, and free ones have no gradient.
func (k NodeEnergy) Settles() bool { return k == Gaussian }

// Curvature returns a bound on the energy's second derivative by μ, at precision
// 1: 1 for Gaussian; ½ times Σ v for cross-entropy, given here for Σ v = 1 (Böhning
// 1992: diag(p) − ppᵀ ≤ ½(I − 11ᵀ/k)); ¼ for Bernoulli.
func (k NodeEnergy) Curvature() float64 {
	switch k {
	case CrossEntropy:
		return 0.5
	case Bernoulli:
		return 0.25
	}
	return 1
}

// Loss returns the energy of this form, of precision 1, of values v (B, d) against
// μ (B, d) as a scalar node summed over the batch. It is differentiable by μ, for
// graphs that are not the network's energy, such as the backprop baseline's.
func (k NodeEnergy) Loss(v, mu *G.Node) (*G.Node, error) {
	b := &builder{}
	t := k.write("", v, mu, nil, nil, b)
	return t.energy, b.err
}

// nodeTerms are the parts of a node's energy in a graph.
type nodeTerms struct {
	prediction, err *G.Node // (B, d)
	energy          *G.Node // scalar
}

// write adds the energy of a node to a graph, given its number for names, its
// latent v, μ, and where there are, the precision and the mask, 1 where a unit is
// free.
func (k NodeEnergy) write(at string, v, mu, precision, free *G.Node, b *builder) (t nodeTerms) {
	if k == Gaussian {
		t.prediction = mu
		t.err = b.apply("ε"+at, newDifference(), v, mu)
		in := G.Nodes{t.err}
		if precision != nil {
			in = append(in, precision)
		}
		t.energy = b.apply("E"+at, newGaussian(len(in) == 2), in...)
		return t
	}
	var mask G.Nodes
	if free != nil {
		mask = G.Nodes{free}
	}
	t.prediction = b.apply("p"+at, newPredict(k), mu)
	t.err = b.apply("ε"+at, newDeviation(k, free != nil), append(G.Nodes{v, t.prediction}, mask...)...)
	t.energy = b.apply("E"+at, newLikelihood(k, free != nil), append(G.Nodes{v, mu, t.err}, mask...)...)
	return t
}
