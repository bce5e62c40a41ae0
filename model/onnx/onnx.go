// Package onnx writes what a network infers as an ONNX file, for other programs to run:
// onnxruntime, and what converts such files for telephones and browsers.
//
// The file has a pass through the network, from the node of its inputs to that of its
// targets, where such a pass is what the network predicts; of a generative network it is
// from targets to inputs, what the network generates. It has the name of the first node as
// its input and that of the last as its output, both of float32, of as many examples as the
// program gives it. An example is
//
//   - (d) where the node's shape is (d), in the order of the node's units;
//   - (C, H, W) or (C, L) where it is (H, W, C) or (L, C): channels first, as is usual in
//     ONNX and PyTorch.
//
// Numbers are in their own units: the file scales them as the network was trained with.
package onnx

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/onnxpb"
	"example.com/pcn/model"
)

// The versions of ONNX that a file is written for: GELU is in it from opset 20 on.
const (
	irVersion = 9
	opset     = 20
)

// Scaling says what the numbers of a node are of those in their own units, unit by unit:
//
//	x' = (x − Shift) · Scale
//
// Each has a number for each unit, one for all, or none, which is 0 and 1.
type Scaling struct{ Shift, Scale []float64 }

// Options are what a file says that the network does not know.
type Options struct {
	Inputs, Targets Scaling
	// Metadata are texts that the file has beside the network.
	Metadata map[string]string
}

// Write writes the file. Its error says what the network has that ONNX has no form of, or
// why a pass is not what the network infers.
func Write(w io.Writer, n *model.Network, o Options) error {
	m, err := export(n, o)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if size := proto.Size(m); size > math.MaxInt32 {
		return fmt.Errorf("onnx: must be of at most 2 GiB, as its form has it, got %d bytes", size)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	_, err = w.Write(data)
	return err
}

// Ends returns the nodes, by number, at which the pass begins and ends that a file has:
// from the inputs where nothing predicts them, else from the targets. Its error says why
// there is none.
func Ends(n *model.Network) (from, to int, err error) {
	from, to = n.InputNode(), n.TargetNode()
	if n.Predicted(from) {
		from, to = to, from
	}
	if err := n.PassFrom(from); err != nil {
		return 0, 0, fmt.Errorf("must be a network that predicts, or generates, in one pass: %w", err)
	}
	return from, to, nil
}

// exporter writes a network's nodes into a file's graph.
type exporter struct {
	builder
	network *model.Network
	wiring  *graph.Wiring
	values  []*value                 // by node; nil where it has none yet
	names   map[*tensor.Dense]string // of parameters
	weights map[*tensor.Dense]string // constants of the file
}

func export(n *model.Network, o Options) (*onnxpb.ModelProto, error) {
	from, to, err := Ends(n)
	if err != nil {
		return nil, err
	}
	wiring, err := n.Spec().Wire()
	if err != nil {
		return nil, err
	}
	first, last := wiring.Nodes[from], wiring.Nodes[to]
	scales := map[int]Scaling{n.InputNode(): o.Inputs, n.TargetNode(): o.Targets}
	e := &exporter{
		builder: newBuilder(first.Name, last.Name), network: n, wiring: wiring, values: make([]*value, len(wiring.Nodes)),
		names: map[*tensor.Dense]string{}, weights: map[*tensor.Dense]string{},
	}
	for _, p := range n.Named() {
		e.names[p.Value] = p.Name
	}
	e.within(first.Name)
	e.values[from] = e.scale(e.input(first.Name, first.Shape), scales[from])
	out, err := e.node(to)
	if err != nil {
		return nil, err
	}
	e.within(last.Name)
	e.output(last.Name, e.unscale(out, scales[to]))
	m := &onnxpb.ModelProto{
		IrVersion:    proto.Int64(irVersion),
		OpsetImport:  []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(opset)}},
		ProducerName: proto.String("pcn"),
		DocString:    proto.String(n.String()),
		Graph:        e.graph,
	}
	for _, key := range slices.Sorted(maps.Keys(o.Metadata)) {
		m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: proto.String(key), Value: proto.String(o.Metadata[key])})
	}
	return m, nil
}

// scale and unscale are a [Scaling] and the way back.
func (e *exporter) scale(v *value, s Scaling) *value {
	if len(s.Shift) > 0 {
		v = e.byUnit("Sub", v, "shift", s.Shift)
	}
	if len(s.Scale) > 0 {
		v = e.byUnit("Mul", v, "scale", s.Scale)
	}
	return v
}

func (e *exporter) unscale(v *value, s Scaling) *value {
	if len(s.Scale) > 0 {
		v = e.byUnit("Div", v, "scale", s.Scale)
	}
	if len(s.Shift) > 0 {
		v = e.byUnit("Add", v, "shift", s.Shift)
	}
	return v
}

// node returns a node's prediction, with all that it is made from written before it.
func (e *exporter) node(l int) (*value, error) {
	if e.values[l] != nil {
		return e.values[l], nil
	}
	i := e.wiring.First[l]
	var sources [][]*value // by edge
	for _, from := range e.wiring.From[i] {
		var of []*value
		for _, source := range from {
			v, err := e.node(source)
			if err != nil {
				return nil, err
			}
			of = append(of, v)
		}
		sources = append(sources, of)
	}
	name := e.wiring.Nodes[l].Name
	e.within(name)
	v, err := e.prediction(i, sources)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", name, err)
	}
	e.values[l] = v
	return v, nil
}

// prediction returns prediction i, given the sources of each of its edges.
func (e *exporter) prediction(i int, sources [][]*value) (sum *value, err error) {
	p := &e.wiring.Predictions[i]
	var bias []float64 // that no product has taken yet
	if p.Bias {
		bias = dense.Floats(e.network.Biases(i))
	}
	for j, edge := range p.Edges {
		psi, err := e.feature(edge.Feature, sources[j]...)
		if err != nil {
			return nil, err
		}
		m := product{of: edge.Map, theta: e.network.EdgeWeights(i, j), psi: psi, out: e.wiring.Sums[i]}
		if edge.Scale == 1 {
			m.bias = bias
		}
		x, err := e.product(&m)
		if err != nil {
			return nil, err
		}
		if m.biased {
			bias = nil
		}
		if edge.Scale != 1 {
			x = e.byUnit("Mul", x, "scale", []float64{edge.Scale})
		}
		if sum == nil {
			sum = x
		} else {
			sum = e.add(sum, x)
		}
	}
	if bias != nil {
		sum = e.byUnit("Add", sum, "bias", bias)
	}
	if sum, err = e.feature(p.After, sum); err != nil {
		return nil, err
	}
	switch {
	case p.Energy.Settles(): // the prediction is the sum
		return sum, nil
	case p.Energy == graph.CrossEntropy:
		return e.softmax(sum), nil
	case p.Energy == graph.Bernoulli:
		return e.each("Sigmoid", sum), nil
	}
	return nil, fmt.Errorf("its energy, %v, has no form in ONNX", p.Energy)
}
