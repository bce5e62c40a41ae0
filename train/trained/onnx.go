package trained

import (
	"fmt"
	"io"

	"example.com/pcn/model/onnx"
	"example.com/pcn/train/data"
)

// WriteONNX writes what m infers, from and to numbers in their own units, with what its card
// says of classes, columns and images: see package onnx.
func (m *Model) WriteONNX(w io.Writer) error {
	o := onnx.Options{Inputs: scaling(m.Inputs), Targets: scaling(m.Targets), Metadata: map[string]string{}}
	for _, key := range []string{ImageKey, ClassesKey, ColumnsKey} {
		if text := m.Network.Metadata(key); text != "" {
			o.Metadata[key] = text
		}
	}
	if err := onnx.Write(w, m.Network, o); err != nil {
		return fmt.Errorf("%s: %w", m.Path, err)
	}
	return nil
}

// scaling is t of what is not missing.
func scaling(t data.Transform) onnx.Scaling { return onnx.Scaling{Shift: t.Shift, Scale: t.Scale} }
