package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// TestCosinesWhereTheoryHasOne takes networks to the limits in which the Hebbian
// update is backprop's: a low precision at the bottom, and small steps from a
// top-down start, as many as an error takes to reach the topmost layer. Away from
// them it is another.
func TestCosinesWhereTheoryHasOne(t *testing.T) {
	layers := []int{64, 20, 16, 12, 10}
	settle := func(precision float64, inf model.Inference) []float64 {
		n, err := model.New(model.Config{Layers: layers, Precisions: []float64{1, 1, 1, 1, precision}, Dtype: model.Float64, Seed: 4})
		must(t, err)
		sets, err := Data{Dataset: "digits", Seed: 1, Pixels: []float64{-1, 1}}.Load()
		must(t, err)
		batch := gather(t, sets.Test.Limit(40))
		r, err := n.Settle(context.Background(), n.Clamp(batch.Inputs, batch.Targets), inf)
		must(t, err)
		cosines, err := Cosines(n, r, batch)
		must(t, err)
		return cosines
	}
	atRest := model.Inference{Method: model.GaussSeidel, Steps: 3000, Tolerance: 1e-9}
	for name, cosines := range map[string][]float64{
		"low precision at the bottom": settle(1e-4, atRest),
		"small steps":                 settle(1, model.Inference{Steps: len(layers) - 2, Rate: 3e-4}),
	} {
		for i, c := range cosines {
			if !(math.Abs(1-c) <= 1e-6) {
				t.Errorf("%s: layer %d: cosine %v, want 1", name, i, c)
			}
		}
	}
	least := 1.0
	for _, c := range settle(1, atRest) {
		least = min(least, c)
	}
	if !(least > 0.3 && least < 1-1e-3) {
		t.Errorf("at rest with equal precisions: least cosine %v, want one that is not 1, and not far off", least)
	}
	if c := settle(1, model.Inference{Steps: 1, Rate: 1e-5}); !math.IsNaN(c[3]) || !(math.Abs(1-c[1]) <= 1e-6) {
		t.Errorf("after one step: cosines %v, want NaN at the top, which no error has reached, and 1 at layer 1", c)
	}
}

// TestCompare compares updates of two numbers and a bias with each other, in one prediction
// of two.
func TestCompare(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{2, 1, 1}, Dtype: model.Float64})
	must(t, err)
	one, other := n.NewUpdate(), n.NewUpdate()
	for i, p := range n.Named() {
		if p.Value.Shape().TotalSize() == 2 { // 3 and 0, and 4 and 4
			copy(one.Directions()[i].Float64s(), []float64{3, 0})
			copy(other.Directions()[i].Float64s(), []float64{4, 4})
		}
	}
	var got []Likeness
	for _, like := range Compare(n, one, other) {
		if !math.IsNaN(like.Cosine) {
			got = append(got, like)
		} else if like.Apart != 0 {
			t.Errorf("two updates of 0: %+v", like)
		}
	}
	want := Likeness{Cosine: math.Sqrt(0.5), Size: 3 / math.Sqrt(32), Apart: math.Sqrt(17.0 / 32)}
	if len(got) != 1 || math.Abs(got[0].Cosine-want.Cosine)+math.Abs(got[0].Size-want.Size)+math.Abs(got[0].Apart-want.Apart) > 1e-12 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestCosinesRefuse(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{64, 10}, Direction: model.Generative, Dtype: model.Float64})
	must(t, err)
	if _, err := Cosines(n, nil, Batch{}); err == nil || !strings.Contains(err.Error(), "not feedforward") {
		t.Errorf("a generative network: got error %v", err)
	}
}

// TestNodeCosines: Z-IL and backpropagation move weights along backpropagation's direction,
// predictive coding not quite, and to measure it changes no bit of what is learned.
func TestNodeCosines(t *testing.T) {
	sets, err := Data{Dataset: "digits", Seed: 1}.Load()
	must(t, err)
	for name, near := range map[string]bool{"backprop": true, "z-il": true, "pc": false} {
		learn := func(estimate bool) (Step, *model.Network) {
			n, err := model.New(model.Config{Layers: []int{64, 20, 12, 10}, Dtype: model.Float64, Seed: 4})
			must(t, err)
			r, err := rule.New(name)
			must(t, err)
			opt, err := NewOptimizer("adam")
			must(t, err)
			l, err := NewPCN(n, r, model.Inference{Method: model.GaussSeidel, Steps: 3}, opt)
			must(t, err)
			batch := gather(t, sets.Train.Limit(40))
			batch.Estimate = estimate
			s, err := l.Learn(context.Background(), batch, 0.01)
			must(t, err)
			return s, n
		}
		s, n := learn(true)
		if len(s.NodeCosine) != 4 || s.NodeCosine[n.InputNode()] != 0 {
			t.Errorf("%s: cosines %v, want 0 at the input, which nothing predicts", name, s.NodeCosine)
		}
		least := 1.0
		for l, c := range s.NodeCosine {
			if l != n.InputNode() {
				least = min(least, c)
			}
		}
		if (least > 1-1e-9) != near || !(least > 0.3) {
			t.Errorf("%s: least cosine %v", name, least)
		}
		plain, other := learn(false)
		if plain.NodeCosine != nil {
			t.Errorf("%s: cosines %v that nobody asked for", name, plain.NodeCosine)
		}
		for i, p := range n.Named() {
			if !slices.Equal(p.Value.Float64s(), other.Named()[i].Value.Float64s()) {
				t.Errorf("%s: %s is another where the cosine was measured", name, p.Name)
			}
		}
	}
}
