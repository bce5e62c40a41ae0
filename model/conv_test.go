package model

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// convolved is a network of which the hidden image is predicted by one map of the input.
func convolved(kernels string, from, to []int) Config {
	return Config{
		Nodes: []Node{{Name: "target", Size: 3}, {Name: "hidden", Shape: to}, {Name: "input", Shape: from}},
		Predictions: []Prediction{
			{Of: "target", From: []Edge{{Nodes: []string{"hidden"}}}},
			{Of: "hidden", From: []Edge{{Nodes: []string{"input"}, Map: kernels}}},
		},
		Dtype: Float64, Seed: 3,
	}
}

// TestConvolutionNorm holds the norm of a convolution, as followed for the rate's bound and
// as told, against the singular values of the whole map, with precisions too.
func TestConvolutionNorm(t *testing.T) {
	for kernels, shapes := range map[string][2][]int{
		"conv 3x3 pad 1":                         {{4, 5, 2}, {4, 5, 3}},
		"conv 3x2 stride 2x1 groups 2":           {{5, 5, 2}, {2, 4, 4}},
		"conv-transpose 4 stride 2 pad 1":        {{3, 2, 3}, {6, 4, 2}},
		"conv-transpose 3 stride 2 output-pad 1": {{5, 2}, {12, 3}},
	} {
		n, err := New(convolved(kernels, shapes[0], shapes[1]))
		must(t, err)
		q, err := n.equations()
		must(t, err)
		const of = 1 // the prediction of hidden
		rows, k := n.Size(1), n.Size(2)
		m := mat.NewDense(rows, k, nil)
		for i := range rows {
			for j := range k {
				m.Set(i, j, -q.a.At(n.Size(0)+i, q.first[2]+j))
			}
		}
		norm := func() float64 {
			var svd mat.SVD
			svd.Factorize(m, mat.SVDNone)
			return slices.Max(svd.Values(nil))
		}
		if _, got := n.WeightNorms(of, 0); math.Abs(got-norm()) > 1e-6*norm() {
			t.Errorf("%s: norm %v, of the whole map %v", kernels, got, norm())
		}
		free := n.Clamp(nil, randomBatch(1, Float64, 2, 3))
		for _, precise := range []bool{false, true} {
			if precise {
				p := make([]float64, rows)
				for i := range p {
					p[i] = 1 + float64(i%3)
					for j := range k {
						m.Set(i, j, m.At(i, j)*math.Sqrt(p[i]))
					}
				}
				must(t, n.SetPrecision(1, p))
			}
			for range 400 { // it goes on from where it was, after each batch
				n.Changed()
				n.MaxRate(free)
			}
			if got := n.norms.edge(n, of, 0); got > norm()*(1+1e-9) || got < 0.98*norm() {
				t.Errorf("%s, precise %v: followed to %v, of the whole map %v", kernels, precise, got, norm())
			}
		}
	}
}

// TestConvolutionFiles: in files kernels have the shape and the order that PyTorch gives them.
func TestConvolutionFiles(t *testing.T) {
	for kernels, c := range map[string]struct {
		from, to, file []int
		at             func(i, o, y, x int) int // in memory
	}{
		"conv 3x2 groups 2":  {[]int{4, 4, 4}, []int{2, 3, 6}, []int{6, 2, 3, 2}, func(o, i, y, x int) int { return ((y*2+x)*2+i)*6 + o }},
		"conv-transpose 3x2": {[]int{4, 4, 4}, []int{6, 5, 3}, []int{4, 3, 3, 2}, func(i, o, y, x int) int { return ((y*2+x)*3+o)*4 + i }},
		"conv 3 pad same":    {[]int{4, 2}, []int{4, 5}, []int{5, 2, 3}, func(o, i, _, x int) int { return (x*2+i)*5 + o }},
		"conv-transpose 2":   {[]int{4, 2}, []int{5, 3}, []int{2, 3, 2}, func(i, o, _, x int) int { return (x*3+o)*2 + i }},
	} {
		n, err := New(convolved(kernels, c.from, c.to))
		must(t, err)
		path := filepath.Join(t.TempDir(), "model.safetensors")
		must(t, n.Save(path))
		data, err := os.ReadFile(path)
		must(t, err)
		stored, _, err := decode(data)
		must(t, err)
		const name = "hidden.input.weight"
		must(t, expect(stored, name, c.file...))
		file := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(c.file...))
		must(t, fill(file, stored[name], name))
		w, at := n.Weights(1), make([]int, 4)
		for i := range file.DataSize() {
			rest := i
			for axis := range slices.Backward(c.file) {
				at[axis] = rest % c.file[axis]
				rest /= c.file[axis]
			}
			if len(c.file) == 3 { // a line
				at[2], at[3] = 0, at[2]
			}
			if got, want := dense.At(file, i), dense.At(w, c.at(at[0], at[1], at[2], at[3])); got != want {
				t.Fatalf("%s: element %v: got %v, want %v", kernels, at, got, want)
			}
		}
	}
}

// TestConvolutionsLearn: a network whose hidden image is free learns where a bright spot of an
// image is, in few batches.
func TestConvolutionsLearn(t *testing.T) {
	cfg := convolved("conv 3x3 stride 2 pad 1", []int{6, 6, 1}, []int{3, 3, 4})
	cfg.Predictions[0].From[0].Feature = "tanh"
	n, err := New(cfg)
	must(t, err)
	const rows = 24
	x, y := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, 36)), tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, 3))
	for row := range rows {
		dense.Set(x, row*36+row%3*12+row%6, 1) // a spot in one of three bands
		dense.Set(y, row*3+row%3, 1)
	}
	u := n.NewUpdate()
	var first, last float64
	for batch := range 200 {
		r, err := n.Settle(context.Background(), n.Clamp(x, y), Inference{Steps: 8})
		must(t, err)
		must(t, n.Hebbian(r, u))
		for i, p := range n.Parameters() {
			dense.AddScaled(p, 0.5, u.Directions()[i])
		}
		n.Changed()
		if last = r.Energy; batch == 0 {
			first = r.Energy
		}
	}
	if !(last < first/20) {
		t.Errorf("energy %v at first, %v at last", first, last)
	}
}
