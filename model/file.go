package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/tensorfile"
)

// metadataKey is the entry of a safetensors file's metadata that holds the
// network's Config as JSON.
const metadataKey = "pcn.config"

// Names of layer i of a chain, those of the article's PyTorch module.
func weightName(i int) string { return fmt.Sprintf("layers.%d.W.weight", i) }
func biasName(i int) string   { return fmt.Sprintf("layers.%d.W.bias", i) }

// Save writes the weights and the configuration to a safetensors file, under
// the names and shapes of the article's PyTorch module: layers.0.W.weight
// (d_0, d_1), layers.0.W.bias (d_0), and so on from the bottom. Precisions unit by
// unit are layers.0.precision (d_0), or layers.0.log_precision where they are
// learned. A network that is no chain has names of predictions and sources in place of
// layers: hidden.image.weight, hidden.bias ([Network.Named] has them); weights of a
// convolution have PyTorch's shape, (channels, C/groups, kh, kw). Where path ends in .npz it is an NPZ file for NumPy instead: see
// [Network.WriteNPZ]. The file is written beside path and renamed, so that path is
// never half a file. Its entry pcn.sha256 is a hash of all else, which [Load]
// checks.
func (n *Network) Save(path string) error {
	if strings.EqualFold(filepath.Ext(path), ".npz") {
		return atomicfile.Write(path, n.WriteNPZ)
	}
	return atomicfile.Write(path, n.Write)
}

// Write writes a safetensors file, as [Network.Save] does.
func (n *Network) Write(w io.Writer) error {
	return n.write(w, tensorfile.Write)
}

// WriteNPZ writes an NPZ file: an array for each tensor of the safetensors file,
// of the same name and shape, and for each entry of its metadata an array of
// bytes (uint8), the text in UTF-8. In NumPy,
//
//	f = numpy.load("model.npz")
//	f["layers.0.W.weight"]
//	json.loads(bytes(f["pcn.config"]))
func (n *Network) WriteNPZ(w io.Writer) error {
	return n.write(w, tensorfile.WriteNPZ)
}

func (n *Network) write(w io.Writer, as func(io.Writer, map[string]*tensor.Dense, map[string]string) error) error {
	texts, err := n.texts()
	if err != nil {
		return err
	}
	if err := as(w, n.tensors(), texts); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return nil
}

// tensors returns what is stored, by the names and in the shapes that it has in files.
func (n *Network) tensors() map[string]*tensor.Dense {
	tensors := map[string]*tensor.Dense{}
	for _, p := range n.parameters {
		tensors[p.Name] = p.Value
	}
	for _, s := range n.slots() {
		if s.fixed == nil {
			tensors[s.name] = s.toFile(s.at(n))
		}
	}
	for i, t := range n.terms {
		if t.unitwise && t.log == nil {
			tensors[n.precisionName(i)] = t.precision
		}
	}
	return tensors
}

// precisionName returns the name of prediction i's precision, where it has one unit by
// unit that is not learned.
func (n *Network) precisionName(i int) string { return n.parameterName(i, -1, "precision") }

// texts returns what a file says beside the tensors: the configuration and what
// is attached.
func (n *Network) texts() (map[string]string, error) {
	config, err := json.Marshal(n.cfg)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	texts := map[string]string{metadataKey: string(config)}
	maps.Copy(texts, n.metadata)
	return texts, nil
}

// Load reads a network from a safetensors or NPZ file. A file that
// [Network.Save] did not write, such as one from PyTorch, says sizes and dtype
// only: base gives the rest (direction, activations), and its Layers and Dtype
// are not used. The article's network is base = [Article].
//
// In such a file the tensors may also have the names that layers often have in
// NumPy: W0 (in, out) and b0 (out), which make x W0 + b0 of what they are given,
// W1, b1 and so on, in the order of computation, which is from the top downwards:
// from data to label in the discriminative direction, the other way round in the
// generative one.
//
// The error names the file and the tensor that is missing, of another shape or
// of a type other than float32 and float64, or says that the file is not what was
// written.
func Load(path string, base Config) (*Network, error) {
	data, err := tensorfile.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	n, err := Read(data, base)
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", path, err)
	}
	return n, nil
}

// Described reports whether a file says the configuration of its network. One that does not
// takes on any direction.
func Described(path string) (bool, error) {
	up, err := Load(path, Config{Direction: Discriminative})
	if err != nil {
		return false, err
	}
	down, err := Load(path, Config{Direction: Generative})
	if err != nil {
		return false, err
	}
	return up.cfg.Direction == down.cfg.Direction, nil
}

// ErrMissing is what [Load] returns of a file that has layers of other names, which are for
// [Network.Adopt], or none.
var ErrMissing = errors.New("is missing")

// Article is the configuration of the article's network but for its sizes.
var Article = Config{Direction: Generative, Activation: "tanh", TopActivation: "tanh", WeightInit: PyTorch}

// Read is Load from the bytes of a file.
func Read(data []byte, base Config) (*Network, error) {
	st, metadata, err := decode(data)
	if err != nil {
		return nil, err
	}
	cfg, st, err := configOf(st, metadata, base)
	if err != nil {
		return nil, err
	}
	// The tensors are checked before a network of the promised sizes is made.
	n, err := plan(cfg)
	if err != nil {
		return nil, err
	}
	given, err := n.expects(st)
	if err != nil {
		return nil, err
	}
	if err := n.furnish(nil); err != nil {
		return nil, err
	}
	for key, text := range metadata {
		if strings.HasPrefix(key, metadataPrefix) && key != metadataKey {
			if err := n.SetMetadata(key, text); err != nil {
				return nil, err
			}
		}
	}
	if err := n.take(st, given); err != nil {
		return nil, err
	}
	n.Changed()
	return n, nil
}

// configOf returns the configuration that a file holds, or, of one that [Network.Save] did
// not write, base with the file's sizes and dtype; and the tensors, by our names.
func configOf(st views, metadata map[string]string, base Config) (Config, views, error) {
	if text, ok := metadata[metadataKey]; ok {
		var cfg Config
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&cfg); err != nil {
			return cfg, nil, fmt.Errorf("metadata %s: %w", metadataKey, err)
		}
		return cfg, st, nil
	}
	st, err := downwards(st)
	if err != nil {
		return base, nil, err
	}
	base.Layers, base.Dtype, err = sizesOf(st)
	base.Layers = bottomUp(base.Direction, base.Layers) // is its own inverse
	return base, st, err
}

// expects checks that a file has the tensors of a planned network, and no others. It returns
// of which predictions it has a precision unit by unit that is not learned.
func (n *Network) expects(st views) (given []bool, err error) {
	given = make([]bool, len(n.terms))
	want := 0
	wants := func(name string, shape ...int) {
		want++
		err = errors.Join(err, expect(st, name, shape...))
	}
	for _, s := range n.slots() {
		if s.fixed == nil {
			wants(s.name, s.file()...)
		}
	}
	for i, t := range n.terms {
		d := n.sizes[n.wiring.Of[i]]
		if t.energy.Learns() {
			wants(n.parameterName(i, -1, "log_precision"), d)
		} else if _, given[i] = st[n.precisionName(i)]; given[i] {
			wants(n.precisionName(i), d)
		}
	}
	if err == nil && len(st) > want {
		err = fmt.Errorf("must hold %d tensors for nodes of %v units, got %d", want, n.sizes, len(st))
	}
	return given, err
}

// take sets parameters and precisions to those of a file.
func (n *Network) take(st views, given []bool) error {
	for i := range n.terms {
		if !given[i] {
			continue
		}
		name := n.precisionName(i)
		p := tensor.New(tensor.Of(n.cfg.Dtype.Tensor()), tensor.WithShape(n.sizes[n.wiring.Of[i]]))
		if err := fill(p, st[name], name); err != nil {
			return err
		}
		if err := n.setPrecision(i, dense.Floats(p)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	stored := n.tensors()
	for name, d := range stored {
		if err := fill(d, st[name], name); err != nil {
			return err
		}
	}
	for _, s := range n.slots() {
		if s.axes != nil {
			s.fromFile(s.at(n), stored[s.name])
		}
		for i := 0; s.hollow && i < s.shape[0]; i++ {
			if x := dense.At(s.at(n), i*s.shape[1]+i); x != 0 {
				return fmt.Errorf("%s: [%d, %d]: must be 0, on the diagonal, got %v", s.name, i, i, x)
			}
		}
	}
	return nil
}

// views are the tensors of a file by name.
type views map[string]safetensors.TensorView

// decode returns the tensors of a file and the texts beside them, which must be as they were
// written where the file says so.
func decode(data []byte) (tensors views, texts map[string]string, err error) {
	if tensorfile.IsNPZ(data) {
		tensors, texts, err = tensorfile.ReadNPZ(data)
	} else if tensors, texts, err = tensorfile.Read(data); err != nil {
		err = fmt.Errorf("neither a safetensors nor an NPZ file, or cut short: %w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := tensorfile.Check(tensors, texts); err != nil && !errors.Is(err, tensorfile.ErrNoSum) {
		return nil, nil, err
	}
	delete(texts, tensorfile.SumKey)
	return tensors, texts, nil
}

// downwards returns st with layers named W0, b0 and so on from the top, each W
// (in, out), under our names from the bottom, each (out, in). Others stay.
func downwards(st views) (views, error) {
	depth := 0
	for {
		if _, ok := st[fmt.Sprintf("W%d", depth)]; !ok {
			break
		}
		depth++
	}
	if _, ours := st[weightName(0)]; ours || depth == 0 {
		return st, nil
	}
	out := maps.Clone(st)
	for i := range depth {
		weight, bias := fmt.Sprintf("W%d", i), fmt.Sprintf("b%d", i)
		w, err := tensorfile.Transpose(st[weight])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", weight, err)
		}
		b, ok := st[bias]
		if !ok {
			return nil, fmt.Errorf("%s is missing", bias)
		}
		if s, d := b.Shape(), w.Shape()[0]; len(s) != 1 || s[0] != d {
			return nil, fmt.Errorf("%s: must have shape [%d], as %s is (in, out), got %v", bias, d, weight, s)
		}
		delete(out, weight)
		delete(out, bias)
		out[weightName(depth-1-i)], out[biasName(depth-1-i)] = w, b
	}
	for i := range depth - 1 {
		weight, next := fmt.Sprintf("W%d", i), fmt.Sprintf("W%d", i+1)
		if d, s := st[weight].Shape()[1], st[next].Shape(); s[0] != d {
			return nil, fmt.Errorf("%s: must have shape [%d ...], as %s gives %d numbers, got %v", next, d, weight, d, s)
		}
	}
	return out, nil
}

// sizesOf reads the sizes, bottom to top, and the dtype off the tensors.
func sizesOf(st views) ([]int, Dtype, error) {
	var sizes []int
	dtype := Float32
	for i := 0; ; i++ {
		w, ok := st[weightName(i)]
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
		return nil, 0, fmt.Errorf("%s %w; the file holds %.400v", weightName(0), ErrMissing, slices.Sorted(maps.Keys(st)))
	}
	return sizes, dtype, nil
}

// expect checks that a tensor is there, of that shape and of a float type.
func expect(st views, name string, shape ...int) error {
	v, ok := st[name]
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

// fill sets d to v, converted, which must be finite.
func fill(d *tensor.Dense, v safetensors.TensorView, name string) error {
	from, err := tensorfile.Dense(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if i := notFinite(from, 0); i >= 0 {
		return fmt.Errorf("%s[%d]: must be a finite number, got %v", name, i, dense.At(from, i))
	}
	dense.Copy(d, from)
	return nil
}
