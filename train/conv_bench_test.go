package train

import (
	"fmt"
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

// vgg5 is the network of four blocks of Pinchetti and others (2025), for images of 32×32 in
// colour: latents are behind the pooling.
func vgg5() model.Config {
	c := model.Config{Nodes: []model.Node{{Name: "target", Size: 10}}}
	below := "target"
	for i, channels := range []int{512, 512, 256, 128} {
		name, side := fmt.Sprintf("hidden%d", 4-i), 2<<i
		c.Nodes = append(c.Nodes, model.Node{Name: name, Shape: []int{side, side, channels}})
		from := model.Edge{Nodes: []string{name}, Map: "conv 3x3 pad 1"}
		p := model.Prediction{Of: below, From: []model.Edge{from}, After: "tanh, max-pool 2"}
		if i == 0 {
			p.From[0].Feature, p.From[0].Map, p.After = "flatten", "", ""
		}
		c.Predictions = append(c.Predictions, p)
		below = name
	}
	c.Nodes = append(c.Nodes, model.Node{Name: "input", Shape: []int{32, 32, 3}})
	c.Predictions = append(c.Predictions, model.Prediction{Of: below, From: []model.Edge{{Nodes: []string{"input"}, Map: "conv 3x3 pad 1"}}, After: "tanh, max-pool 2"})
	return c
}

// BenchmarkConvolutions is a training batch of images: settling, the Hebbian update, Adam.
// Where PCN_PEERS names a folder, it writes networks and batches there, for
// internal/peers/images.py to do the same work.
func BenchmarkConvolutions(b *testing.B) {
	b.Run("lenet", func(b *testing.B) { benchmarkImages(b, "lenet", lenet(), 64) })
	b.Run("vgg5", func(b *testing.B) { benchmarkImages(b, "vgg5", vgg5(), 16) })
}

func benchmarkImages(b *testing.B, name string, cfg model.Config, rows int) {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	n, err := model.New(cfg)
	must(err)
	rng := rand.New(rand.NewPCG(1, 2))
	matrix := func(cols int) *tensor.Dense {
		return tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, cols))
	}
	batch := Batch{Inputs: matrix(n.Size(n.InputNode())), Targets: matrix(10)}
	dense.Fill(batch.Inputs, func(int) float64 { return rng.Float64() })
	for row := range rows {
		dense.Set(batch.Targets, row*10+rng.IntN(10), 1)
	}
	if folder := os.Getenv("PCN_PEERS"); folder != "" {
		must(n.Save(filepath.Join(folder, name+".safetensors")))
		must(atomicfile.Write(filepath.Join(folder, name+"-batch.safetensors"), func(w io.Writer) error {
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
