package rule

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// random returns (rows, d) numbers from N(0, 1).
func random(d model.Dtype, seed uint64, rows, size int) *tensor.Dense {
	rng := rand.New(rand.NewPCG(seed, 1))
	return dense.Fill(tensor.New(tensor.Of(d.Tensor()), tensor.WithShape(rows, size)), func(int) float64 { return rng.NormFloat64() })
}

// chain, skipping and branching are networks from 4 inputs to 3 targets: the second has edges
// past several nodes, one of them to the targets, and the third two ways of different length.
func chain(after bool) model.Config {
	return model.Config{Layers: []int{4, 6, 5, 5, 3}, Activation: "tanh", After: after, Dtype: model.Float64, Seed: 1}
}

func skipping(after bool) model.Config {
	inner, outer := "tanh", ""
	if after {
		inner, outer = outer, inner
	}
	skip := model.Edge{Nodes: []string{"first"}, Map: "identity", Scale: 0.5}
	return model.Config{
		Nodes: []model.Node{{Name: "target", Size: 3}, {Name: "last", Size: 6}, {Name: "middle", Size: 5}, {Name: "first", Size: 6}, {Name: "input", Size: 4}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"last"}, Feature: inner}, {Nodes: []string{"first"}, Feature: inner}}},
			{Of: "last", From: []model.Edge{{Nodes: []string{"middle"}, Feature: inner}, skip}, After: outer},
			{Of: "middle", From: []model.Edge{{Nodes: []string{"first"}, Feature: inner}}, After: outer},
			{Of: "first", From: []model.Edge{{Nodes: []string{"input"}}}, After: outer},
		},
		Dtype: model.Float64, Seed: 2,
	}
}

func branching() model.Config {
	return model.Config{
		Nodes: []model.Node{{Name: "target", Size: 3}, {Name: "left", Size: 5}, {Name: "right", Size: 4}, {Name: "above", Size: 4}, {Name: "input", Size: 4}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"left", "right"}, Feature: "tanh"}}},
			{Of: "left", From: []model.Edge{{Nodes: []string{"input"}}}},
			{Of: "right", From: []model.Edge{{Nodes: []string{"above"}, Map: "diagonal", Feature: "sigmoid"}}, Unbiased: true},
			{Of: "above", From: []model.Edge{{Nodes: []string{"input"}}}, After: "softplus"},
		},
		Dtype: model.Float64, Seed: 3,
	}
}

// convolving is a network of images, with an identity past a convolution, and pooling.
func convolving(pool string) model.Config {
	conv := model.Edge{Nodes: []string{"first"}, Feature: "tanh", Map: "conv 3 pad same"}
	skip := model.Edge{Nodes: []string{"first"}, Map: "identity", Scale: 0.5}
	return model.Config{
		Nodes: []model.Node{{Name: "target", Size: 3}, {Name: "pooled", Shape: []int{2, 2, 3}}, {Name: "second", Shape: []int{4, 4, 2}}, {Name: "first", Shape: []int{4, 4, 2}}, {Name: "input", Shape: []int{4, 4, 1}}},
		Predictions: []model.Prediction{
			{Of: "target", From: []model.Edge{{Nodes: []string{"pooled"}, Feature: "tanh, flatten"}}},
			{Of: "pooled", From: []model.Edge{{Nodes: []string{"second"}, Feature: pool, Map: "conv 3 pad same"}}},
			{Of: "second", From: []model.Edge{conv, skip}},
			{Of: "first", From: []model.Edge{{Nodes: []string{"input"}, Map: "conv 3 pad same"}}},
		},
		Dtype: model.Float64, Seed: 4,
	}
}

func feedforwards() map[string]model.Config {
	return map[string]model.Config{
		"convolving": convolving("avg-pool 2"),
		"chain":      chain(false), "chain, after": chain(true), "skipping": skipping(false), "skipping, after": skipping(true), "branching": branching(),
	}
}

// lesson returns one of 16 examples for a new network.
func lesson(t testing.TB, cfg model.Config) *Lesson {
	t.Helper()
	n, err := model.New(cfg)
	must(t, err)
	for i, p := range n.Parameters() { // biases and gains too
		dense.AddScaled(p, 0.1, dense.Fill(p.Clone().(*tensor.Dense), func(j int) float64 { return math.Sin(float64(i + 7*j)) }))
	}
	n.Changed()
	d := n.Config().Dtype
	l := &Lesson{Network: n, Inputs: random(d, 1, 16, n.Size(n.InputNode())), Targets: random(d, 2, 16, 3)}
	dense.AddScaled(l.Targets, -0.5, l.Targets)
	l.Clamps = n.Clamp(l.Inputs, l.Targets)
	return l
}

// update returns by which a rule moves the parameters at a rate of 1, without moving them.
func update(t testing.TB, text string, l *Lesson, inf model.Inference) (moved []float64, r *model.Result) {
	t.Helper()
	by, err := New(text)
	must(t, err)
	l.Inference, err = by.Prepare(l.Network.Config(), inf)
	must(t, err)
	l.Move = func(u *model.Update) error {
		moved = flat(u.Directions())
		return nil
	}
	r, err = by.Learn(context.Background(), l)
	must(t, err)
	return moved, r
}

// atRest settles until next to nothing is left: by a method that the network has blocks of
// curvature for, or else along the gradient.
func atRest(cfg model.Config) model.Inference {
	if cfg.Allows(model.GaussSeidel) == nil {
		return model.Inference{Method: model.GaussSeidel, Steps: 300}
	}
	return model.Inference{Method: model.Momentum, Steps: 500}
}

// flat returns all numbers of some tensors.
func flat(tensors []*tensor.Dense) (all []float64) {
	for _, x := range tensors {
		all = append(all, dense.Floats(x)...)
	}
	return all
}

// off returns ‖a − b‖ / ‖b‖.
func off(a, b []float64) float64 {
	num, den := 0.0, 0.0
	for i := range b {
		num += (a[i] - b[i]) * (a[i] - b[i])
		den += b[i] * b[i]
	}
	return math.Sqrt(num / den)
}

// slope returns that of the line through the logarithms of y by those of x, by least
// squares.
func slope(x, y []float64) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx += math.Log(x[i]) / float64(len(x))
		my += math.Log(y[i]) / float64(len(x))
	}
	for i := range x {
		xy += (math.Log(x[i]) - mx) * (math.Log(y[i]) - my)
		xx += (math.Log(x[i]) - mx) * (math.Log(x[i]) - mx)
	}
	return xy / xx
}
