package report

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// Named is a learner and the name it has in a legend.
type Named struct {
	Name    string
	Learner train.Learner
}

// curvePoints is the number of points of a curve.
const curvePoints = 400

// Regression draws what learners make of set, a regression of one number on
// another, over its examples and the truth, all in raw units.
func Regression(ctx context.Context, set *data.Set, name string, truth func(x float64) float64, learners ...Named) (*Panel, error) {
	if set == nil || truth == nil {
		return nil, errors.New("report: regression: must have a set and a truth, got none of one")
	}
	if set.Len() == 0 || set.InputSize() != 1 || set.TargetSize() != 1 {
		return nil, fmt.Errorf("report: regression: must have examples of 1 input and 1 target, got %d of %d and %d", set.Len(), set.InputSize(), set.TargetSize())
	}
	examples, err := numbers(set)
	if err != nil {
		return nil, err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range examples.X {
		low, high = min(low, x), max(high, x)
	}
	curve := Line{Name: name}
	for i := range curvePoints {
		x := low + (high-low)*float64(i)/(curvePoints-1)
		curve.X, curve.Y = append(curve.X, x), append(curve.Y, truth(x))
	}
	lines := []Line{curve}
	for _, l := range learners {
		if l.Learner == nil {
			return nil, fmt.Errorf("report: regression: %q: must be a learner, got none", l.Name)
		}
		if err := train.Fits(l.Learner.Network(), set); err != nil {
			return nil, fmt.Errorf("report: regression: %q: %w", l.Name, err)
		}
		inputs, err := set.InputTransform().Tensor(l.Learner.Network().Config().Dtype.Tensor(), curve.X, 1)
		if err != nil {
			return nil, err
		}
		targets, err := l.Learner.Predict(ctx, inputs)
		if err != nil {
			return nil, err
		}
		if targets, err = set.TargetTransform().Undo(targets); err != nil {
			return nil, err
		}
		line := Line{Name: l.Name, X: curve.X}
		for _, row := range model.Rows(targets) {
			line.Y = append(line.Y, row[0])
		}
		lines = append(lines, line)
	}
	return Fit(examples, lines...), nil
}

// numbers returns the raw examples of a regression of one number on another.
func numbers(set *data.Set) (Line, error) {
	raw := set.WithTransforms(data.Transform{}, data.Transform{})
	column := func() *tensor.Dense { return tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(raw.Len(), 1)) }
	inputs, targets := column(), column()
	rows := make([]int, raw.Len())
	for i := range rows {
		rows[i] = i
	}
	err := raw.Gather(rows, inputs, targets)
	return Line{Name: "examples", X: inputs.Float64s(), Y: targets.Float64s()}, err
}
