package play

import (
	"math"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/trained"
)

// Subject is what the page plays with.
type Subject struct {
	Title     string // in a word or two, such as the dataset's name
	Network   *model.Network
	Inference model.Inference // how it settles, until the page says otherwise
	// Inputs and Targets take numbers from the units of the data to the network's.
	Inputs, Targets data.Transform
	// Shape is that of an input that is an image, height, width and 1 or 3 channels, of
	// which Black and White are the numbers of black and white in the units of the data;
	// nil where inputs are no images. They are then drawn as bars.
	Shape        []int
	Black, White float64
	Columns      []string  // names of inputs; nil where they have none
	Classes      []string  // names of classes; nil where targets are numbers
	Examples     *data.Set // to pick from; nil where there are none
}

// Of returns what plays with a model, with examples to pick from the data that it learned
// from, where that is at hand.
func Of(t *trained.Model, sets train.Sets) *Subject {
	s := &Subject{Title: t.Path, Network: t.Network, Inference: t.Recipe.Inference, Inputs: t.Inputs, Targets: t.Targets, Columns: t.Columns, Shape: t.Shape()}
	if t.Classifies() {
		s.Classes = t.ClassNames()
	}
	s.Black, s.White = t.PixelRange([][]float64{{0, 1}})
	if s.Examples = sets.Apart(); s.Examples != nil && t.Network.Metadata(trained.InputsKey) == "" {
		s.pickFrom(s.Examples)
	}
	return s
}

// pickFrom has the examples of a set picked from, and taken as it scales them.
func (s *Subject) pickFrom(set *data.Set) {
	s.Examples, s.Inputs, s.Targets = set, set.InputTransform(), set.TargetTransform()
	s.Shape, s.Black, s.White = set.Shape, 0, set.White
}

// port is the input or the target, as the page is told of it.
type port struct {
	Node    string   `json:"node"`
	Shape   []int    `json:"shape"` // height, width and channels of an image, else the number of units
	Low     numbers  `json:"low"`   // of the units' usual values: one for all, or one a unit
	High    numbers  `json:"high"`
	Names   []string `json:"names"`
	Classes bool     `json:"classes"` // one unit is 1 and the others 0
}

// node is a node as the page is told of it.
type node struct {
	Name        string   `json:"name"`
	Shape       []int    `json:"shape"`
	Predictions int      `json:"predictions"` // how many there are of it
	PredictedBy []string `json:"predictedBy"`
}

// method is a method of settling, with its default rate.
type method struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate"`
}

// description is what the page is told of a subject.
type description struct {
	Session   int             `json:"session"`
	Title     string          `json:"title"`
	Input     port            `json:"input"`
	Target    port            `json:"target"`
	Nodes     []node          `json:"nodes"` // from the top down
	Methods   []method        `json:"methods"`
	Starts    []string        `json:"starts"`
	Inference model.Inference `json:"inference"`
	Examples  int             `json:"examples"`
}

// describe returns what the page is told, but for a session.
func (s *Subject) describe() (d description, err error) {
	n := s.Network
	d = description{Title: s.Title, Starts: slices.DeleteFunc(model.Starts(), func(s string) bool { return s == model.Warm.String() })} // here is warm
	if d.Inference, err = s.Inference.WithDefaults(); err != nil {
		return d, err
	}
	for _, name := range model.Methods() {
		var m model.Method
		if err := m.UnmarshalText([]byte(name)); err != nil {
			return d, err
		}
		inf, err := model.Inference{Method: m}.WithDefaults()
		if err != nil {
			return d, err
		}
		d.Methods = append(d.Methods, method{name, inf.Rate})
	}
	w, err := n.Spec().Wire()
	if err != nil {
		return d, err
	}
	for _, l := range topDown(w) {
		row := node{Name: w.Nodes[l].Name, Shape: w.Nodes[l].Shape, PredictedBy: []string{}}
		for _, p := range w.Predictions {
			if p.Of != row.Name {
				continue
			}
			row.Predictions++
			for _, e := range p.Edges {
				row.PredictedBy = append(row.PredictedBy, e.From...)
			}
		}
		slices.Sort(row.PredictedBy)
		row.PredictedBy = slices.Compact(row.PredictedBy)
		d.Nodes = append(d.Nodes, row)
	}
	nodes := n.Nodes()
	d.Input = port{Node: nodes[n.InputNode()], Shape: []int{n.Size(n.InputNode())}, Names: s.Columns}
	d.Target = port{Node: nodes[n.TargetNode()], Shape: []int{n.Size(n.TargetNode())}, Names: s.Classes, Classes: s.Classes != nil}
	var inputs, targets [][]float64
	if s.Examples != nil {
		d.Examples = s.Examples.Len()
		if inputs, targets, err = s.examples(0, min(d.Examples, seenForRange)); err != nil {
			return d, err
		}
	}
	switch {
	case s.Shape != nil:
		d.Input.Shape, d.Input.Low, d.Input.High = s.Shape, numbers{s.Black}, numbers{s.White}
	default:
		if d.Input.Low, d.Input.High, err = span(inputs, s.Inputs, d.Input.Shape[0]); err != nil {
			return d, err
		}
	}
	if d.Target.Classes {
		d.Target.Low, d.Target.High = numbers{0}, numbers{1}
	} else {
		d.Target.Low, d.Target.High, err = span(targets, s.Targets, d.Target.Shape[0])
	}
	return d, err
}

// topDown returns the nodes, each behind those that it is predicted by.
func topDown(w *graph.Wiring) (order []int) {
	for l := range w.Nodes {
		if !slices.Contains(w.Order, l) {
			order = append(order, l)
		}
	}
	return append(order, w.Order...)
}

// seenForRange is how many examples say what is usual.
const seenForRange = 1000

// span returns the least and the largest number of each column or, without rows, those
// that are −2 and 2 to the network.
func span(rows [][]float64, t data.Transform, width int) (low, high numbers, err error) {
	if rows == nil {
		for _, at := range []float64{-2, 2} {
			raw, err := t.Undo(tensor.New(tensor.WithShape(1, width), tensor.WithBacking(slices.Repeat([]float64{at}, width))))
			if err != nil {
				return nil, nil, err
			}
			rows = append(rows, dense.Floats(raw))
		}
	}
	low, high = slices.Repeat(numbers{math.Inf(1)}, width), slices.Repeat(numbers{math.Inf(-1)}, width)
	for _, row := range rows {
		for j, x := range row {
			if !math.IsNaN(x) {
				low[j], high[j] = min(low[j], x), max(high[j], x)
			}
		}
	}
	for j := range low {
		if !(low[j] < high[j]) {
			low[j], high[j] = low[j]-1, low[j]+1
		}
	}
	return low, high, nil
}

// examples returns some examples in a row, in the units of the data.
func (s *Subject) examples(first, count int) (inputs, targets [][]float64, err error) {
	rows := make([]int, count)
	for i := range rows {
		rows[i] = first + i
	}
	set := s.Examples.WithTransforms(data.Transform{}, data.Transform{})
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(count, set.InputSize()))
	y := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(count, set.TargetSize()))
	err = set.Gather(rows, x, y)
	return model.Rows(x), model.Rows(y), err
}
