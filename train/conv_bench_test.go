package train

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/model"
)

// lenet is a network of the kind of LeNet (LeCun and others 1998), for images of 28×28.
func lenet() model.Config {
	from := func(node, feature, kernels string) []model.Edge {
		return []model.Edge{{Nodes: []string{node}, Feature: feature, Map: kernels}}
	}
	return model.Config{
		Nodes: []model.Node{
			{Name: "target", Size: 10}, {Name: "hidden2", Shape: []int{14, 14, 64}}, {Name: "hidden1", Shape: []int{28, 28, 32}}, {Name: "input", Shape: []int{28, 28, 1}},
		},
		Predictions: []model.Prediction{
			{Of: "target", From: from("hidden2", "tanh, max-pool 2, flatten", "dense")},
			{Of: "hidden2", From: from("hidden1", "tanh, max-pool 2", "conv 5x5 pad 2")},
			{Of: "hidden1", From: from("input", "", "conv 5x5 pad 2")},
		},
	}
}

// BenchmarkConvolutions is a training batch of images: settling, the Hebbian update, Adam.
// Where PCN_PEERS names a folder, it writes the network and the batch there, for
// internal/peers/images.py to do the same work.
func BenchmarkConvolutions(b *testing.B) {
	const rows = 64
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	n, err := model.New(lenet())
	must(err)
	rng := rand.New(rand.NewPCG(1, 2))
	batch := Batch{Inputs: tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, 28*28)), Targets: tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, 10))}
	dense.Fill(batch.Inputs, func(int) float64 { return rng.Float64() })
	for row := range rows {
		dense.Set(batch.Targets, row*10+rng.IntN(10), 1)
	}
	if folder := os.Getenv("PCN_PEERS"); folder != "" {
		must(n.Save(filepath.Join(folder, "model.safetensors")))
		must(atomicfile.Write(filepath.Join(folder, "batch.safetensors"), func(w io.Writer) error {
			return tensorfile.Write(w, map[string]*tensor.Dense{"inputs": batch.Inputs, "targets": batch.Targets}, map[string]string{})
		}))
	}
	inf := model.Inference{Steps: 8, Rate: 0.05}
	l, err := NewPCN(n, nil, inf, &Adam{})
	must(err)
	learn := func() {
		_, err := l.Learn(b.Context(), batch, 1e-3)
		must(err)
	}
	energy := func() float64 {
		r, err := n.Settle(b.Context(), n.Clamp(batch.Inputs, batch.Targets), inf)
		must(err)
		return r.Energy
	}
	first := energy()
	learn()
	second := energy()
	b.ReportAllocs()
	began := processTime()
	for b.Loop() {
		learn()
	}
	b.ReportMetric(float64(processTime()-began)/1e6/float64(b.N), "cpu_ms/op")
	b.ReportMetric(first, "energy")
	b.ReportMetric(second, "energy_after_update")
}
