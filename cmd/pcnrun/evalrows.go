package main

import (
	"context"
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// ownRows are the flags for rows of one's own to score a model on.
type ownRows struct {
	path          string
	label, target string // columns
	format        *rowFormat
}

// evalRows scores a model on rows.
func (a *app) evalRows(ctx context.Context, f *modelFlags, path string, o ownRows, json bool) error {
	t, err := f.open(path, false)
	if err != nil {
		return err
	}
	n := t.network
	dtype := n.Config().Dtype
	in, closeIn, err := a.openInputs(o.path, t)
	if err != nil {
		return err
	}
	defer closeIn()
	if err := o.columns(&in.parser, t); err != nil {
		return err
	}
	if *o.format != anyRows {
		in.parser.format = *o.format
	}
	right, squares := 0, 0.0
	count, err := in.eachPair(ctx, dtype, func(inputs *tensor.Dense, targets []float64) error {
		if err := t.inputs.Apply(inputs); err != nil {
			return err
		}
		predicted, classes, err := t.predict(ctx, inputs)
		if err != nil {
			return err
		}
		if in.parser.classes > 0 {
			for i, class := range classes {
				if class == int(targets[i]) {
					right++
				}
			}
			return nil
		}
		for i, row := range model.Rows(predicted) {
			for j, x := range row {
				diff := x - targets[i*len(row)+j]
				squares += diff * diff
			}
		}
		return nil
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("%s: no line of numbers with commas between", in.name)
	}
	if err != nil {
		return err
	}
	res := newEvaluation(in.name, n, count)
	res.Model = path
	if in.parser.classes > 0 {
		accuracy := number(float64(right) / float64(count))
		res.TestAccuracy = &accuracy
	} else {
		mse := number(squares / float64(count*in.parser.targets))
		res.TestMSE = &mse
	}
	return a.printEvaluation(t, res, json)
}

// columns says to p what the targets of t are, and where.
func (o *ownRows) columns(p *rowParser, t *trained) error {
	k := t.network.Size(t.network.TargetNode())
	if p.learned = t.recipe.Data.Target; t.recipe.Data.Label != "" {
		p.learned = []string{t.recipe.Data.Label}
	}
	switch {
	case o.label != "" && o.target != "":
		return usagef("--label and --target: want one of them")
	case o.label != "" && k == 1:
		return usagef("--label %s: the network has one target and no classes, give --target", o.label)
	case o.label != "" || o.target == "" && t.classes():
		p.targets, p.classes, p.names = 1, k, t.names
	default:
		p.targets = k
	}
	if o.label != "" {
		p.columns = []string{o.label}
	}
	if o.target != "" {
		for name := range strings.SplitSeq(o.target, ",") {
			p.columns = append(p.columns, strings.TrimSpace(name))
		}
		if len(p.columns) != k {
			return usagef("--target %s: want %d columns, as many as the network has targets, got %d", o.target, k, len(p.columns))
		}
	}
	return nil
}
