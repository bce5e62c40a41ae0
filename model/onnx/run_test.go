package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"example.com/pcn/internal/onnxpb"
)

// What follows runs a file in plain loops, as ONNX's text has its operations.

// array is numbers in a shape, the last axis the fastest.
type array struct {
	shape []int
	of    []float64
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// fill returns the array of a shape with f of each place.
func fill(shape []int, f func(at []int) float64) array {
	a := array{shape, make([]float64, size(shape))}
	at := make([]int, len(shape))
	for i := range a.of {
		for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
			at[axis], rest = rest%shape[axis], rest/shape[axis]
		}
		a.of[i] = f(at)
	}
	return a
}

// at returns an element; an axis of size 1 is as long as needed, and missing ones are in
// front.
func (a array) at(place []int) float64 {
	i := 0
	for axis, d := range a.shape {
		if p := place[len(place)-len(a.shape)+axis]; d > 1 {
			i = i*d + p
		}
	}
	return a.of[i]
}

func (a array) transpose(order []int) array {
	shape, from := make([]int, len(order)), make([]int, len(order))
	for i, axis := range order {
		shape[i] = a.shape[axis]
	}
	return fill(shape, func(at []int) float64 {
		for i, axis := range order {
			from[axis] = at[i]
		}
		return a.at(from)
	})
}

// attributes are those of an operation.
type attributes map[string]*onnxpb.AttributeProto

func (a attributes) ints(name string) (x []int) {
	for _, v := range a[name].GetInts() {
		x = append(x, int(v))
	}
	return x
}

// run returns the output of a file for an input.
func run(m *onnxpb.ModelProto, input array) array {
	values := map[string]array{m.Graph.Input[0].GetName(): input}
	for _, t := range m.Graph.Initializer {
		a := array{shape: []int{}}
		for _, d := range t.Dims {
			a.shape = append(a.shape, int(d))
		}
		for raw := t.RawData; len(raw) > 0; {
			if t.GetDataType() == int32(onnxpb.TensorProto_FLOAT) {
				a.of, raw = append(a.of, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))), raw[4:]
			} else {
				a.of, raw = append(a.of, float64(int64(binary.LittleEndian.Uint64(raw)))), raw[8:]
			}
		}
		if _, twice := values[t.GetName()]; twice || len(a.of) != size(a.shape) {
			panic(fmt.Sprintf("%s: shape %v, %d numbers, twice %v", t.GetName(), a.shape, len(a.of), twice))
		}
		values[t.GetName()] = a
	}
	for _, node := range m.Graph.Node {
		var in []array
		for _, name := range node.Input {
			a, ok := values[name]
			if !ok && name != "" {
				panic(node.GetName() + ": " + name + " is not there yet")
			}
			in = append(in, a)
		}
		with := attributes{}
		for _, a := range node.Attribute {
			with[a.GetName()] = a
		}
		if _, twice := values[node.Output[0]]; twice {
			panic(node.Output[0] + " is there twice")
		}
		values[node.Output[0]] = apply(node.GetOpType(), in, with)
	}
	return values[m.Graph.Output[0].GetName()]
}

var unary = map[string]func(x float64) float64{
	"Identity": func(x float64) float64 { return x },
	"Tanh":     math.Tanh,
	"Sqrt":     math.Sqrt,
	"Relu":     func(x float64) float64 { return max(x, 0) },
	"Sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"Softplus": func(x float64) float64 { return math.Log1p(math.Exp(x)) },
	"Mish":     func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) },
	"Elu":      func(x float64) float64 { return max(x, 0) + math.Expm1(min(x, 0)) },
	"Selu": func(x float64) float64 {
		return 1.0507009873554805 * (max(x, 0) + 1.6732632423543772*math.Expm1(min(x, 0)))
	},
	"Gelu": func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) },
}

var binaries = map[string]func(x, y float64) float64{
	"Add": func(x, y float64) float64 { return x + y },
	"Sub": func(x, y float64) float64 { return x - y },
	"Mul": func(x, y float64) float64 { return x * y },
	"Div": func(x, y float64) float64 { return x / y },
}

func apply(kind string, in []array, with attributes) array {
	x := in[0]
	each := func(f func(x float64) float64) array {
		return fill(x.shape, func(at []int) float64 { return f(x.at(at)) })
	}
	if f, ok := unary[kind]; ok {
		return each(f)
	}
	if f, ok := binaries[kind]; ok {
		shape := slices.Clone(x.shape)
		if len(in[1].shape) == len(shape) { // either may have one of what the other has several
			for i, d := range in[1].shape {
				shape[i] = max(shape[i], d)
			}
		}
		return fill(shape, func(at []int) float64 { return f(x.at(at), in[1].at(at)) })
	}
	switch kind {
	case "LeakyRelu":
		return each(func(x float64) float64 { return max(x, 0) + float64(with["alpha"].GetF())*min(x, 0) })
	case "Clip":
		return each(func(x float64) float64 { return min(max(x, in[1].of[0]), in[2].of[0]) })
	case "Transpose":
		return x.transpose(with.ints("perm"))
	case "Reshape":
		shape := []int{x.shape[0]}
		for _, d := range in[1].of[1:] {
			if d < 0 {
				d = float64(len(x.of) / size(shape))
			}
			shape = append(shape, int(d))
		}
		return array{shape, x.of}
	case "Concat":
		shape := slices.Clone(x.shape)
		for _, more := range in[1:] {
			shape[1] += more.shape[1]
		}
		return fill(shape, func(at []int) float64 {
			at, i := slices.Clone(at), 0
			for ; at[1] >= in[i].shape[1]; i++ {
				at[1] -= in[i].shape[1]
			}
			return in[i].at(at)
		})
	case "Gemm": // of transB, with or without C
		return fill([]int{x.shape[0], in[1].shape[0]}, func(at []int) (sum float64) {
			for k := range x.shape[1] {
				sum += x.at([]int{at[0], k}) * in[1].at([]int{at[1], k})
			}
			if len(in) == 3 {
				sum += in[2].at(at)
			}
			return sum
		})
	case "Softmax", "LayerNormalization", "ReduceMean", "GlobalAveragePool":
		return perExample(kind, in, float64(with["epsilon"].GetF()))
	case "Resize":
		shape := make([]int, len(x.shape))
		for i, d := range x.shape {
			shape[i] = d * int(in[2].of[i])
		}
		return fill(shape, func(at []int) float64 {
			from := make([]int, len(at))
			for i, p := range at {
				from[i] = p / int(in[2].of[i])
			}
			return x.at(from)
		})
	case "Conv", "ConvTranspose":
		return convolve(in, with, kind == "ConvTranspose")
	case "MaxPool", "AveragePool":
		return pool(x, with, kind == "MaxPool")
	}
	panic(kind + ": is not one of those run here")
}

// perExample is of what looks at whole examples, or of channels of them.
func perExample(kind string, in []array, epsilon float64) array {
	x := in[0]
	n := len(x.of) / x.shape[0]
	out := array{x.shape, nil}
	switch kind {
	case "GlobalAveragePool":
		n /= x.shape[1]
		out.shape = append(slices.Clone(x.shape[:2]), slices.Repeat([]int{1}, len(x.shape)-2)...)
	case "ReduceMean":
		out.shape = []int{x.shape[0], 1}
	}
	for row := range slices.Chunk(x.of, n) {
		mean, squares, exponentials := 0.0, 0.0, 0.0
		for _, v := range row {
			mean += v / float64(n)
			exponentials += math.Exp(v)
		}
		for _, v := range row {
			squares += (v - mean) * (v - mean) / float64(n)
		}
		if len(out.shape) > 1 && size(out.shape) < len(x.of) || n == 1 {
			out.of = append(out.of, mean)
			continue
		}
		for i, v := range row {
			if kind == "Softmax" {
				out.of = append(out.of, math.Exp(v)/exponentials)
			} else {
				out.of = append(out.of, (v-mean)/math.Sqrt(squares+epsilon)*in[1].of[i])
			}
		}
	}
	return out
}

// eachTap calls f with each place of the kernel, and where its window, at a position, finds
// it: with the places of the axes behind the first two.
func eachTap(with attributes, position []int, f func(tap, from []int)) {
	kernel, strides, pads, dilations := with.ints("kernel_shape"), with.ints("strides"), with.ints("pads"), with.ints("dilations")
	fill(kernel, func(tap []int) float64 {
		from := make([]int, len(tap))
		for i, k := range tap {
			step := 1
			if dilations != nil {
				step = dilations[i]
			}
			from[i] = position[i]*strides[i] + k*step - pads[i]
		}
		f(tap, from)
		return 0
	})
}

func inside(shape, at []int) bool {
	for i, p := range at {
		if p < 0 || p >= shape[i] {
			return false
		}
	}
	return true
}

// reach returns how far a kernel's window goes along an axis.
func reach(with attributes, axis int) int {
	step := 1
	if d := with.ints("dilations"); d != nil {
		step = d[axis]
	}
	return step*(with.ints("kernel_shape")[axis]-1) + 1
}

func windows(x array, with attributes, channels int) (shape []int) {
	shape = []int{x.shape[0], channels}
	strides, pads := with.ints("strides"), with.ints("pads")
	for i, d := range x.shape[2:] {
		shape = append(shape, (d+pads[i]+pads[len(strides)+i]-reach(with, i))/strides[i]+1)
	}
	return shape
}

func pool(x array, with attributes, largest bool) array {
	return fill(windows(x, with, x.shape[1]), func(at []int) float64 {
		sum, high, places := 0.0, math.Inf(-1), 0
		eachTap(with, at[2:], func(_, from []int) {
			places++
			if inside(x.shape[2:], from) {
				v := x.at(append(slices.Clone(at[:2]), from...))
				sum, high = sum+v, max(high, v)
			}
		})
		if largest {
			return high
		}
		if with["count_include_pad"].GetI() != 1 {
			panic("AveragePool: must count what is beyond the edge")
		}
		return sum / float64(places)
	})
}

// convolve is a convolution, or a transposed one: the same windows, over the product.
func convolve(in []array, with attributes, transposed bool) array {
	x, w := in[0], in[1]
	groups := int(with["group"].GetI())
	narrow, wide := windows(x, with, w.shape[0]), x.shape
	if transposed {
		narrow, wide = x.shape, []int{x.shape[0], w.shape[1] * groups}
		strides, pads, more := with.ints("strides"), with.ints("pads"), with.ints("output_padding")
		for i, d := range x.shape[2:] {
			wide = append(wide, (d-1)*strides[i]+reach(with, i)-pads[i]-pads[len(strides)+i]+more[i])
		}
	}
	shape := narrow
	if transposed {
		shape = wide
	}
	out := fill(shape, func(at []int) float64 {
		if len(in) < 3 {
			return 0
		}
		return in[2].of[at[1]]
	})
	index := func(shape, at []int) (i int) {
		for axis, p := range at {
			i = i*shape[axis] + p
		}
		return i
	}
	c, o := wide[1]/groups, narrow[1]/groups
	fill(narrow, func(at []int) float64 {
		eachTap(with, at[2:], func(tap, from []int) {
			if !inside(wide[2:], from) {
				return
			}
			for j := range c {
				there := append([]int{at[0], at[1]/o*c + j}, from...)
				weight := w.at(append([]int{at[1], j}, tap...))
				if transposed {
					out.of[index(wide, there)] += weight * x.of[index(narrow, at)]
				} else {
					out.of[index(narrow, at)] += weight * x.of[index(wide, there)]
				}
			}
		})
		return 0
	})
	return out
}
