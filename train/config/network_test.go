package config

import (
	"fmt"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNetworksForImages: networks by name that classify images learn by one recipe,
// whatever the images, with a low precision of the target; what is said goes before it.
func TestNetworksForImages(t *testing.T) {
	for dataset, networks := range map[string][]string{ // those whose poolings they have room for
		"digits": {"lenet"}, "mnist": {"lenet", "vgg5"}, "fashion-mnist": {"lenet", "vgg5"}, "cifar10": {"lenet", "vgg5", "vgg7", "vgg5 width=8"},
	} {
		of, err := train.DefaultRecipe(dataset, model.Discriminative, "")
		must(t, err)
		for _, network := range networks {
			r, err := Parse("run.yaml", fmt.Appendf(nil, "data: {dataset: %s}\nmodel: {network: %s}\n", dataset, network), Choice{})
			must(t, err)
			if i := r.Inference; i.Method != model.ErrorCoordinates || i.Steps != 2 || i.Rate != 0.5 {
				t.Errorf("%s, %s: settles by %v", dataset, network, i)
			}
			if l := r.Learning; r.Optimizer != "adam" || l.Rate != 0.002 || l.Schedule != "cosine" || l.Epochs != of.Learning.Epochs || l.Batch != of.Learning.Batch {
				t.Errorf("%s, %s: learns by %v, %+v", dataset, network, r.Optimizer, l)
			}
			full, err := r.Model.Expanded()
			must(t, err)
			for _, p := range full.Predictions {
				if want := map[string]float64{"target": 0.001}[p.Of]; p.Precision != want {
					t.Errorf("%s, %s: precision %v of %s, want %v", dataset, network, p.Precision, p.Of, want)
				}
			}
			if !r.SettlesByDefault() {
				t.Errorf("%s, %s: settles otherwise than by default", dataset, network)
			}
		}
	}
	r, err := Parse("run.yaml", []byte("data: {dataset: mnist}\nmodel: {network: lenet precision=0.1}\ninference: {steps: 7}\nlearning: {rate: 0.1}\n"), Choice{})
	must(t, err)
	if r.Inference.Steps != 7 || r.Inference.Rate != 0.5 || r.Learning.Rate != 0.1 || r.Model.Network != "lenet precision=0.1" {
		t.Errorf("what is said is not taken: %+v", r)
	}
}
