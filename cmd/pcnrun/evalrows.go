package main

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// ownRows are the flags for rows of one's own to score a model on.
type ownRows struct {
	path          string
	label, target string // columns
	format        *rowFormat
}

// evalRows scores a model on rows.
func (a *app) evalRows(ctx context.Context, f *modelFlags, path string, rows ownRows, json bool) error {
	t, err := f.open(path, false)
	if err != nil {
		return err
	}
	if t.recipe.Model.Remembers() {
		return usagef("--input: is for a network that does not remember: predict follows rows that are a sequence")
	}
	o, err := rows.options(t)
	if err != nil {
		return err
	}
	in, err := a.openRows(ctx, rows.path, o)
	if err != nil {
		return err
	}
	defer in.Close()
	score, err := train.EvaluateRows(ctx, in, func(b *data.Batch) (*tensor.Dense, error) {
		inputs, err := t.tensor(in, b)
		if err != nil {
			return nil, err
		}
		predicted, _, err := t.predict(ctx, inputs)
		return predicted, err
	})
	if err != nil {
		return err
	}
	res := newEvaluation(in.Name(), t.network, score.Examples)
	res.Model = path
	if len(o.Classes) > 0 {
		accuracy := number(score.Accuracy)
		res.TestAccuracy = &accuracy
	} else {
		mse := number(score.MSE)
		res.TestMSE = &mse
	}
	return a.printEvaluation(t, res, json)
}

// options says what the rows hold that t is scored on.
func (r *ownRows) options(t *trained) (data.RowOptions, error) {
	o := t.rowOptions()
	o.Format = string(*r.format)
	k := t.network.Size(t.network.TargetNode())
	switch {
	case r.label != "" && r.target != "":
		return o, usagef("--label and --target: must be one of them, got both")
	case r.label != "" && k == 1:
		return o, usagef("--label %s: the network has one target and no classes, give --target", r.label)
	case r.label != "":
		o.Label, o.Targets = r.label, nil
	case r.target != "":
		names, err := data.ParseNames(r.target)
		if err == nil && len(names) != k {
			err = fmt.Errorf("must be %d columns, as many as the network has targets, got %d", k, len(names))
		}
		if err != nil {
			return o, usagef("--target %s: %w", r.target, err)
		}
		o.Label, o.Targets = "", names
	}
	if o.Outputs = k; r.label != "" || r.target == "" && t.classes() {
		o.Outputs, o.Classes = 1, t.classNames()
	}
	return o, nil
}
