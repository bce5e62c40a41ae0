package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/onnxpb"
)

// batch is the name of the dimension that has the examples.
const batch = "N"

// builder writes a file's graph.
type builder struct {
	graph  *onnxpb.GraphProto
	prefix string         // of the names of what is written: the network's node
	taken  map[string]int // names, and how many have asked for each
}

func newBuilder(input, output string) builder {
	return builder{
		graph: &onnxpb.GraphProto{Name: proto.String("pcn")},
		taken: map[string]int{input: 1, output: 1},
	}
}

// within says which node of the network is written.
func (b *builder) within(node string) { b.prefix = node }

// name returns a name that nothing else in the file has.
func (b *builder) name(wish string) string {
	b.taken[wish]++
	if n := b.taken[wish]; n > 1 {
		return b.name(fmt.Sprintf("%s_%d", wish, n))
	}
	return wish
}

// op writes an operation and returns the name of its output.
func (b *builder) op(kind string, inputs []string, attributes ...attribute) string {
	name := b.name(b.prefix + "/" + kind)
	b.graph.Node = append(b.graph.Node, &onnxpb.NodeProto{
		Name: proto.String(name), OpType: proto.String(kind), Input: inputs, Output: []string{name}, Attribute: attributes,
	})
	return name
}

// reshape writes that examples get other dimensions.
func (b *builder) reshape(of string, dims ...int) string {
	to := append([]int{0}, dims...) // 0 is N, as it is
	return b.op("Reshape", []string{of, b.integers(b.prefix+".shape", to...)})
}

// integers writes whole numbers, and returns their name.
func (b *builder) integers(name string, of ...int) string {
	var raw []byte
	for _, n := range of {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(n))
	}
	return b.tensor(name, onnxpb.TensorProto_INT64, raw, len(of))
}

// constant writes numbers, and returns their name.
func (b *builder) constant(name string, x []float64, dims ...int) string {
	raw := make([]byte, 0, 4*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
	}
	return b.tensor(name, onnxpb.TensorProto_FLOAT, raw, dims...)
}

func (b *builder) tensor(name string, dtype onnxpb.TensorProto_DataType, raw []byte, dims ...int) string {
	t := &onnxpb.TensorProto{Name: proto.String(b.name(name)), DataType: proto.Int32(int32(dtype)), RawData: raw}
	for _, n := range dims {
		t.Dims = append(t.Dims, int64(n))
	}
	b.graph.Initializer = append(b.graph.Initializer, t)
	return t.GetName()
}

// input writes that the file takes examples of a shape under a name.
func (b *builder) input(name string, shape tensor.Shape) *value {
	v := newValue(shape, channels, name)
	b.graph.Input = append(b.graph.Input, b.port(name, v))
	return v
}

// output writes that the file gives v under a name.
func (b *builder) output(name string, v *value) {
	b.graph.Node = append(b.graph.Node, &onnxpb.NodeProto{
		Name: proto.String(b.name(name)), OpType: proto.String("Identity"), Input: []string{b.as(v, channels)}, Output: []string{name},
	})
	b.graph.Output = append(b.graph.Output, b.port(name, v))
}

func (b *builder) port(name string, v *value) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: batch}}}}
	for _, n := range v.dims(channels) {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(n)}})
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Shape: shape},
	}}}
}

// attribute is one of an operation.
type attribute = *onnxpb.AttributeProto

func integer(name string, x int) attribute {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(x))}
}

func float(name string, x float64) attribute {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(float32(x))}
}

func text(name, x string) attribute {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_STRING.Enum(), S: []byte(x)}
}

func ints(name string, of ...int) attribute {
	a := &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INTS.Enum()}
	for _, x := range of {
		a.Ints = append(a.Ints, int64(x))
	}
	return a
}
