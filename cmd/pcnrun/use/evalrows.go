package use

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// ownRows are the flags for rows of one's own to score a model on.
type ownRows struct {
	path          string
	label, target string // columns
	wrong         string
	format        *rowFormat
}

// evalRows scores a model on rows.
func evalRows(ctx context.Context, a *cli.App, f *cli.ModelFlags, path string, rows ownRows, json bool) error {
	t, err := f.Open(path, false)
	if err != nil {
		return err
	}
	if t.Recipe.Model.Remembers() {
		return cli.Usagef("--input: is for a network that does not remember: predict follows rows that are a sequence")
	}
	o, err := rows.options(t)
	if err != nil {
		return err
	}
	in, err := openRows(ctx, a, rows.path, o)
	if err != nil {
		return err
	}
	defer in.Close()
	got, err := train.AssessRows(ctx, t.Network, in, func(b *data.Batch) (*tensor.Dense, error) {
		inputs, err := inputsOf(t, in, b)
		if err != nil {
			return nil, err
		}
		predicted, err := t.Predict(ctx, inputs)
		cli.LogSettled(predicted.Settled)
		return predicted.Targets, err
	})
	if err != nil {
		return err
	}
	res := run.NewEvaluation(in.Name(), t.Network, got.Examples)
	res.Model = path
	res.SetTest(got.Score)
	return printEvaluation(a, t, evaluation{res, got}, rows.wrong, json)
}

// options says what the rows hold that t is scored on.
func (r *ownRows) options(t *trained.Model) (data.RowOptions, error) {
	o := t.RowOptions()
	o.Format = string(*r.format)
	k := t.Network.Size(t.Network.TargetNode())
	switch {
	case r.label != "" && r.target != "":
		return o, cli.Usagef("--label and --target: must be one of them, got both")
	case r.label != "" && k == 1:
		return o, cli.Usagef("--label %s: the network has one target and no classes, give --target", r.label)
	case r.label != "":
		o.Label, o.Targets = r.label, nil
	case r.target != "":
		names, err := data.ParseNames(r.target)
		if err == nil && len(names) != k {
			err = fmt.Errorf("must be %d columns, as many as the network has targets, got %d", k, len(names))
		}
		if err != nil {
			return o, cli.Usagef("--target %s: %w", r.target, err)
		}
		o.Label, o.Targets = "", names
	}
	if o.Outputs = k; r.label != "" || r.target == "" && t.Classifies() {
		o.Outputs, o.Classes = 1, t.ClassNames()
	}
	return o, nil
}
