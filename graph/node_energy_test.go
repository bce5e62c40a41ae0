package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
)

// TestNodeEnergyErrors holds the error of each form against central differences
// of its energy by μ, −∂E/∂μ, and the derivative that Grad builds against it: for
// values that sum to other numbers than 1, with missing units and without.
func TestNodeEnergyErrors(t *testing.T) {
	const tol = 1e-6
	for _, k := range []*NodeEnergy{Gaussian, CrossEntropy, Bernoulli, Laplace} {
		for _, masked := range []bool{false, true} {
			if masked && k.Settles() {
				continue // its free units are no missing data
			}
			t.Run(fmt.Sprintf("%v/masked=%v", k, masked), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				g := G.NewGraph()
				node := func(name string) *G.Node {
					return G.NewMatrix(g, G.Float64, G.WithName(name), G.WithShape(3, 4), G.WithValue(random(rng, G.Float64, 3, 4)))
				}
				v, mu := node("v"), node("μ")
				x := mu.Value().Data().([]float64)
				for i := range x {
					v.Value().Data().([]float64)[i] = rng.Float64()
					x[i] *= 3
				}
				var free *G.Node
				if masked {
					free = node("M")
					for i := range x {
						free.Value().Data().([]float64)[i] = float64(i % 5 % 2)
					}
				}
				b := &op.Builder{}
				var terms Term
				k.write("", &terms, v, mu, free, 1, b)
				must(t, b.Err)
				grads, err := G.Grad(terms.Energy, mu)
				must(t, err)
				eps := append([]float64(nil), floats(eval(t, terms.Error))...)
				grad := append([]float64(nil), floats(eval(t, grads[0]))...)
				at := append([]float64(nil), x...)
				want := fd.Gradient(nil, func(p []float64) float64 {
					copy(x, p)
					return floats(eval(t, terms.Energy))[0]
				}, at, &fd.Settings{Formula: fd.Central})
				for i, d := range want {
					if math.Abs(grad[i]-d) > tol*(1+math.Abs(d)) || math.Abs(eps[i]+d) > tol*(1+math.Abs(d)) {
						t.Errorf("element %d: error %v, gradient %v, central difference %v", i, eps[i], grad[i], d)
					}
				}
			})
		}
	}
}

// TestCurvature holds the bound on the curvature against the largest eigenvalue
// of the Hessian by μ, by central differences of the error, at random μ and, to
// see that the bound is not idle, where it is reached.
func TestCurvature(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, k := range []*NodeEnergy{CrossEntropy, Bernoulli} {
		f := k.f64
		highest := 0.0
		for trial := range 200 {
			const d = 4
			mu, v := make([]float64, d), make([]float64, d)
			for i := range mu {
				mu[i] = 4 * rng.NormFloat64()
				v[i] = rng.Float64()
			}
			if trial == 0 { // p = (½, ½, 0, 0) and (½, ½, …)
				copy(mu, map[*NodeEnergy][]float64{CrossEntropy: {0, 0, -40, -40}, Bernoulli: {0, 0, 0, 0}}[k])
			}
			mass := 1.0
			if k == CrossEntropy {
				mass = 0
				for _, x := range v {
					mass += x
				}
			}
			h := mat.NewDense(d, d, nil)
			fd.Jacobian(h, func(eps, mu []float64) {
				p := make([]float64, d)
				f.predict(p, mu)
				f.err(eps, v, p, nil)
			}, mu, &fd.JacobianSettings{Formula: fd.Central})
			var svd mat.SVD
			svd.Factorize(h, mat.SVDNone)
			highest = max(highest, svd.Values(nil)[0]/mass)
		}
		if bound := k.Curvature(); highest > bound*(1+1e-6) || highest < 0.99*bound {
			t.Errorf("%v: largest curvature %v, bound %v", k, highest, bound)
		}
	}
}

// TestStepIsNewtons moves a node of a network without activations, with precisions,
// a prior and each form whose largest curvature is the same for all units: where
// the curvature is largest H is the Hessian by the node, and its step goes back.
func TestStepIsNewtons(t *testing.T) {
	for _, k := range []*NodeEnergy{Gaussian, Bernoulli} {
		s := chain{Sizes: []int{6, 4, 5, 3}, Activations: []*feature.Activation{feature.Identity, feature.Identity, feature.Identity}, Clamped: []bool{true, false, false, true},
			Energies: []*NodeEnergy{k, Gaussian, Gaussian}, Precise: []bool{k == Gaussian, true, false}, Prior: 0.6, Steps: BlockSteps, Batch: 1, Dtype: tensor.Float64}
		e, err := Build(s.spec())
		must(t, err)
		bindRandom(t, e, 3)
		for _, n := range append(append(G.Nodes{}, e.Latents[1:]...), e.Terms[0].Bias, e.Terms[1].Bias, e.Terms[2].Bias) {
			n.Value().(*tensor.Dense).Zero()
		}
		m, err := Compile(e)
		must(t, err)
		for _, l := range []int{1, 2} {
			steps := func() []float64 {
				must(t, m.RunAll())
				m.shards[0].Steps()
				return append([]float64(nil), m.shards[0].Step(l).Float64s()...)
			}
			v := e.Latents[l].Value().Data().([]float64)
			before := steps()
			const by = 1e-4
			for j := range v {
				v[j] += by
				for i, x := range steps() {
					want := map[bool]float64{true: by}[i == j]
					if math.Abs(x-before[i]-want) > 1e-3*by {
						t.Errorf("%v: node %d, unit %d moved by %v: step %d changed by %v", k, l, j, by, i, x-before[i])
					}
				}
				v[j] = 0
			}
		}
	}
}

// TestExtremeLogits looks for overflow where predictions are 0 and 1.
func TestExtremeLogits(t *testing.T) {
	mu, p, eps := []float32{3000, -3000, 0}, make([]float32, 3), make([]float32, 3)
	for _, c := range []struct {
		kind *NodeEnergy
		v    []float32
		want float64
	}{
		{CrossEntropy, []float32{1, 0, 0}, 0},
		{CrossEntropy, []float32{0, 0, 1}, 3000},
		{CrossEntropy, []float32{0, 1, 0}, 6000},
		{Bernoulli, []float32{1, 0, 0}, math.Ln2},
		{Bernoulli, []float32{0, 0, 1}, 3000 + math.Ln2},
		{Bernoulli, []float32{0, 1, 0}, 6000 + math.Ln2},
	} {
		f := c.kind.f32
		f.predict(p, mu)
		f.err(eps, c.v, p, nil)
		if got := f.energy(c.v, mu, nil); math.Abs(got-c.want) > 1e-9*(1+c.want) {
			t.Errorf("%v of %v: energy %v, want %v", c.kind, c.v, got, c.want)
		}
		for i := range p {
			if !(p[i] >= 0 && p[i] <= 1) || !(eps[i] >= -1 && eps[i] <= 1) {
				t.Errorf("%v of %v: prediction %v, error %v", c.kind, c.v, p, eps)
			}
		}
	}
}
