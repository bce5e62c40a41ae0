package model

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answers are what a network predicts, generates, settles at and learns from a batch.
func answers(t *testing.T, n *Network, seed uint64) (numbers [][]float64) {
	ctx, dtype := context.Background(), n.cfg.Dtype
	x := converted(randomBatch(seed, Float64, 40, n.Size(n.InputNode())), dtype)
	y := converted(positiveBatch(seed+1, 40, n.Size(n.TargetNode())), dtype)
	predicted, _, err := n.Predict(ctx, x, Inference{Steps: 5})
	if err != nil {
		t.Error(err)
		return nil
	}
	generated, _, err := n.Generate(ctx, y, Inference{Steps: 5})
	if err != nil {
		t.Error(err)
		return nil
	}
	numbers = append(numbers, floats(predicted), floats(generated))
	for _, method := range []Method{Gradient, ErrorCoordinates, SymmetricGaussSeidel} {
		if method == SymmetricGaussSeidel && !n.blocks() {
			continue
		}
		r, err := n.Settle(ctx, n.Clamp(x, y), Inference{Method: method, Steps: 12, Estimate: true})
		if err != nil {
			t.Error(err)
			return nil
		}
		u := n.NewUpdate()
		if err := n.Hebbian(r, u); err != nil {
			t.Error(err)
			return nil
		}
		for _, d := range append(append(r.Latents, r.Errors...), u.Directions()...) {
			numbers = append(numbers, floats(d))
		}
		numbers = append(numbers, r.NodeEnergy, r.ExampleEnergy, []float64{r.Rate, r.ToLose})
	}
	return numbers
}

// TestClonesSettleAtOnce has several goroutines predict, settle and learn at once, each
// with a clone and a batch of its own: what comes out is what one network gives, to the
// bit.
func TestClonesSettleAtOnce(t *testing.T) {
	const clones = 4
	all := graphs()
	all["chain"] = Config{Layers: []int{40, 30, 3}, Direction: Generative, Energies: []NodeEnergy{Gaussian, GaussianLearned, Gaussian}, Precisions: []float64{2, 1, 1}, WeightDecay: 0.01}
	for name, cfg := range all {
		n, err := New(cfg)
		must(t, err)
		learned(t, n)
		var want [clones][][]float64
		for i := range clones {
			fresh := n.Clone() // for norms are followed from batch to batch
			want[i] = answers(t, fresh, uint64(i))
		}
		var got [clones][][]float64
		var group sync.WaitGroup
		for i := range clones {
			c := n.Clone()
			group.Go(func() { got[i] = answers(t, c, uint64(i)) })
		}
		group.Wait()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestClonesSeeChanges: what is changed of the parameters, and a precision that is given
// where there was none, or is taken back, is changed of all clones, once they are told.
func TestClonesSeeChanges(t *testing.T) {
	n, err := New(residual(false))
	must(t, err)
	c := n.Clone()
	latents := func(n *Network) []float64 {
		r, err := n.Settle(context.Background(), n.Clamp(randomBatch(1, Float64, 3, 4), randomBatch(2, Float64, 3, 3)), Inference{Method: GaussSeidel})
		must(t, err)
		return append(floats(r.Latents[1]), r.Energy)
	}
	first := latents(n)
	near(t, "clone", latents(c), first, 0)
	before := c.State().Clone()
	for _, x := range []float64{5, 0.2} {
		must(t, n.SetPrecision(1, filledWith(x, 5)))
		c.Changed()
		given := latents(n)
		near(t, "clone of what has a precision", latents(c), given, 0)
		if given[0] == first[0] {
			t.Error("a precision changes nothing")
		}
		must(t, n.SetState(before))
		c.Changed()
		near(t, "put back", latents(n), first, 0)
		near(t, "clone of what is put back", latents(c), first, 0)
	}
	learned(t, n)
	c.Changed()
	near(t, "clone of what has learned", latents(c), latents(n), 0)
}

// TestCloneHasParametersInCommon and nothing else.
func TestCloneHasParametersInCommon(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 3, 2}})
	must(t, err)
	must(t, n.SetMetadata("pcn.classes", "a, b"))
	c := n.Clone()
	must(t, c.SetMetadata("pcn.classes", "c, d"))
	if got := n.Metadata("pcn.classes"); got != "a, b" {
		t.Errorf("what a clone is told the network has, too: %q", got)
	}
	for i, p := range n.Parameters() {
		if c.Parameters()[i] != p {
			t.Errorf("parameter %d is not the network's", i)
		}
	}
}
