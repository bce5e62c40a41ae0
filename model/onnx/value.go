package onnx

import (
	"slices"

	"gorgonia.org/tensor"
)

// form is how the file has a batch of examples: as rows, (N, d), in the order of the
// network's units, or with channels first, (N, C, H, W) or (N, C, L), as ONNX's operations
// on positions take it. What has no positions is rows in both.
type form int

const (
	rows form = iota
	channels
	forms
)

// value is a batch of examples in the file.
type value struct {
	shape tensor.Shape  // of an example in the network: (d), (L, C) or (H, W, C)
	names [forms]string // by form; "" where the file does not have it in that one
}

func newValue(shape tensor.Shape, f form, name string) *value {
	v := &value{shape: shape}
	v.names[v.formed(f)] = name
	return v
}

// formed returns the form that is meant by f.
func (v *value) formed(f form) form {
	if len(v.shape) == 1 {
		return rows
	}
	return f
}

// form returns one that the file has v in.
func (v *value) form() form {
	if v.names[channels] != "" {
		return channels
	}
	return rows
}

// dims are the dimensions of an example in a form.
func (v *value) dims(f form) []int {
	if f = v.formed(f); f == rows {
		return []int{v.shape.TotalSize()}
	}
	last := len(v.shape) - 1
	return append([]int{v.shape[last]}, v.shape[:last]...)
}

// as returns the name of v in a form, which is written if it is not there.
func (b *builder) as(v *value, f form) string {
	f = v.formed(f)
	if v.names[f] != "" {
		return v.names[f]
	}
	if f == rows {
		last := b.op("Transpose", []string{v.names[channels]}, ints("perm", axesLast(len(v.shape))...))
		v.names[f] = b.reshape(last, -1)
	} else {
		image := b.reshape(v.names[rows], v.shape...)
		v.names[f] = b.op("Transpose", []string{image}, ints("perm", axesFirst(len(v.shape))...))
	}
	return v.names[f]
}

// axesFirst is the order of axes that puts the channels of (N, …, C) first, and axesLast
// the one that puts them back, for examples of so many dimensions.
func axesFirst(dims int) []int {
	axes := []int{0, dims}
	for i := 1; i < dims; i++ {
		axes = append(axes, i)
	}
	return axes
}

func axesLast(dims int) []int {
	axes := []int{0}
	for i := 2; i <= dims; i++ {
		axes = append(axes, i)
	}
	return append(axes, 1)
}

// reshaped returns v as of another shape, of as many units in the same order.
func (b *builder) reshaped(v *value, to tensor.Shape) *value {
	if v.shape.Eq(to) {
		return v
	}
	return newValue(to, rows, b.as(v, rows))
}

// each applies an operation to each unit by itself.
func (b *builder) each(kind string, v *value, attributes ...attribute) *value {
	f := v.form()
	return newValue(v.shape, f, b.op(kind, []string{b.as(v, f)}, attributes...))
}

// byUnit applies an operation to v and constants: one, or one for each unit, or one for each
// channel.
func (b *builder) byUnit(kind string, v *value, name string, x []float64) *value {
	f := v.form()
	return newValue(v.shape, f, b.op(kind, []string{b.as(v, f), b.units(name, v, f, x)}))
}

// units returns the constants of byUnit, for v in a form.
func (b *builder) units(name string, v *value, f form, x []float64) string {
	dims := []int{len(x)}
	if c := v.shape[len(v.shape)-1]; len(x) > 1 && v.formed(f) == channels {
		places := len(x) / c // 1 where they are by channel
		y := make([]float64, len(x))
		for i := range y {
			y[i] = x[i%places*c+i/places]
		}
		x, dims = y, v.dims(f)
		for i := range dims[1:] {
			if places == 1 {
				dims[1+i] = 1
			}
		}
	} else if len(x) > 1 {
		x = slices.Repeat(x, v.shape.TotalSize()/len(x)) // channels are side by side
		dims = v.dims(rows)
	}
	return b.constant(b.prefix+"."+name, x, dims...)
}

// add is the sum of two values of one shape.
func (b *builder) add(x, y *value) *value {
	f := x.form()
	return newValue(x.shape, f, b.op("Add", []string{b.as(x, f), b.as(y, f)}))
}

// softmax is that over all units of an example.
func (b *builder) softmax(v *value) *value {
	return newValue(v.shape, rows, b.op("Softmax", []string{b.as(v, rows)}, integer("axis", 1)))
}
