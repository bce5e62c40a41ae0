package onnx

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/onnxpb"
	"example.com/pcn/model"
)

// nodes returns a network of an image, and its predictions.
func nodes(more []model.Node, predictions ...model.Prediction) model.Config {
	ends := []model.Node{{Name: "input", Shape: []int{8, 6, 2}}, {Name: "target", Size: 3}}
	return model.Config{Nodes: append(ends, more...), Predictions: predictions}
}

func edge(kind, feature string, from ...string) model.Edge {
	return model.Edge{Nodes: from, Feature: feature, Map: kind}
}

func of(node string, edges ...model.Edge) model.Prediction {
	return model.Prediction{Of: node, From: edges}
}

func with(p model.Prediction, change func(*model.Prediction)) model.Prediction {
	change(&p)
	return p
}

// networks have all that the file has a form of.
func networks() map[string]model.Config {
	all := map[string]model.Config{
		"after":      {Layers: []int{5, 7, 6, 3}, After: true},
		"classes":    {Layers: []int{5, 7, 3}, Energies: []model.NodeEnergy{model.Gaussian, model.Gaussian, model.CrossEntropy}},
		"generative": {Layers: []int{5, 7, 3}, Direction: model.Generative, Energies: []model.NodeEnergy{model.Bernoulli, model.Laplace, model.Gaussian}},
		"outer":      {Network: "gated code=4", Layers: []int{5, 3}},
		"convolutions": nodes([]model.Node{{Name: "c1", Shape: []int{5, 6, 4}}, {Name: "c2", Shape: []int{9, 13, 2}}},
			of("c1", edge("conv 3x2 stride 2x1 pad 2x1 dilate 1x2", "", "input")),
			with(of("c2", edge("conv-transpose 3 stride 2 pad 1x0 groups 2", "tanh", "c1")), func(p *model.Prediction) { p.Unbiased = true }),
			of("target", edge("", "tanh", "c2"))),
		"pooling": nodes([]model.Node{{Name: "a", Shape: []int{4, 3, 2}}, {Name: "b", Shape: []int{4, 6, 4}}, {Name: "c", Size: 96}},
			of("a", edge("diagonal", "max-pool 3 stride 2 pad 1", "input")),
			of("b", edge("conv 2 pad same", "upsample 1x2", "a"), edge("conv 1", "avg-pool 3x1 stride 2x1 pad 1x0", "input")),
			with(of("c", edge("identity", "layer-norm", "b")), func(p *model.Prediction) { p.After = "rms-norm" }),
			of("target", edge("", "reshape 4x24, avg-pool 2, flatten", "c"), edge("", "global-avg-pool", "b"))),
		"shapes": nodes([]model.Node{{Name: "a", Shape: []int{24, 4}}, {Name: "b", Shape: []int{8, 6, 2}}, {Name: "c", Shape: []int{8, 6, 5}}},
			of("a", edge("diagonal", "", "input")),
			of("b", model.Edge{Nodes: []string{"a"}, Map: "identity", Scale: 0.5}, model.Edge{Nodes: []string{"input"}, Map: "conv 1", Scale: -2}, edge("", "", "a")),
			with(of("c", edge("conv 3 pad same", "tanh", "b", "input")), func(p *model.Prediction) { p.After = "layer-norm, relu" }),
			of("target", edge("", "", "a", "a"), edge("", "", "c"))),
		"a sequence": nodes([]model.Node{{Name: "s", Shape: []int{48, 2}}, {Name: "t", Shape: []int{23, 3}}},
			of("s", edge("identity", "", "input")),
			of("t", edge("conv 4 stride 2", "gelu", "s")),
			of("target", edge("", "max-pool 5 stride 3", "t"))),
	}
	for _, name := range append(feature.Activations(), "leaky-relu 0.2") {
		all["activation "+name] = model.Config{Layers: []int{5, 7, 3}, Activation: name}
	}
	return all
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func random(rows, d int) *tensor.Dense {
	rng := rand.New(rand.NewPCG(7, uint64(d)))
	return dense.Fill(tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, d)), func(int) float64 { return 2 * rng.NormFloat64() })
}

// numbers returns a number for each of d units.
func numbers(d int) []float64 {
	x := make([]float64, d)
	for i := range x {
		x[i] = 0.5 + float64(i%7)/3
	}
	return x
}

// TestInfers runs files as ONNX says, and holds them against what networks infer.
func TestInfers(t *testing.T) {
	for name, c := range networks() {
		t.Run(name, func(t *testing.T) {
			n := must(model.New(c))
			for _, p := range n.Parameters() { // biases and gains too
				for i := range p.DataSize() {
					dense.Set(p, i, dense.At(p, i)+0.1*math.Sin(float64(i)))
				}
			}
			n.Changed()
			from, to, err := Ends(n)
			if err != nil {
				t.Fatal(err)
			}
			inputs, targets := n.Size(n.InputNode()), n.Size(n.TargetNode())
			o := Options{Inputs: Scaling{Shift: numbers(inputs), Scale: numbers(inputs)}, Targets: Scaling{Shift: []float64{2}, Scale: numbers(targets)}}
			m := new(onnxpb.ModelProto)
			var file bytes.Buffer
			must(0, Write(&file, n, o))
			must(0, proto.Unmarshal(file.Bytes(), m))

			const rows = 3
			spec := n.Spec()
			given, got := random(rows, n.Size(from)), run(m, channelsFirst(random(rows, n.Size(from)), spec.Nodes[from].Shape))
			scales := map[int]Scaling{n.InputNode(): o.Inputs, n.TargetNode(): o.Targets}
			scale := func(x *tensor.Dense, node int, f func(x, shift, scale float64) float64) {
				d, s := n.Size(node), scales[node]
				dense.Fill(x, func(i int) float64 {
					return f(dense.At(x, i), s.Shift[i%d%len(s.Shift)], s.Scale[i%d%len(s.Scale)])
				})
			}
			scale(given, from, func(x, shift, scale float64) float64 { return (x - shift) * scale })
			infer := n.Predict
			if from == n.TargetNode() {
				infer = n.Generate
			}
			want, _, err := infer(context.Background(), given, model.Inference{})
			if err != nil {
				t.Fatal(err)
			}
			scale(want, to, func(x, shift, scale float64) float64 { return x/scale + shift })
			expect := channelsFirst(want, spec.Nodes[to].Shape)
			if fmt.Sprint(got.shape) != fmt.Sprint(expect.shape) {
				t.Fatalf("got shape %v, want %v", got.shape, expect.shape)
			}
			for i, x := range expect.of {
				if math.Abs(got.of[i]-x) > 1e-5*max(1, math.Abs(x)) {
					t.Fatalf("%d: got %v, want %v", i, got.of[i], x)
				}
			}
			if in, out := m.Graph.Input[0].GetName(), m.Graph.Output[0].GetName(); in != spec.Nodes[from].Name || out != spec.Nodes[to].Name {
				t.Errorf("got %s to %s", in, out)
			}
		})
	}
}

// TestRefuses: what has no form in ONNX, or no pass, is said with the node.
func TestRefuses(t *testing.T) {
	snake := feature.NewActivation("snake", math.Sin, func(x, _ float64) float64 { return math.Cos(x) }, 1)
	must(0, feature.RegisterActivation(snake))
	for want, c := range map[string]model.Config{
		"onnx: node hidden1: its feature, snake, has no form in ONNX":                                                   {Layers: []int{2, 3, 2}, TopActivation: "snake"},
		"onnx: must be a network that predicts, or generates, in one pass: node hidden1: has an activity prior":         {Layers: []int{2, 3, 2}, ActivityPrior: 0.1},
		"onnx: must be a network that predicts, or generates, in one pass: node made: has an activity prior":            nodes([]model.Node{{Name: "made", Size: 4, Prior: 0.1}}, of("made", edge("", "", "target")), of("input", edge("", "", "made"))),
		"onnx: must be a network that predicts, or generates, in one pass: node target: has feedback":                   nodes(nil, of("target", edge("", "", "input"), model.Edge{Nodes: []string{"target"}, Feedback: true})),
		"onnx: must be a network that predicts, or generates, in one pass: node target: has several predictions":        nodes(nil, of("target", edge("", "", "input")), of("target", edge("", "tanh", "input"))),
		"onnx: must be a network that predicts, or generates, in one pass: node target: is fixed, and has a prediction": nodes([]model.Node{{Name: "cause", Size: 2}}, of("target", edge("", "", "cause")), of("input", edge("", "", "cause"))),
	} {
		var file bytes.Buffer
		if err := Write(&file, must(model.New(c)), Options{}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
		if file.Len() > 0 {
			t.Errorf("%s: %d bytes are written", want, file.Len())
		}
	}
}

// channelsFirst returns rows of examples of a shape as a file has them.
func channelsFirst(x *tensor.Dense, shape tensor.Shape) array {
	a := array{append([]int{x.Shape()[0]}, shape...), dense.Floats(x)}
	if len(shape) == 1 {
		return a
	}
	return a.transpose(axesFirst(len(shape)))
}
