package model

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"strings"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/tensorfile"
)

// metadataKey is the entry of a safetensors file's metadata that holds the
// network's Config as JSON.
const metadataKey = "pcn.config"

// Names under which a layer is stored: those of the article's PyTorch module.
func weightName(i int) string { return fmt.Sprintf("layers.%d.W.weight", i) }
func biasName(i int) string   { return fmt.Sprintf("layers.%d.W.bias", i) }

// Save writes the weights and the configuration to a safetensors file, under
// the names and shapes of the article's PyTorch module: layers.0.W.weight
// (d_0, d_1), layers.0.W.bias (d_0), and so on from the bottom. The file is
// written beside path and renamed, so that path is never half a file.
func (n *Network) Save(path string) error {
	return atomicfile.Write(path, n.Write)
}

// Write is Save to a writer.
func (n *Network) Write(w io.Writer) error {
	config, err := json.Marshal(n.cfg)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	tensors := map[string]safetensors.TensorView{}
	for i := range n.weights {
		for name, d := range map[string]*tensor.Dense{weightName(i): n.weights[i], biasName(i): n.biases[i]} {
			if tensors[name], err = tensorfile.View(d); err != nil {
				return fmt.Errorf("model: %s: %w", name, err)
			}
		}
	}
	metadata := map[string]string{metadataKey: string(config), "format": "pt"}
	maps.Copy(metadata, n.metadata)
	return safetensors.SerializeToWriter(tensors, metadata, w)
}

// Load reads a network from a safetensors file. A file that [Network.Save] did
// not write, such as one from PyTorch, says sizes and dtype only: base gives
// the rest (direction, activations), and its Layers and Dtype are not used. The
// article's network is base = [Article].
//
// The error names the file and the tensor that is missing, of another shape or
// of a type other than F32 and F64.
func Load(path string, base Config) (*Network, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	n, err := Read(data, base)
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", path, err)
	}
	return n, nil
}

// Article is the configuration of the article's network but for its sizes.
var Article = Config{Direction: Generative, Activation: "tanh", TopActivation: "tanh", WeightInit: PyTorch}

// Read is Load from the bytes of a file.
func Read(data []byte, base Config) (*Network, error) {
	_, metadata, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("not a safetensors file: %w", err)
	}
	st, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, fmt.Errorf("not a safetensors file: %w", err)
	}
	cfg := base
	if text, ok := metadata.Metadata()[metadataKey]; ok {
		cfg = Config{}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&cfg); err != nil {
			return nil, fmt.Errorf("metadata %s: %w", metadataKey, err)
		}
	} else if cfg.Layers, cfg.Dtype, err = sizesOf(st); err != nil {
		return nil, err
	} else {
		cfg.Layers = bottomUp(cfg.Direction, cfg.Layers) // is its own inverse
	}
	// The tensors are checked before a network of the promised sizes is made.
	complete, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	sizes := bottomUp(complete.Direction, complete.Layers)
	for i := range len(sizes) - 1 {
		if err := errors.Join(
			expect(st, weightName(i), sizes[i], sizes[i+1]),
			expect(st, biasName(i), sizes[i])); err != nil {
			return nil, err
		}
	}
	if extra := st.Len() - 2*(len(sizes)-1); extra > 0 {
		return nil, fmt.Errorf("holds %d tensors, want %d for layers %v", st.Len(), 2*(len(sizes)-1), cfg.Layers)
	}
	n, err := New(cfg)
	if err != nil {
		return nil, err
	}
	for key, text := range metadata.Metadata() {
		if strings.HasPrefix(key, metadataPrefix) && key != metadataKey {
			if err := n.SetMetadata(key, text); err != nil {
				return nil, err
			}
		}
	}
	for i := range n.weights {
		for name, d := range map[string]*tensor.Dense{weightName(i): n.weights[i], biasName(i): n.biases[i]} {
			if err := fill(d, st, name); err != nil {
				return nil, err
			}
		}
	}
	return n, nil
}

// sizesOf reads the sizes, bottom to top, and the dtype off the tensors.
func sizesOf(st safetensors.SafeTensors) ([]int, Dtype, error) {
	var sizes []int
	dtype := Float32
	for i := 0; ; i++ {
		w, ok := st.Tensor(weightName(i))
		if !ok {
			break
		}
		s := w.Shape()
		if len(s) != 2 || s[0] > math.MaxInt32 || s[1] > math.MaxInt32 {
			return nil, 0, fmt.Errorf("%s: must be a matrix, got shape %v", weightName(i), s)
		}
		if i == 0 {
			sizes = append(sizes, int(s[0]))
		}
		sizes = append(sizes, int(s[1]))
		if w.DType() == safetensors.F64 {
			dtype = Float64
		}
	}
	if sizes == nil {
		return nil, 0, fmt.Errorf("%s is missing; the file holds %v", weightName(0), st.Names())
	}
	return sizes, dtype, nil
}

// expect checks that a tensor is there, of that shape and of a float type.
func expect(st safetensors.SafeTensors, name string, shape ...int) error {
	v, ok := st.Tensor(name)
	if !ok {
		return fmt.Errorf("%s of shape %v is missing", name, shape)
	}
	fits := len(v.Shape()) == len(shape)
	for i := 0; fits && i < len(shape); i++ {
		fits = v.Shape()[i] == uint64(shape[i])
	}
	if !fits {
		return fmt.Errorf("%s: must have shape %v, got %v", name, shape, v.Shape())
	}
	if dt := v.DType(); dt != safetensors.F32 && dt != safetensors.F64 {
		return fmt.Errorf("%s: must be F32 or F64, got %v", name, dt)
	}
	return nil
}

// fill sets d to the tensor of that name, converted, which must be finite.
func fill(d *tensor.Dense, st safetensors.SafeTensors, name string) error {
	v, _ := st.Tensor(name)
	raw := v.Data()
	for i := range d.Shape().TotalSize() {
		var x float64
		if v.DType() == safetensors.F32 {
			x = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		} else {
			x = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		if !finite(x) {
			return fmt.Errorf("%s[%d]: must be a finite number, got %v", name, i, x)
		}
		switch data := d.Data().(type) {
		case []float32:
			data[i] = float32(x)
		case []float64:
			data[i] = x
		}
	}
	return nil
}
