package graph

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// cyclic is a map of the user's own: a circular convolution with as many weights as units.
var cyclic = &linear.Own{
	Name: "cyclic",
	Shape: func(k, n int) ([]int, error) {
		if k != n {
			return nil, fmt.Errorf("must have %d units, got %d", n, k)
		}
		return []int{n}, nil
	},
	Product: func(out, psi, theta []float64) {
		for i := range out {
			out[i] = 0
			for j, w := range theta {
				out[i] += w * psi[(i+j)%len(psi)]
			}
		}
	},
	Pullback: func(psi, delta, theta []float64) {
		clear(psi)
		for i, d := range delta {
			for j, w := range theta {
				psi[(i+j)%len(psi)] += w * d
			}
		}
	},
	Add: func(into, delta, psi []float64) {
		for i, d := range delta {
			for j := range into {
				into[j] += d * psi[(i+j)%len(psi)]
			}
		}
	},
	Norm: func(theta []float64) (sum float64) {
		for _, w := range theta {
			sum += math.Abs(w)
		}
		return sum
	},
}

// convolutions of which images of 2×3, 1×2 and 4 positions take one to each other.
var convolutions = []string{"conv 2x3 stride 2 pad 0x1", "conv-transpose 2 stride 2x1", "conv 3x2 pad same groups 2", "conv 2x3 pad same"}

// shapedTexts are features that take images of these positions to others, or to vectors.
var shapedTexts = []string{"flatten", "max-pool 2 stride 1", "max-pool 1x2", "max-pool 3 stride 2 pad 1", "avg-pool 1x2", "avg-pool 2 stride 1 pad 1", "global-avg-pool", "upsample 1x2", "upsample 2", "layer-norm", "rms-norm"}

// shapedFeature draws one that is for images of a shape, the identity where none is.
func shapedFeature(t *rapid.T, of tensor.Shape) feature.Feature {
	f, err := feature.Parse(rapid.SampledFrom(shapedTexts).Draw(t, "shaped"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := f.Shape(of)
	if _, norm := f.(*feature.Normalise); err != nil || made.TotalSize() > 24 || norm && of.TotalSize() < 4 { // of which the spread may be next to none
		return feature.Identity
	}
	return f
}

// randomSpec draws a network: nodes that predict each other along any graph, circles
// among them, vectors or images, by any feature and map, in both conventions, with shared parameters,
// weights, priors, precisions, clamps and masks. Linear ones have identities alone.
func randomSpec(t *rapid.T, linearOnly bool) Spec {
	s := Spec{Batch: rapid.IntRange(1, 3).Draw(t, "batch"), Dtype: tensor.Float64}
	yes := func(of int, what string) bool { return rapid.IntRange(1, of).Draw(t, what) == 1 }
	same := rapid.IntRange(1, 4).Draw(t, "size")
	images := !linearOnly && yes(3, "images")
	for l := range rapid.IntRange(2, 5).Draw(t, "nodes") {
		n := Node{Name: fmt.Sprintf("n%d", l), Shape: tensor.Shape{same}}
		if yes(2, "other size") {
			n.Shape = tensor.Shape{rapid.IntRange(1, 4).Draw(t, "its size")}
		}
		if images {
			positions := rapid.SampledFrom([]tensor.Shape{{2, 3}, {2, 3}, {1, 2}, {4}}).Draw(t, "positions")
			n.Shape = append(positions.Clone(), rapid.IntRange(1, 2).Draw(t, "channels"))
		}
		switch rapid.IntRange(0, 4).Draw(t, "clamp") {
		case 0:
			n.Clamped = true
		case 1:
			n.Masked = true
		}
		if yes(4, "prior") {
			n.Prior = 0.3
		}
		s.Nodes = append(s.Nodes, n)
	}
	smooth := []*feature.Activation{feature.Identity, feature.Tanh, feature.Sigmoid, feature.GELU, feature.Softplus}
	if linearOnly {
		smooth = smooth[:1]
	}
	activation := func() *feature.Activation { return rapid.SampledFrom(smooth).Draw(t, "activation") }
	last := len(s.Nodes) - 1
	predict := func(l int) {
		of := s.Nodes[l]
		p := Prediction{Of: of.Name, Bias: yes(2, "bias"), Precise: yes(3, "precise")}
		if yes(3, "after") {
			p.After = activation()
			if images && p.Bias && of.Size() >= 4 && yes(3, "after of positions") {
				p.After = feature.LayerNorm
			}
		}
		if yes(3, "weight") {
			p.Weight = 0.7
		}
		if !linearOnly && yes(4, "laplace") {
			p.Energy, p.Precise = Laplace, false
		}
		for range rapid.IntRange(1, 3).Draw(t, "edges") {
			source := rapid.IntRange(0, last).Draw(t, "source")
			from := s.Nodes[source]
			e := Edge{From: []string{from.Name}, Feature: activation(), Feedback: source <= l}
			psi := from.Shape
			if yes(5, "concat") {
				other := rapid.IntRange(0, last).Draw(t, "other source")
				if side, err := (feature.Concat{}).Shape(psi, s.Nodes[other].Shape); err == nil {
					e.From = append(e.From, s.Nodes[other].Name)
					e.Feature = feature.Sequence{feature.Concat{}, activation()}
					e.Feedback = e.Feedback || other <= l
					psi = side
				}
			}
			if images && len(e.From) == 1 && yes(2, "of positions") {
				f := shapedFeature(t, psi)
				e.Feature = feature.Sequence{f, e.Feature}
				psi, _ = f.Shape(psi)
			}
			k := psi.TotalSize()
			switch rapid.IntRange(0, 5).Draw(t, "map") {
			case 0:
				if k == of.Size() {
					e.Map = linear.Diagonal{}
				}
			case 1:
				if k == of.Size() {
					e.Map = linear.Fixed{}
				}
			case 2:
				e.Map = linear.Fixed{Matrix: random(rand.New(rand.NewPCG(5, uint64(k))), s.Dtype, of.Size(), k)}
			case 4:
				if k == of.Size() {
					e.Map = cyclic
				}
			case 3:
				e.Share = fmt.Sprintf("w%d×%d", of.Size(), k)
			}
			if images && yes(2, "convolution") {
				for _, text := range convolutions {
					m, err := linear.ParseMap(text)
					if err != nil {
						t.Fatal(err)
					}
					if out, err := m.Out(psi, of.Shape); err == nil && out.Eq(of.Shape) {
						e.Map, e.Share = m, ""
						if yes(2, "share") {
							e.Share = fmt.Sprintf("%s of %v by %v", text, psi[1:], of.Shape[1:])
						}
						break
					}
				}
			}
			if yes(3, "scale") {
				e.Scale = -0.6
			}
			p.Edges = append(p.Edges, e)
		}
		s.Predictions = append(s.Predictions, p)
	}
	predict(0)
	for l := range last {
		for range rapid.IntRange(0, 2).Draw(t, "predictions") {
			predict(l)
		}
	}
	if yes(2, "of the last") {
		predict(last)
	}
	// a node that nobody has to do with has no place in an energy
	for l := range s.Nodes {
		if s.Nodes[l].Prior == 0 {
			s.Nodes[l].Prior = 0.1
		}
	}
	return s
}

// show describes a Spec, a node, a prediction and an edge a line.
func show(s Spec) string {
	out := fmt.Sprintf("batch %d\n", s.Batch)
	for _, n := range s.Nodes {
		out += fmt.Sprintf("node %+v\n", n)
	}
	for _, p := range s.Predictions {
		out += fmt.Sprintf("of %s after %v bias %v energy %v precise %v weight %v\n", p.Of, p.After, p.Bias, p.Energy, p.Precise, p.Weight)
		for _, e := range p.Edges {
			out += fmt.Sprintf("   from %v ψ %v map %v scale %v share %q feedback %v\n", e.From, e.Feature, e.Map, e.Scale, e.Share, e.Feedback)
		}
	}
	return out
}
