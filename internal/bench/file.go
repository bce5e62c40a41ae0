package bench

import (
	"fmt"
	"io"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/tensorfile"
)

// Save writes the problem to a safetensors file, for another program to solve
// the same one: weights and biases under the article's names, layers.N.W.weight
// and layers.N.W.bias, the data as clamp.bottom and clamp.top, and in the
// metadata steps, rate, activation and top_activation. All from the bottom up.
func (p *Problem) Save(path string, rate float64) error {
	tensors := map[string]safetensors.TensorView{}
	var err error
	add := func(name string, d *tensor.Dense) {
		if err == nil {
			tensors[name], err = tensorfile.View(d)
		}
	}
	n := p.network
	for i := range n.Predictions() {
		add(fmt.Sprintf("layers.%d.W.weight", i), n.Weights(i))
		add(fmt.Sprintf("layers.%d.W.bias", i), n.Biases(i))
	}
	bottom, top := p.targets, p.inputs
	if n.InputNode() == 0 {
		bottom, top = top, bottom
	}
	add("clamp.bottom", bottom)
	add("clamp.top", top)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	metadata := map[string]string{
		"steps": fmt.Sprint(p.Inference.Steps), "rate": fmt.Sprint(rate),
		"activation": p.Model.Activation, "top_activation": p.Model.TopActivation,
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		return safetensors.SerializeToWriter(tensors, metadata, w)
	})
}
