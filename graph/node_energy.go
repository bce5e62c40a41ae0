package graph

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/registry"
	"example.com/pcn/internal/vec"
)

// NodeEnergy is the form of a node's energy: how its latent v is measured against μ.
// The error ε is −∂E/∂μ where weight and precision are 1, so that the Hebbian update is
// error times feature in each of them. A form is a value of this type, in a file of its
// own; [NewNodeEnergy] makes others.
type NodeEnergy struct {
	name      string
	settles   bool
	curvature float64
	f32       family[float32] // nothing where it is Gaussian, which has operations of its own
	f64       family[float64]
}

// family is an energy on the row of one example. missing, nil for none, is 1 where a unit
// is free: where free latents do not descend the energy, it is missing data and enters
// neither error nor energy.
type family[T vec.Float] struct {
	predict func(p, mu []T)                  // p = the prediction; nil for μ itself
	err     func(eps, v, p, missing []T)     // eps = −∂E/∂μ
	energy  func(v, mu, missing []T) float64 // E
}

// Gaussian is ½ Π ‖v − μ‖²: the prediction is μ itself.
var Gaussian = &NodeEnergy{name: "gaussian", settles: true, curvature: 1}

// String returns the name by which configurations and messages know it.
func (k *NodeEnergy) String() string { return k.name }

// Settles reports whether a free latent of the node descends this energy, which it does
// where that depends on v − μ alone: ∂E/∂v is then ε. Elsewhere free units are missing
// data: the energy is summed over the fixed ones, and free ones have no gradient.
func (k *NodeEnergy) Settles() bool { return k.settles }

// Curvature returns a bound on the energy's second derivative by μ, at precision 1.
func (k *NodeEnergy) Curvature() float64 { return k.curvature }

// NewNodeEnergy returns an energy Σ ρ(v − μ) made of two scalar functions of the error
// of one unit: value is ρ, slope is ρ', and curvature the largest ρ”.
func NewNodeEnergy(name string, value, slope func(d float64) float64, curvature float64) *NodeEnergy {
	return &NodeEnergy{name: name, settles: true, curvature: curvature, f32: ofDifference[float32](value, slope), f64: ofDifference[float64](value, slope)}
}

func ofDifference[T vec.Float](value, slope func(float64) float64) family[T] {
	return family[T]{
		err: func(eps, v, mu, _ []T) {
			for i := range eps {
				eps[i] = T(slope(float64(v[i]) - float64(mu[i])))
			}
		},
		energy: func(v, mu, _ []T) float64 {
			sum := 0.0
			for i := range v {
				sum += value(float64(v[i]) - float64(mu[i]))
			}
			return sum
		},
	}
}

var nodeEnergies = registry.New(map[string]*NodeEnergy{
	Gaussian.name: Gaussian, CrossEntropy.name: CrossEntropy, Bernoulli.name: Bernoulli, Laplace.name: Laplace,
})

// RegisterNodeEnergy makes k known to [ParseNodeEnergy] by its name, in place of one
// registered under that name before. It returns an error when the name is empty or a
// built-in energy's, or when the curvature is not a positive number.
func RegisterNodeEnergy(k *NodeEnergy) error {
	if k == nil || k.f64.energy == nil && k != Gaussian {
		return fmt.Errorf("graph: node energy: must be of NewNodeEnergy, got none")
	}
	if !(k.curvature > 0) || math.IsInf(k.curvature, 0) {
		return fmt.Errorf("graph: node energy %q: curvature: must be a positive number, got %v", k.name, k.curvature)
	}
	if err := nodeEnergies.Add(k.name, k); err != nil {
		return fmt.Errorf("graph: node energy: %w", err)
	}
	return nil
}

// ParseNodeEnergy returns the energy of that name: a built-in one or one given to
// [RegisterNodeEnergy].
func ParseNodeEnergy(name string) (*NodeEnergy, error) { return nodeEnergies.Parse(name) }

// NodeEnergies returns the names that [ParseNodeEnergy] knows, sorted.
func NodeEnergies() []string { return nodeEnergies.Names() }

// write fills in the prediction, error and energy of a term, given its name, its latent
// v, μ, the mask, 1 where a unit is free, nil for none, and the weight of the term.
func (k *NodeEnergy) write(of string, t *Term, v, mu, free *G.Node, weight float64, b *op.Builder) {
	t.Prediction = mu
	if k == Gaussian {
		t.Error = b.Apply("ε "+of, op.Difference(), v, mu)
		in := G.Nodes{t.Error}
		if t.Precision != nil {
			in = append(in, t.Precision)
		}
		t.Energy = b.Apply("E "+of, op.Gaussian(weight, len(in) == 2), in...)
		return
	}
	var missing G.Nodes
	if free != nil && !k.settles {
		missing = G.Nodes{free}
	}
	if k.f32.predict != nil {
		t.Prediction = b.Apply("p "+of, k.predictOp(), mu)
	}
	t.Error = b.Apply("ε "+of, k.errorOp(len(missing)), append(G.Nodes{v, t.Prediction}, missing...)...)
	t.Energy = b.Apply("E "+of, k.energyOp(weight, len(missing)), append(G.Nodes{v, mu, t.Error}, missing...)...)
}

// weighed returns −∂E/∂μ of a term: its error times precision and weight.
func (k *NodeEnergy) weighed(of string, t *Term, weight float64, b *op.Builder) *G.Node {
	x := t.Error
	if t.Precision != nil {
		x = b.Apply("Πε "+of, op.Weigh(), x, t.Precision)
	}
	if weight != 1 {
		x = b.Apply("wΠε "+of, op.Scale(weight), x)
	}
	return x
}

// predictOp is the prediction p: μ (B, d) → (B, d). It is differentiated as a part of
// the energy.
func (k *NodeEnergy) predictOp() *op.Op {
	return &op.Op{Name: k.name + " prediction", In: "m", Out: 'm', Faces: op.Rowwise("m", predictRows(k.f32), predictRows(k.f64))}
}

func predictRows[T vec.Float](f family[T]) func(dst []T, x op.Rows[T], d int) {
	return func(dst []T, x op.Rows[T], d int) {
		for lo := 0; lo < len(dst); lo += d {
			f.predict(dst[lo:lo+d], x[0][lo:lo+d])
		}
	}
}

// errorOp is the error: v, p and, where units are missing, the mask, all (B, d) → (B,
// d). It is differentiated as a part of the energy.
func (k *NodeEnergy) errorOp(masks int) *op.Op {
	in := "mmm"[:2+masks]
	return &op.Op{Name: k.name + " error", In: in, Out: 'm', Faces: op.Rowwise(in, errorRows(k.f32), errorRows(k.f64))}
}

func errorRows[T vec.Float](f family[T]) func(dst []T, x op.Rows[T], d int) {
	return func(dst []T, x op.Rows[T], d int) {
		for lo := 0; lo < len(dst); lo += d {
			var missing []T
			if x[2] != nil {
				missing = x[2][lo : lo+d]
			}
			f.err(dst[lo:lo+d], x[0][lo:lo+d], x[1][lo:lo+d], missing)
		}
	}
}

// energyOp is w times the energy over the batch: v, μ, ε and, where units are missing,
// the mask, all (B, d) → scalar. Its derivative by μ is −w ε, and by v, where latents
// descend it, w ε, which already stands in the graph.
func (k *NodeEnergy) energyOp(weight float64, masks int) *op.Op {
	in := "mmmm"[:3+masks]
	o := &op.Op{
		Name: fmt.Sprintf("%v %s", weight, k.name), In: in, Out: 's', Wrt: "-x--"[:len(in)],
		Faces: op.PerExample(in, energyRow(k.f32, weight), energyRow(k.f64, weight)),
	}
	if k.settles {
		o.Wrt = "xx--"[:len(in)]
	}
	o.Derivative = func(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
		if err := op.NotScaled(grad); err != nil {
			return nil, err
		}
		eps, err := in[2], error(nil)
		if weight != 1 {
			if eps, err = G.ApplyOp(op.Scale(weight), eps); err != nil {
				return nil, err
			}
		}
		grads := make(G.Nodes, len(in))
		if k.settles {
			grads[0] = eps
		}
		grads[1], err = G.ApplyOp(op.Negate(), eps)
		return grads, err
	}
	return o
}

func energyRow[T vec.Float](f family[T], weight float64) func(op.Rows[T]) float64 {
	return func(x op.Rows[T]) float64 { return weight * f.energy(x[0], x[1], x[3]) }
}
