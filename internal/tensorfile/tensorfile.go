// Package tensorfile turns tensors into the views that a safetensors file is
// written from, and back, and reads and writes NPZ files.
package tensorfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/bounded"
)

// View returns d, of float32 or float64, as little-endian bytes.
func View(d *tensor.Dense) (safetensors.TensorView, error) {
	shape := make([]uint64, d.Dims())
	for i, s := range d.Shape() {
		shape[i] = uint64(s)
	}
	var dtype safetensors.DType
	switch d.Dtype() {
	case tensor.Float32:
		dtype = safetensors.F32
	case tensor.Float64:
		dtype = safetensors.F64
	default:
		return safetensors.TensorView{}, fmt.Errorf("dtype must be float32 or float64, got %v", d.Dtype())
	}
	data, err := binary.Append(nil, binary.LittleEndian, d.Data())
	if err != nil {
		return safetensors.TensorView{}, err
	}
	return safetensors.NewTensorView(dtype, shape, data)
}

// Write writes a safetensors file of tensors and texts, beside which it has their
// hash: see [Check].
func Write(w io.Writer, tensors map[string]*tensor.Dense, texts map[string]string) error {
	views, texts, err := withSum(tensors, texts)
	if err != nil {
		return err
	}
	texts["format"] = "pt" // as PyTorch writes, for those who ask
	return safetensors.SerializeToWriter(views, texts, w)
}

// Read reads a safetensors file: views of its tensors by name, and the texts
// beside them.
func Read(data []byte) (map[string]safetensors.TensorView, map[string]string, error) {
	header, metadata, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, nil, err
	}
	body := data[8+header:]
	tensors := map[string]safetensors.TensorView{}
	for name, info := range metadata.Tensors() {
		at := info.DataOffsets
		if tensors[name], err = safetensors.NewTensorView(info.DType, info.Shape, body[at[0]:at[1]]); err != nil {
			return nil, nil, fmt.Errorf("%.100q: %w", name, err)
		}
	}
	return tensors, metadata.Metadata(), nil
}

// Dense returns a view, of float32 or float64 and not empty, as a tensor of its
// own.
func Dense(v safetensors.TensorView) (*tensor.Dense, error) {
	if len(v.Shape()) == 0 || len(v.Data()) == 0 {
		return nil, fmt.Errorf("must have at least one number, got shape %v", v.Shape())
	}
	shape := make([]int, len(v.Shape()))
	for i, s := range v.Shape() {
		shape[i] = int(s) // at most the bytes of the view
	}
	switch v.DType() {
	case safetensors.F32:
		x := make([]float32, len(v.Data())/4)
		_, err := binary.Decode(v.Data(), binary.LittleEndian, x)
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)), err
	case safetensors.F64:
		x := make([]float64, len(v.Data())/8)
		_, err := binary.Decode(v.Data(), binary.LittleEndian, x)
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)), err
	}
	return nil, fmt.Errorf("must be F32 or F64, got %v", v.DType())
}

// ReadFile returns what the safetensors or NPZ file at path holds. Of a file that
// begins as neither does it returns the beginning, which [Read] refuses.
func ReadFile(path string) ([]byte, error) {
	f, size, err := bounded.OpenSized(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, min(size, 8))
	if _, err := f.ReadAt(start, 0); err != nil {
		return nil, err
	}
	if len(start) < 8 {
		return start, nil
	}
	if header := binary.LittleEndian.Uint64(start); !IsNPZ(start) && (header < 2 || header > uint64(size-8)) {
		return start, nil
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}
