package train

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// surveyedAtOnce is how many examples are in memory as numbers.
const surveyedAtOnce = 256

// Overview is what a dataset holds.
type Overview struct {
	Dataset    string            `json:"dataset"`
	Train      int               `json:"train_examples"`
	Test       int               `json:"test_examples"`
	Inputs     int               `json:"inputs"`
	Shape      []int             `json:"shape,omitempty"` // of images: height, width, channels
	InputRange []jsonfloat.Float `json:"input_range"`     // least and largest
	InputMean  jsonfloat.Float   `json:"input_mean"`
	Classes    []ClassCount      `json:"classes,omitempty"`
	Targets    []TargetRange     `json:"targets,omitempty"`
}

// ClassCount is how many examples of a class there are.
type ClassCount struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Test  int    `json:"test"`
}

// TargetRange is the range of a target of a regression.
type TargetRange struct {
	Name string          `json:"name"`
	Low  jsonfloat.Float `json:"low"`
	High jsonfloat.Float `json:"high"`
	Mean jsonfloat.Float `json:"mean"`
}

// augmentSeed decides how the first inputs of an overview are varied.
const augmentSeed = 1

// Overview returns what the sets of d hold, and the first raw inputs, as they are learned
// from in the first epoch.
func (d Data) Overview(sets Sets, images int) (o Overview, first [][]float64, err error) {
	o = Overview{Dataset: d.Dataset, Train: sets.Train.Len(), Test: sets.Test.Len(), Inputs: sets.Train.InputSize(), Shape: sets.Train.Shape}
	inputs, targets, first, err := survey(sets.Train, images)
	if err != nil {
		return o, nil, err
	}
	all := inputs[0]
	for _, column := range inputs[1:] {
		all = all.and(column)
	}
	o.InputRange, o.InputMean = []jsonfloat.Float{jsonfloat.Float(all.low), jsonfloat.Float(all.high)}, jsonfloat.Float(all.mean())
	if sets.Train.Classes > 0 {
		o.Classes = countClasses(sets)
	}
	for j, column := range targets {
		name := fmt.Sprintf("target %d", j+1)
		if len(d.Target) == len(targets) {
			name = d.Target[j]
		}
		o.Targets = append(o.Targets, TargetRange{name, jsonfloat.Float(column.low), jsonfloat.Float(column.high), jsonfloat.Float(column.mean())})
	}
	return o, first, nil
}

// countClasses returns how often each class is in the training and test parts.
func countClasses(sets Sets) []ClassCount {
	counts := make([]ClassCount, sets.Train.Classes)
	for k := range counts {
		counts[k].Name = sets.Train.ClassName(k)
	}
	for _, k := range sets.Train.Labels() {
		counts[k].Train++
	}
	for _, k := range sets.Test.Labels() {
		counts[k].Test++
	}
	return counts
}

// span is the range of numbers.
type span struct {
	low, high, sum float64
	n              int
}

func (s span) mean() float64 { return s.sum / float64(s.n) }

// and returns the range of the numbers of both.
func (s span) and(t span) span {
	switch {
	case s.n == 0:
		return t
	case t.n == 0:
		return s
	}
	return span{min(s.low, t.low), max(s.high, t.high), s.sum + t.sum, s.n + t.n}
}

// survey returns the range of each raw input and target of a set, no targets when
// there are classes, and the first raw inputs, as they are learned from.
func survey(s *data.Set, images int) (inputs, targets []span, first [][]float64, err error) {
	s = s.WithTransforms(data.Transform{}, data.Transform{})
	inputs = make([]span, s.InputSize())
	if s.Classes == 0 {
		targets = make([]span, s.TargetSize())
	}
	enter := func(spans []span, rows [][]float64) {
		for _, row := range rows {
			for i, x := range row {
				j := i % len(spans) // of a step
				if math.IsNaN(x) {  // missing
					continue
				}
				spans[j] = spans[j].and(span{x, x, x, 1})
			}
		}
	}
	for at := 0; at < s.Len(); at += surveyedAtOnce {
		rows := make([]int, min(surveyedAtOnce, s.Len()-at))
		for i := range rows {
			rows[i] = at + i
		}
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), s.Steps()*s.InputSize()))
		var y *tensor.Dense
		if targets != nil {
			y = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), s.Steps()*s.TargetSize()))
		}
		if err := s.Gather(rows, x, y); err != nil {
			return nil, nil, nil, err
		}
		enter(inputs, model.Rows(x))
		if y != nil {
			enter(targets, model.Rows(y))
		}
		if missing := images - len(first); missing > 0 {
			if err := s.GatherAugmented(rows, augmentSeed, 1, x, nil); err != nil {
				return nil, nil, nil, err
			}
			numbers := model.Rows(x)
			first = append(first, numbers[:min(missing, len(numbers))]...)
		}
	}
	return inputs, targets, first, nil
}
