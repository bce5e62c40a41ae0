package models

import (
	"fmt"
	"io"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/cli"
	"example.com/pcn/model"
	"example.com/pcn/model/onnx"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/trained"
)

// saveONNX writes what n infers, n being of the model file at from, and says so.
func saveONNX(a *cli.App, n *model.Network, from, path string, json bool) error {
	t, err := trained.New(from, n, train.Recipe{})
	if err != nil {
		return err
	}
	o := onnx.Options{Inputs: scaling(t.Inputs), Targets: scaling(t.Targets), Metadata: map[string]string{}}
	for _, key := range []string{trained.ImageKey, trained.ClassesKey, trained.ColumnsKey} {
		if text := n.Metadata(key); text != "" {
			o.Metadata[key] = text
		}
	}
	input, output, err := onnx.Ends(n)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		if err := onnx.Write(w, n, o); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n.Config().Dtype == model.Float64 {
		a.Note("%s is of float64, and %s is of float32", from, path)
	}
	if json {
		return cli.PrintJSON(a.Stdout, map[string]any{"model": path, "network": n.Config()})
	}
	_, err = fmt.Fprintf(a.Stdout, "wrote %s: from %s to %s, %v\n", path, n.Nodes()[input], n.Nodes()[output], n)
	return err
}

// scaling is t of what is not missing.
func scaling(t data.Transform) onnx.Scaling { return onnx.Scaling{Shift: t.Shift, Scale: t.Scale} }
