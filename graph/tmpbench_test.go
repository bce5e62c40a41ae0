package graph
import ("testing";"gorgonia.org/tensor";"example.com/pcn/graph/feature";"example.com/pcn/graph/linear")
func BenchmarkTmp(b *testing.B) {
	for _, text := range []string{"max-pool 2","gelu, max-pool 2", "gelu", "max-pool 3 stride 2 pad 1", "avg-pool 2", "concat"} {
	f, _ := feature.Parse(text)
	in := []tensor.Shape{{24,24,32}}
	names := []string{"from"}
	nodes := []Node{{}, {Name:"from", Shape: in[0]}}
	if text == "concat" { in = append(in, tensor.Shape{24,24,16}); names = append(names, "b"); nodes = append(nodes, Node{Name:"b", Shape: in[1]}) }
	out, err := f.Shape(in...)
	if err != nil { b.Fatal(err) }
	nodes[0] = Node{Name:"of", Shape: out, Clamped: true}
	for i := range nodes[1:] { nodes[i+1].Prior = 0.1 }
	s := Spec{Batch:64, Dtype: tensor.Float32, Nodes: nodes, Predictions: []Prediction{{Of:"of", Edges: []Edge{{From: names, Feature: f, Map: linear.Fixed{}}}}}}
	m := loaded(b, s, 1)
	b.Run(text, func(b *testing.B){ for b.Loop() { m.Each((*Shard).Gradients) } })
	}
}
