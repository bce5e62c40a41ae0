package onnx

import (
	"cmp"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
)

// product is a map's, of a feature, and a bias beside it where the operation takes one.
type product struct {
	of     linear.Map
	theta  *tensor.Dense // nil for none
	psi    *value
	out    tensor.Shape
	bias   []float64 // nil for none
	biased bool      // it has taken the bias
}

// product writes M(θ)ψ, of the shape p.out.
func (e *exporter) product(p *product) (*value, error) {
	switch m := p.of.(type) {
	case linear.Dense:
		return e.dense(p), nil
	case linear.Fixed:
		if m.Matrix == nil {
			return e.reshaped(p.psi, p.out), nil
		}
		return e.dense(p), nil
	case linear.Diagonal:
		return e.byUnit("Mul", e.reshaped(p.psi, p.out), "gain", dense.Floats(p.theta)), nil
	case linear.Conv:
		return e.convolution("Conv", m, p), nil
	case linear.ConvTranspose:
		return e.convolution("ConvTranspose", m.Conv, p, ints("output_padding", axes(p.psi, m.OutputPadding)...)), nil
	}
	return nil, fmt.Errorf("its map, %v, has no form in ONNX", p.of)
}

// dense writes ψ Wᵀ.
func (e *exporter) dense(p *product) *value {
	in := []string{e.as(p.psi, rows), e.weight(p, p.theta.Shape(), nil)}
	n := p.out.TotalSize()
	if len(p.bias) == n {
		in, p.biased = append(in, e.constant(e.prefix+".bias", p.bias, n)), true
	}
	return newValue(p.out, rows, e.op("Gemm", in, integer("transB", 1)))
}

// convolution writes one, or a transposed one.
func (e *exporter) convolution(kind string, m linear.Conv, p *product, attributes ...attribute) *value {
	theta := p.of.Parameters(p.psi.shape, p.out)[0]
	in := []string{e.as(p.psi, channels), e.weight(p, theta.Axes, theta.Stored)}
	if len(p.bias) > 0 {
		in, p.biased = append(in, e.constant(e.prefix+".bias", p.bias, len(p.bias))), true
	}
	var before, after, strides, dilations [2]int
	for axis := range 2 {
		strides[axis], dilations[axis] = max(m.Stride[axis], 1), max(m.Dilation[axis], 1)
		before[axis], after[axis] = m.Padding[axis], m.Padding[axis]
		if m.Same {
			around := dilations[axis] * (m.Kernel[axis] - 1)
			before[axis], after[axis] = around/2, around-around/2
		}
	}
	attributes = append(attributes,
		ints("kernel_shape", axes(p.psi, m.Kernel)...), ints("strides", axes(p.psi, strides)...), ints("dilations", axes(p.psi, dilations)...),
		ints("pads", append(axes(p.psi, before), axes(p.psi, after)...)...), integer("group", cmp.Or(m.Groups, 1)))
	return newValue(p.out, channels, e.op(kind, in, attributes...))
}

// axes returns the numbers of the axes that v has positions along: the last of rows and
// columns.
func axes(v *value, of [2]int) []int { return of[3-len(v.shape):] }

// weight returns the constant of θ, with its axes in the order of files.
func (e *exporter) weight(p *product, axes, stored []int) string {
	if name, ok := e.weights[p.theta]; ok {
		return name
	}
	x, dims := p.theta, axes
	if stored != nil {
		dims = nil
		for _, axis := range stored {
			dims = append(dims, axes[axis])
		}
		x = dense.Permute(tensor.New(tensor.Of(p.theta.Dtype()), tensor.WithShape(dims...)), p.theta, axes, stored)
	}
	name := e.constant(cmp.Or(e.names[p.theta], e.prefix+".matrix"), dense.Floats(x), dims...)
	e.weights[p.theta] = name
	return name
}
