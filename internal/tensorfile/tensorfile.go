// Package tensorfile turns tensors into the views that a safetensors file is
// written from.
package tensorfile

import (
	"encoding/binary"
	"fmt"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"
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
