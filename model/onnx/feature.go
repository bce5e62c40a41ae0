package onnx

import (
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// activations are the operations, by the activations that they are.
var activations = map[*feature.Activation]struct {
	kind       string
	attributes []attribute
}{
	feature.Tanh:     {kind: "Tanh"},
	feature.ReLU:     {kind: "Relu"},
	feature.Sigmoid:  {kind: "Sigmoid"},
	feature.GELU:     {kind: "Gelu"},
	feature.Softplus: {kind: "Softplus"},
	feature.ELU:      {kind: "Elu"},
	feature.SELU:     {kind: "Selu"},
	feature.Mish:     {kind: "Mish"},
}

// feature writes ψ of its sources.
func (e *exporter) feature(f feature.Feature, in ...*value) (*value, error) {
	var shapes []tensor.Shape
	for _, v := range in {
		shapes = append(shapes, v.shape)
	}
	out, err := f.Shape(shapes...)
	if err != nil {
		return nil, err
	}
	switch f := f.(type) {
	case feature.Sequence:
		for _, one := range f {
			v, err := e.feature(one, in...)
			if err != nil {
				return nil, err
			}
			in = []*value{v}
		}
		return in[0], nil
	case *feature.Activation:
		if op, known := activations[f]; known {
			return e.each(op.kind, in[0], op.attributes...), nil
		}
		if leak := f.Leak(); leak > 0 {
			return e.each("LeakyRelu", in[0], float("alpha", leak)), nil
		}
		form := in[0].form()
		x := e.as(in[0], form)
		switch f {
		case feature.Identity:
			return in[0], nil
		case feature.HardTanh:
			return newValue(out, form, e.op("Clip", []string{x, e.constant(e.prefix+".least", []float64{-1}), e.constant(e.prefix+".most", []float64{1})})), nil
		case feature.SiLU: // which ONNX has from opset 24 on
			return newValue(out, form, e.op("Mul", []string{x, e.op("Sigmoid", []string{x})})), nil
		}
	case feature.Flatten, feature.Reshape:
		return e.reshaped(in[0], out), nil
	case feature.Concat:
		var parts []string
		for _, v := range in {
			parts = append(parts, e.as(v, channels))
		}
		return newValue(out, channels, e.op("Concat", parts, integer("axis", 1))), nil
	case feature.Outer: // a column times a row, of each example
		column, row := e.reshape(e.as(in[0], rows), in[0].shape[0], 1), e.reshape(e.as(in[1], rows), 1, in[1].shape[0])
		return newValue(out, rows, e.reshape(e.op("Mul", []string{column, row}), out[0])), nil
	case feature.MaxPool:
		return newValue(out, channels, e.op("MaxPool", []string{e.as(in[0], channels)}, window(in[0], f.Window)...)), nil
	case feature.AvgPool:
		return newValue(out, channels, e.op("AveragePool", []string{e.as(in[0], channels)}, append(window(in[0], f.Window), integer("count_include_pad", 1))...)), nil
	case feature.GlobalAvgPool:
		means := e.op("GlobalAveragePool", []string{e.as(in[0], channels)})
		return newValue(out, rows, e.reshape(means, -1)), nil
	case feature.Upsample:
		by := []float64{1, 1}
		for _, n := range along(in[0], f.By, nil) {
			by = append(by, float64(n))
		}
		scales := e.constant(e.prefix+".scales", by, len(by))
		return newValue(out, channels, e.op("Resize", []string{e.as(in[0], channels), "", scales},
			text("mode", "nearest"), text("coordinate_transformation_mode", "asymmetric"), text("nearest_mode", "floor"))), nil
	case *feature.Normalise:
		switch f {
		case feature.LayerNorm:
			return e.layerNorm(in[0]), nil
		case feature.RMSNorm:
			return e.rmsNorm(in[0]), nil
		}
	}
	return nil, fmt.Errorf("its feature, %v, has no form in ONNX", f)
}

// along returns a number for each axis that v has positions along, given one for each or
// one for all, or by default those of otherwise.
func along(v *value, of, otherwise []int) (all []int) {
	if of == nil {
		of = otherwise
	}
	for i := range len(v.shape) - 1 {
		all = append(all, of[i%len(of)])
	}
	return all
}

// window returns the attributes of a pooling.
func window(v *value, w feature.Window) []attribute {
	pad := along(v, w.Pad, []int{0})
	return []attribute{ints("kernel_shape", along(v, w.Size, nil)...), ints("strides", along(v, w.Stride, w.Size)...), ints("pads", append(pad, pad...)...)}
}

// layerNorm is x̂ over all units of an example.
func (e *exporter) layerNorm(v *value) *value {
	gain := make([]float64, v.shape.TotalSize())
	for i := range gain {
		gain[i] = 1
	}
	f := v.form()
	scale := e.constant(e.prefix+".scale", gain, v.dims(f)...)
	return newValue(v.shape, f, e.op("LayerNormalization", []string{e.as(v, f), scale}, integer("axis", 1), float("epsilon", 1e-5)))
}

// rmsNorm is x/√(mean x² + ε), of operations one by one, since ONNX has it from opset 23 on.
func (e *exporter) rmsNorm(v *value) *value {
	x := e.as(v, rows)
	mean := e.op("ReduceMean", []string{e.op("Mul", []string{x, x}), e.integers(e.prefix+".axes", 1)})
	spread := e.op("Sqrt", []string{e.op("Add", []string{mean, e.constant(e.prefix+".epsilon", []float64{0x1p-23}, 1)})})
	return newValue(v.shape, rows, e.op("Div", []string{x, spread}))
}
