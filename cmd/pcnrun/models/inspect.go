// Package models has the commands that look at model files, and write and read those of other programs.
package models

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train"
	"example.com/pcn/train/inspect"
	"example.com/pcn/train/run"
)

// Inspect is the command inspect.
func Inspect(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show what a model is, and how its latents settle",
		Long: `Show a model's nodes and weights and, for examples of the dataset that it learned
from, how its latents settle with both ends clamped: the energy and what is left
of the gradient by node where they end, as a share of the largest before a step
(the residual), how much of the energy's fall to rest was made, the curvature (the
extreme eigenvalues of the energy's Hessian by the free latents, of the first 8
examples) with the inference rate that it allows, and for each prediction the cosine
of the Hebbian update and backprop's direction. The examples are of the validation
part or, where there is none, of the test part. 'pcnrun help words' explains the words.

The folder given by --out gets energy.dot and energy.svg, the energy as a graph,
and settling.png, the course of energy and gradient by node.

` + cli.ModelHelp + `
Without --dataset, what needs data is left out for such a file.`,
		Example: `  pcnrun inspect runs/digits/model.safetensors
  pcnrun inspect runs/digits/model.safetensors --method gauss-seidel --steps 5 --json`,
		Args: cli.Args(1, 1),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, cli.UseFlags...)
	limit := c.Flags().Int("limit", 64, "most examples, `N`, to settle")
	out := c.Flags().String("out", "", "`DIR` for what is written (default beside MODEL)")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 1 {
			return cli.Usagef("--limit: must be a whole number >= 1, got %d", *limit)
		}
		if *out == "" {
			*out = filepath.Dir(args[0])
		}
		return look(c.Context(), a, f, args[0], *limit, *out, *json)
	}
	return c
}

func look(ctx context.Context, a *cli.App, f *cli.ModelFlags, path string, limit int, out string, json bool) error {
	t, err := f.Open(path, false)
	if err != nil {
		return err
	}
	if _, err := t.Recipe.Inference.WithDefaults(); err != nil {
		return cli.Usage(err)
	}
	var sets *train.Sets
	if t.Recipe.Data.Dataset != "" {
		all, err := a.Load(t)
		if err != nil {
			return err
		}
		sets = &all
	}
	in, err := inspect.Model(ctx, t, sets, limit)
	if err != nil {
		return err
	}
	cli.LogSettled(in.Result)
	if err := run.MakeFolder(out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := in.Draw(out); err != nil {
		return err
	}
	if json {
		return cli.PrintJSON(a.Stdout, in)
	}
	if err := in.Write(a.Stdout); err != nil {
		return err
	}
	files := in.Graph
	if in.Figure != "" {
		files = append(files, in.Figure)
	}
	_, err = fmt.Fprintf(a.Stdout, "wrote %s\n", strings.Join(files, ", "))
	a.Hint()
	return err
}
