package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// waves writes a file of noisy rows, of which only those before tell what comes.
func waves(t *testing.T, rows int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	text := "a,b\n"
	for i := range rows {
		text += fmt.Sprintf("%.5f,%.5f\n", math.Sin(0.3*float64(i))+0.1*rng.NormFloat64(), math.Cos(0.17*float64(i))+0.1*rng.NormFloat64())
	}
	path := filepath.Join(t.TempDir(), "waves.csv")
	must(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// foretelling is a recipe for the next row of a file.
func foretelling(t *testing.T, rows int) Recipe {
	r, err := OwnRecipe(Data{Dataset: waves(t, rows), Sequence: data.Sequence{Length: 20}}, model.Discriminative)
	must(t, err)
	r.SetSeed(1)
	r.Model = model.Config{Network: "temporal width=16", Layers: []int{2, 2}, Seed: 1}
	r.Inference = model.Inference{}
	return r
}

// TestSequencesResume: under each rule sequences are learned to the same bits, interrupted or
// not, on one core or two.
func TestSequencesResume(t *testing.T) {
	for _, text := range ruled {
		t.Run(text, func(t *testing.T) {
			r := foretelling(t, 400)
			r.Learning.Rule, r.Learning.Epochs, r.Learning.Batch = text, 2, 4
			r.Inference = model.Inference{Steps: 6, Rate: 0.1}
			if m, wanted := rule.Method(text); wanted {
				r.Inference.Method = m
			}
			sameBits(t, r)
		})
	}
}

// TestSequencesLearn: a network that remembers foretells the next row, whose noise has variance
// 0.01, by settling and by backpropagation of each step, and one that does not far worse.
func TestSequencesLearn(t *testing.T) {
	for _, c := range []struct {
		rule, network string
		least, most   float64
	}{{"pc", "temporal width=32", 0.01, 0.03}, {"backprop", "temporal width=32", 0.01, 0.03}, {"pc", "resnet-mlp depth=2 width=32", 0.04, 1}} {
		r := foretelling(t, 3000)
		r.Learning.Rule, r.Model.Network = c.rule, c.network
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		o := finish(t, r, l, sets, Options{})
		t.Logf("%s, %s: mean squared error %.4f", c.rule, c.network, o.Test.MSE)
		if !(o.Test.MSE >= c.least && o.Test.MSE <= c.most) {
			t.Errorf("%s, %s: mean squared error %.4f, want %v to %v", c.rule, c.network, o.Test.MSE, c.least, c.most)
		}
	}
}

// TestTrackingLearns: by its recipe a network learns from nothing to track a moving point, in
// a third of the epochs with an error of the next target that is at most 1.4 of the 3.22 that
// the Kalman filter of the system has, where the targets vary by thousands.
func TestTrackingLearns(t *testing.T) {
	r := recipe(t, "tracking", model.Discriminative, "", 1)
	r.Learning.Epochs = 10
	sets, err := r.Data.Load()
	must(t, err)
	l, err := r.PCN()
	must(t, err)
	o := finish(t, r, l, sets, Options{})
	t.Logf("mean squared error %.4f", o.Test.MSE)
	if !(o.Test.MSE > 3.2 && o.Test.MSE < 1.4*3.22) {
		t.Errorf("mean squared error %.4f", o.Test.MSE)
	}
}

// TestSequencesOfArrays: arrays of sequences are those of the same rows in a file with a
// column that tells them apart.
func TestSequencesOfArrays(t *testing.T) {
	const n, steps, d = 10, 6, 2
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	var text strings.Builder
	text.WriteString("run,a,b\n")
	numbers := make([]float64, 0, n*steps*d)
	for i := range n {
		for range steps {
			a, b := rng.NormFloat64(), rng.NormFloat64()
			numbers = append(numbers, a, b)
			fmt.Fprintf(&text, "r%d,%v,%v\n", i, a, b)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(text.String()), 0o666))
	f, err := os.Create(filepath.Join(dir, "x.npy"))
	must(t, err)
	must(t, tensor.New(tensor.WithShape(n, steps, d), tensor.WithBacking(numbers)).WriteNpy(f))
	must(t, f.Close())
	a, _, err := data.Read(filepath.Join(dir, "rows.csv"), data.Columns{Sequence: data.Sequence{Column: "run"}})
	must(t, err)
	b, _, err := data.Read(filepath.Join(dir, "x.npy"), data.Columns{Sequence: data.Sequence{Column: "x"}})
	must(t, err)
	net, err := model.New(model.Config{Network: "temporal width=2", Layers: []int{d, d}})
	must(t, err)
	if a.Len() != n || a.Steps() != steps-1 || b.Len() != n || b.Steps() != steps-1 {
		t.Fatalf("%v; %v", a, b)
	}
	for _, s := range []*data.Set{a, b} {
		x, err := Examples(net, s)
		must(t, err)
		for i := range n {
			for j := range d {
				if got, want := x.Inputs.Float32s()[i*d+j], float32(numbers[i*steps*d+j]); got != want {
					t.Fatalf("input %d of sequence %d is %v, want %v", j, i, got, want)
				}
				if got, want := x.Targets.Float32s()[i*d+j], float32(numbers[i*steps*d+d+j]); got != want {
					t.Fatalf("target %d of sequence %d is %v, want %v", j, i, got, want)
				}
			}
		}
	}
}
