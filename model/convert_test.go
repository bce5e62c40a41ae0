package model

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/dense"
)

// rich returns networks that have, among them, everything that a network can have
// beside its weights.
func rich(t *testing.T, dtype Dtype, seed uint64) map[string]*Network {
	t.Helper()
	own := func(bend float64) *feature.Activation {
		return feature.NewActivation("test-own", func(x float64) float64 { return x + bend*math.Sin(x) },
			func(x, _ float64) float64 { return 1 + bend*math.Cos(x) }, 1+bend)
	}
	must(t, feature.RegisterActivation(own(0.5)))
	networks := map[string]*Network{}
	for name, cfg := range map[string]Config{
		"plain":      {Layers: []int{5, 4, 6, 3}},
		"generative": {Layers: []int{5, 4, 6, 3}, Direction: Generative, Precisions: []float64{2, 0.5, 3, 1}, WeightDecay: 0.01},
		"learned":    {Layers: []int{5, 4, 6, 3}, Energies: []NodeEnergy{Gaussian, GaussianLearned, Gaussian, Gaussian}, Precisions: []float64{1, 2, 1, 1}},
		"classes":    {Layers: []int{5, 4, 6, 3}, Energies: []NodeEnergy{Gaussian, Gaussian, Gaussian, CrossEntropy}, ActivityPrior: 0.1},
		"own":        {Layers: []int{5, 4, 6, 3}, Activation: "test-own", TopActivation: "tanh"},
	} {
		cfg.Dtype, cfg.Seed = dtype, seed
		n, err := New(cfg)
		must(t, err)
		must(t, n.SetMetadata("pcn.classes", "setosa, versicolor"))
		for l := range n.Predictions() {
			if p := make([]float64, n.Size(l)); name != "plain" && n.NodeEnergy(l) != CrossEntropy && l != 2 {
				for j := range p {
					p[j] = 0.25 + float64(j)/2 + float64(l)
				}
				must(t, n.SetPrecision(l, p))
			}
		}
		networks[name] = n
	}
	must(t, feature.RegisterActivation(own(0.1))) // in place of the one that "own" has
	return networks
}

// course is what there is to see of a network.
type course struct {
	Config              Config
	Text, Metadata      string
	Precisions          [][]float64
	Rate                float64
	Latents             [][]float64
	Energies, Low, High []float64
	Hebbian             []float64
	NextEnerg           float64
}

// courseOf settles n, learns a little and settles again.
func courseOf(t *testing.T, n *Network) (c course) {
	t.Helper()
	dtype := n.cfg.Dtype
	of := n.Clamp(converted(randomBatch(1, Float32, 3, n.Size(n.InputNode())), dtype), converted(randomBatch(2, Float32, 3, n.Size(n.TargetNode())), dtype))
	if n.NodeEnergy(0) == CrossEntropy {
		hot, err := n.OneHot([]int{0, 2, 1})
		must(t, err)
		of["target"] = Clamp{Values: hot}
	}
	inf := Inference{Steps: 40, Rate: 0.02}
	r, err := n.Settle(context.Background(), of, inf)
	must(t, err)
	c.Config, c.Text, c.Metadata, c.Rate = n.Config(), n.String(), n.Metadata("pcn.classes"), r.Rate
	c.Energies = append(c.Energies, r.NodeEnergy...)
	c.Energies = append(c.Energies, r.ExampleEnergy...)
	for l, v := range r.Latents {
		c.Latents = append(c.Latents, floats(v))
		if l < n.Predictions() {
			c.Precisions = append(c.Precisions, n.Precision(l))
		}
	}
	u := n.NewUpdate()
	must(t, n.Hebbian(r, u))
	h, err := n.Hessian(of, r.Latents)
	must(t, err)
	spectra, err := h.Spectra(context.Background())
	must(t, err)
	for _, s := range spectra {
		c.Low, c.High = append(c.Low, s.Low), append(c.High, s.High)
	}
	for i, d := range u.Directions() {
		c.Hebbian = append(c.Hebbian, floats(d)...)
		dense.AddScaled(n.Parameters()[i], 0.01, d)
	}
	n.Changed()
	r, err = n.Settle(context.Background(), of, inf)
	must(t, err)
	c.NextEnerg = r.Energy
	return c
}

// learned moves n off where it was made.
func learned(t *testing.T, n *Network) {
	t.Helper()
	for _, p := range n.Parameters() {
		dense.AddScaled(p, 0.05, randomBatch(9, n.cfg.Dtype, 1, p.Shape().TotalSize()))
	}
	n.Changed()
	n.MaxRate(n.Clamp(nil, nil)) // follows the norms
}

// TestCopiesHaveEverything takes networks through each way by which one becomes
// another, and compares what settles in them, to the same bits.
func TestCopiesHaveEverything(t *testing.T) {
	for _, dtype := range []Dtype{Float32, Float64} {
		for name, n := range rich(t, dtype, 1) {
			learned(t, n)
			ways := map[string]func() (*Network, error){
				"as": func() (*Network, error) { return n.As(dtype) },
				"as float64 and back": func() (*Network, error) {
					wide, err := n.As(Float64)
					must(t, err)
					return wide.As(dtype)
				},
				"state": func() (*Network, error) {
					c := rich(t, dtype, 7)[name] // has all but what it has learned
					for l := range c.Predictions() {
						if c.terms[l].precision != nil {
							must(t, c.SetPrecision(l, filledWith(1.5, c.Size(l))))
						}
					}
					c.cfg.Seed = n.cfg.Seed
					return c, c.SetState(n.State().Clone())
				},
			}
			if name != "own" { // whose functions are in no file
				ways["file"] = func() (*Network, error) {
					var b bytes.Buffer
					must(t, n.Write(&b))
					c, err := Read(b.Bytes(), Config{})
					must(t, err)
					return c, c.SetState(n.State()) // how far the norms were followed is in no file
				}
				ways["NumPy"] = func() (*Network, error) {
					var b bytes.Buffer
					must(t, n.WriteNPZ(&b))
					c, err := Read(b.Bytes(), Config{})
					must(t, err)
					c.norms = n.norms.clone(n)
					c.version = n.version
					return c, nil
				}
			}
			copies := map[string]*Network{}
			for way, f := range ways {
				c, err := f()
				must(t, err)
				copies[way] = c
			}
			want := courseOf(t, n) // and has no part in the copies
			for way, c := range copies {
				if diff := cmp.Diff(want, courseOf(t, c)); diff != "" {
					t.Errorf("%s, %v, %s: %s", name, dtype, way, diff)
				}
			}
		}
	}
}

func filledWith(x float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = x
	}
	return all
}

// TestAsKeepsWhatSettles compares what As makes of float32 networks with networks
// that were made in float64 and given the same numbers, and with themselves.
func TestAsKeepsWhatSettles(t *testing.T) {
	for name, n := range rich(t, Float32, 1) {
		learned(t, n)
		want := rich(t, Float64, 1)[name]
		for i, p := range n.Parameters() {
			copy(want.Parameters()[i].Float64s(), converted(p, Float64).Float64s())
		}
		want.Changed()
		got, err := n.As(Float64)
		must(t, err)
		narrow, wide, exact := courseOf(t, n), courseOf(t, got), courseOf(t, want)
		for what, of := range map[string]func(course) []float64{
			"energies": func(c course) []float64 { return c.Energies },
			"latents":  func(c course) []float64 { return flat(c.Latents) },
			"Hebbian":  func(c course) []float64 { return c.Hebbian },
			"low":      func(c course) []float64 { return c.Low },
			"high":     func(c course) []float64 { return c.High },
		} {
			near(t, name+": "+what, of(wide), of(exact), 1e-6)
			if what != "low" && what != "high" { // differences in float32 have four digits
				near(t, name+": float32: "+what, of(narrow), of(exact), 2e-6)
			}
		}
	}
}

// TestStateTakesBackPrecisions has a state put back in a network that has been given
// precisions since.
func TestStateTakesBackPrecisions(t *testing.T) {
	n, err := New(Config{Layers: []int{3, 4, 2}, Precisions: []float64{1, 2, 1}, Dtype: Float64})
	must(t, err)
	before := n.State().Clone()
	for l := range n.Predictions() {
		must(t, n.SetPrecision(l, filledWith(5, n.Size(l))))
	}
	must(t, n.SetState(before))
	near(t, "bottom", n.Precision(0), []float64{1, 1}, 0)
	near(t, "middle", n.Precision(1), []float64{2, 2, 2, 2}, 0)
	r, err := n.Settle(context.Background(), n.Clamp(randomBatch(1, Float64, 1, 3), randomBatch(2, Float64, 1, 2)), Inference{Steps: 1, Unguarded: true})
	must(t, err)
	energy := 0.0
	for _, e := range floats(r.Errors[0]) {
		energy += e * e / 2
	}
	near(t, "energy at the bottom", r.NodeEnergy[:1], []float64{energy}, 1e-12)

	bad := before.Clone()
	bad.SetTensor("precision.0", tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2)))
	if err := n.SetState(bad); err == nil || !strings.Contains(err.Error(), "precision of target: [0]: must be a number > 0") {
		t.Errorf("a precision of 0: %v", err)
	}
}
