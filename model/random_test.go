package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// randomConfig draws a network of any shape: nodes that predict each other, by one or
// several edges, in circles and from both sides, with shared parameters, gains,
// identities, scales, weights, precisions and priors. A linear one has identities and
// Gaussian energies alone, and sources that are side by side only where mixed says so.
func randomConfig(t *rapid.T, linear, mixed bool) Config {
	yes := func(of int, what string) bool { return rapid.IntRange(1, of).Draw(t, what) == 1 }
	c := Config{Dtype: Float64, Seed: rapid.Uint64Range(1, 1000).Draw(t, "seed")}
	same := rapid.IntRange(1, 4).Draw(t, "size")
	chain := yes(2, "chain") // one prediction of a node, by one map of another
	for l := range rapid.IntRange(2, 5).Draw(t, "nodes") {
		n := Node{Name: fmt.Sprintf("n%d", l), Size: same}
		if yes(2, "other size") {
			n.Size = rapid.IntRange(1, 4).Draw(t, "its size")
		}
		if yes(4, "prior") {
			n.Prior = 0.3
		}
		c.Nodes = append(c.Nodes, n)
	}
	last := len(c.Nodes) - 1
	c.Input, c.Target = c.Nodes[last].Name, c.Nodes[0].Name
	activation := func() string {
		if linear {
			return ""
		}
		return rapid.SampledFrom([]string{"", "tanh", "sigmoid", "gelu", "softplus"}).Draw(t, "activation")
	}
	predict := func(l int) {
		of := c.Nodes[l]
		p := Prediction{Of: of.Name, Unbiased: yes(2, "unbiased")}
		if yes(3, "after") {
			p.After = activation()
		}
		if !chain && yes(3, "weight") {
			p.Weight = 0.7
		}
		if yes(3, "precise") {
			p.Precision = 2
		}
		if !linear {
			p.Energy = NodeEnergy(rapid.SampledFrom(NodeEnergies()).Draw(t, "energy"))
			if p.Energy == CrossEntropy && c.Nodes[l].Size == 1 {
				p.Energy = Bernoulli
			}
			if p.Energy.Form().Settles() == false || p.Energy == Laplace {
				p.Precision = 0
			}
		}
		edges := rapid.IntRange(1, 3).Draw(t, "edges")
		if chain {
			edges = 1
		}
		for range edges {
			source := rapid.IntRange(0, last).Draw(t, "source")
			if chain && l < last {
				source = l + 1
			}
			e := Edge{Nodes: []string{c.Nodes[source].Name}, Feature: activation(), Feedback: source <= l}
			k := c.Nodes[source].Size
			if mixed && !chain && yes(4, "side by side") {
				other := rapid.IntRange(0, last).Draw(t, "other source")
				e.Nodes = append(e.Nodes, c.Nodes[other].Name)
				e.Feedback = e.Feedback || other <= l
				k += c.Nodes[other].Size
			}
			switch kind := rapid.IntRange(0, 3).Draw(t, "map"); {
			case chain:
			case kind == 0 && k == of.Size:
				e.Map = "diagonal"
				if yes(2, "share gains") {
					e.Share = fmt.Sprintf("g%d", k)
				}
			case kind == 1 && k == of.Size:
				e.Map = "identity"
			case kind == 2:
				e.Share = fmt.Sprintf("w%d×%d", of.Size, k)
			}
			if yes(3, "scale") {
				e.Scale = -0.6
			}
			p.From = append(p.From, e)
		}
		c.Predictions = append(c.Predictions, p)
	}
	most := 2
	if chain {
		most = 1
	}
	predict(0)
	for l := 1; l < last; l++ {
		for range rapid.IntRange(0, most).Draw(t, "predictions") {
			predict(l)
		}
	}
	if !chain && yes(2, "of the last") {
		predict(last)
	}
	for l := range c.Nodes { // a node that nobody has to do with has no place in an energy
		if c.Nodes[l].Prior == 0 && !slices.ContainsFunc(c.Predictions, func(p Prediction) bool {
			return p.Of == c.Nodes[l].Name || slices.ContainsFunc(p.From, func(e Edge) bool { return slices.Contains(e.Nodes, c.Nodes[l].Name) })
		}) {
			c.Nodes[l].Prior = 0.1
		}
	}
	return c
}

// randomNetwork makes the network of a configuration, with biases and gains, and unit by
// unit precisions, of its own.
func randomNetwork(t *rapid.T, c Config) *Network {
	n, err := New(c)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	rng := rand.New(rand.NewPCG(c.Seed, 3))
	for _, p := range n.Named() {
		if p.Value.Dims() == 1 && !strings.HasSuffix(p.Name, "log_precision") {
			for i := range p.Value.Float64s() {
				p.Value.Float64s()[i] = rng.NormFloat64()
			}
		}
	}
	for i, term := range n.terms {
		if term.precision != nil && rng.IntN(2) == 0 {
			p := make([]float64, n.sizes[n.wiring.Of[i]])
			for j := range p {
				p[j] = math.Exp(rng.NormFloat64() / 2)
			}
			if err := n.setPrecision(i, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	n.Changed()
	return n
}

// randomClamps fixes some nodes, and some units of others, at least one.
func randomClamps(t *rapid.T, n *Network, rows int) Clamps {
	c := Clamps{}
	rng := rand.New(rand.NewPCG(n.cfg.Seed, 4))
	for l, name := range n.Nodes() {
		v := Clamp{Values: filled(tensor.Float64, rng.NormFloat64, rows, n.sizes[l])}
		switch kind := rapid.IntRange(0, 3).Draw(t, "clamp"); {
		case kind == 0 || l == len(n.sizes)-1 && len(c) == 0:
			c[name] = v
		case kind == 1:
			v.Fixed = filled(tensor.Float64, func() float64 { return float64(rng.IntN(2)) }, rows, n.sizes[l])
			c[name] = v
		}
	}
	return c
}

// TestRandomGraphsSettleAtEquilibrium settles linear networks of any shape and holds
// latents and energy against the closed form, by each method that comes to rest; and the
// Hessian, and the bound on the rate.
func TestRandomGraphsSettleAtEquilibrium(t *testing.T) {
	const tol, steps = 1e-8, 10000
	settled := map[Method]int{}
	rapid.Check(t, func(rt *rapid.T) {
		n := randomNetwork(rt, randomConfig(rt, true, rapid.Bool().Draw(rt, "mixed")))
		c := randomClamps(rt, n, 2)
		e, err := n.Equilibrium(c)
		if err != nil {
			rt.Fatal(err)
		}
		h, err := n.Hessian(c, e.Latents)
		if err != nil {
			rt.Fatal(err)
		}
		spectra, err := h.Spectra(context.Background())
		if err != nil {
			rt.Fatal(err)
		}
		system, err := n.equations()
		must(t, err)
		for i, s := range spectra {
			if h.Size(i) == 0 {
				continue
			}
			if highest := n.MaxRate(c); highest > 1.01/s.High { // by power iteration, from below
				rt.Fatalf("%+v: the rate may be %v, and the curvature is %v", n.cfg, highest, s.High)
			}
			a, err := system.solver(n.freeUnits(n.byNumber(c), i))
			must(t, err)
			var want mat.Dense
			want.Mul(a.of.T(), a.of)
			if got := h.Dense(i); !mat.EqualApprox(got, &want, 1e-7*max(s.High, 1)) {
				rt.Fatalf("%+v: Hessian %v, want %v", n.cfg, mat.Formatted(got), mat.Formatted(&want))
			}
		}
		if !e.Unique {
			return
		}
		for i, s := range spectra {
			if h.Size(i) > 0 && !(s.Low*n.MaxRate(c) > 40.0/steps) {
				return // badly conditioned
			}
		}
		sizes := 0.0
		for _, v := range e.Latents {
			for _, x := range v.Float64s() {
				sizes = max(sizes, math.Abs(x))
			}
		}
		for _, method := range allMethods() {
			if method == Adam || method == Lion {
				continue // circle the minimum at the scale of their rate
			}
			rate := 1000.0 // as far as the guard lets it
			if !method.moves().Bounded {
				rate = 0
			}
			r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 2 * steps, Rate: rate, Start: Zeros, Tolerance: 1e-12})
			if err != nil {
				if method.moves().Form == 0 || method == ErrorCoordinates || !strings.Contains(err.Error(), "graph: chain: ") && !strings.Contains(err.Error(), "has no curvature of single units") {
					rt.Fatalf("%+v: %v: %v", n.cfg, method, err)
				}
				continue
			}
			if r.Status == StepLimit && method == ErrorCoordinates {
				continue // whose curvature is another
			}
			settled[method]++
			if r.Status != Converged && r.Residual > 1e-10 && len(h.free[0])+len(h.free[1]) > 0 {
				rt.Fatalf("%+v: %v: %v", n.cfg, method, r)
			}
			for l, v := range e.Latents {
				for i, want := range v.Float64s() {
					if got := r.Latents[l].Float64s()[i]; !(math.Abs(got-want) <= tol*max(sizes, 1)) {
						rt.Fatalf("%+v: %v: unit %d of %s settles at %v, want %v: %v", n.cfg, method, i, n.Nodes()[l], got, want, r)
					}
				}
			}
			for i, want := range append(append(slices.Clone(e.ExampleEnergy), e.NodeEnergy...), e.Energy) {
				got := append(append(slices.Clone(r.ExampleEnergy), r.NodeEnergy...), r.Energy)[i]
				if !(math.Abs(got-want) <= tol*max(e.Energy, 1)) {
					rt.Fatalf("%+v: %v: energy %d is %v, want %v", n.cfg, method, i, got, want)
				}
			}
		}
	})
	t.Logf("networks by method: %v", settled)
	for _, method := range allMethods() {
		few := method == Chain && testing.Short() // of 20 networks it may be that none settles so
		if method != Adam && method != Lion && settled[method] == 0 && !few {
			t.Errorf("no network settled by %v", method)
		}
	}
}

// TestRandomGraphsLearn holds the Hebbian update of networks of any shape, with shared
// weights, gains, learned precisions and weight decay, against −∂E/∂θ / B by central
// differences, at latents that have not settled.
func TestRandomGraphsLearn(t *testing.T) {
	const rows = 3
	parameters := 0
	rapid.Check(t, func(rt *rapid.T) {
		cfg := randomConfig(rt, false, true)
		cfg.WeightDecay = rapid.SampledFrom([]float64{0, 0.2}).Draw(rt, "decay")
		n := randomNetwork(rt, cfg)
		c := Clamps{}
		rng := rand.New(rand.NewPCG(cfg.Seed, 5))
		for l, name := range n.Nodes() {
			data := n.wiring.Nodes[l].Masked // which is not to be missing, and from 0 to 1
			if data || l == len(n.sizes)-1 && len(c) == 0 || rapid.Bool().Draw(rt, "clamped") {
				c[name] = Clamp{Values: filled(tensor.Float64, rng.Float64, rows, n.sizes[l])}
			}
		}
		r, err := n.Settle(context.Background(), c, Inference{Steps: 2})
		if err != nil {
			rt.Fatal(err)
		}
		u := n.NewUpdate()
		must(t, n.Hebbian(r, u))
		all := Clamps{} // the latents as they are
		for l, name := range n.Nodes() {
			all[name] = Clamp{Values: clone(r.Latents[l])}
		}
		for i, p := range n.Named() {
			x := p.Value.Float64s()
			at := slices.Clone(x)
			want := fd.Gradient(nil, func(w []float64) float64 {
				copy(x, w)
				n.Changed()
				r, err := n.Settle(context.Background(), all, Inference{Steps: 1})
				must(t, err)
				return -r.Energy / rows
			}, at, &fd.Settings{Formula: fd.Central})
			copy(x, at)
			n.Changed()
			for j, got := range u.Directions()[i].Float64s() {
				if parameters++; !(math.Abs(got-want[j]) <= 1e-6*(1+math.Abs(want[j]))) {
					rt.Fatalf("%+v: %s[%d]: Hebbian %v, −∂E/∂θ %v", n.cfg, p.Name, j, got, want[j])
				}
			}
		}
	})
	t.Logf("%d parameters", parameters)
}
