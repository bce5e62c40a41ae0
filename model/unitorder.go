package model

import (
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// unitOrder knows where PyTorch has the units that have no positions any more, or none yet:
// there flattening (C, H, W) puts each channel's in a row. An order says for each unit of
// ours which of PyTorch's it is; nil is the same.
type unitOrder struct {
	wiring *graph.Wiring
	nodes  map[int][]int // orders known, or being found
}

func newUnitOrder(w *graph.Wiring) *unitOrder {
	return &unitOrder{wiring: w, nodes: map[int][]int{}}
}

// channelsFirst is the order of the units of a shape.
func channelsFirst(shape tensor.Shape) []int {
	c := shape[len(shape)-1]
	places := shape.TotalSize() / c
	if c == 1 || places == 1 {
		return nil
	}
	order := make([]int, c*places)
	for i := range order {
		order[i] = i%c*places + i/c
	}
	return order
}

// node returns the order of a node's units.
func (u *unitOrder) node(l int) []int {
	if shape := u.wiring.Nodes[l].Shape; len(shape) > 1 {
		return channelsFirst(shape)
	}
	if order, known := u.nodes[l]; known {
		return order
	}
	u.nodes[l] = nil
	var order []int
	if i := u.wiring.First[l]; i >= 0 {
		_, order = follow(u.wiring.Predictions[i].After, []tensor.Shape{u.wiring.Sums[i]}, [][]int{u.made(i)})
	}
	if order == nil {
		order = u.taken(l)
	}
	u.nodes[l] = order
	return order
}

// made returns the order that a prediction's sum has from what it is made from.
func (u *unitOrder) made(i int) []int {
	if sum := u.wiring.Sums[i]; len(sum) > 1 {
		return channelsFirst(sum)
	}
	for j, e := range u.wiring.Predictions[i].Edges {
		f, fixed := e.Map.(linear.Fixed)
		if _, diagonal := e.Map.(linear.Diagonal); !e.Feedback && (diagonal || fixed && f.Matrix == nil) {
			return u.feature(i, j)
		}
	}
	return nil
}

// taken returns the order of a node without positions that is given some by those who take
// it.
func (u *unitOrder) taken(l int) []int {
	for i, p := range u.wiring.Predictions {
		for j, e := range p.Edges {
			if from := u.wiring.From[i][j]; len(from) == 1 && from[0] == l {
				if order := given(e.Feature); order != nil {
					return order
				}
			}
		}
	}
	return nil
}

// given returns the order of units to which a feature gives positions.
func given(f feature.Feature) []int {
	switch f := f.(type) {
	case feature.Reshape:
		return channelsFirst(f.To)
	case feature.Sequence:
		for _, one := range f {
			if order := given(one); order != nil || !one.UnitByUnit() {
				return order
			}
		}
	}
	return nil
}

// sum returns the order of the units of a prediction's sum.
func (u *unitOrder) sum(i int) []int {
	if order := u.made(i); order != nil {
		return order
	}
	if order := given(u.wiring.Predictions[i].After); order != nil {
		return order
	}
	if l := u.wiring.Of[i]; len(u.wiring.Sums[i]) == 1 && len(u.wiring.Nodes[l].Shape) == 1 && u.wiring.Sums[i].Eq(u.wiring.Nodes[l].Shape) {
		return u.node(l)
	}
	return nil
}

// feature returns the order of the units of ψ.
func (u *unitOrder) feature(i, j int) []int {
	var shapes []tensor.Shape
	var orders [][]int
	for _, l := range u.wiring.From[i][j] {
		shapes, orders = append(shapes, u.wiring.Nodes[l].Shape), append(orders, u.node(l))
	}
	_, order := follow(u.wiring.Predictions[i].Edges[j].Feature, shapes, orders)
	return order
}

// follow returns the shape and the order of what a feature makes of sources.
func follow(f feature.Feature, shapes []tensor.Shape, orders [][]int) (tensor.Shape, []int) {
	if all, ok := f.(feature.Sequence); ok {
		for _, one := range all {
			shape, order := follow(one, shapes, orders)
			shapes, orders = []tensor.Shape{shape}, [][]int{order}
		}
		return shapes[0], orders[0]
	}
	out, _ := f.Shape(shapes...) // which has been looked at before
	switch {
	case len(out) > 1:
		return out, channelsFirst(out)
	case len(shapes) == 1 && (f.UnitByUnit() || out.Eq(shapes[0])):
		return out, orders[0]
	case len(shapes) == 1:
		return out, nil
	}
	var order []int // side by side
	same := true
	for k, of := range orders {
		same = same && of == nil
		first := len(order)
		for i := range shapes[k].TotalSize() {
			if of != nil {
				i = of[i]
			}
			order = append(order, first+i)
		}
	}
	if same {
		return out, nil
	}
	return out, order
}
