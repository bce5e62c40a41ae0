package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/report"
)

func (a *app) generateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "generate MODEL [FILE]",
		Short: "Generate inputs for targets, such as an image for each class",
		Long: `Generate the inputs that a network expects for targets: the label is clamped and
the data is free. A generative network does so in one pass; a discriminative one
has to settle, and knows less about its inputs.

Of a classifier one example of each class is made. Images are written to a PNG
file; other inputs are printed as CSV. With FILE, or for a regression, the targets
are read as lines of numbers from FILE or the standard input, and the inputs are
printed.

` + modelHelp,
		Example: `  pcnrun generate runs/digits/model.safetensors
  echo 0.5 | pcnrun generate runs/sine/model.safetensors`,
		Args: wantArgs(1, 2),
	}
	f := addForeignFlags(c.Flags())
	addInferenceFlags(c.Flags())
	out := c.Flags().String("out", "", "PNG `FILE` (default generated.png beside MODEL)")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.generate(c.Context(), f, args, *out)
	}
	return c
}

func (a *app) generate(ctx context.Context, f *modelFlags, args []string, out string) error {
	t, err := f.open(args[0], false)
	if err != nil {
		return err
	}
	n := t.network
	classes := n.Size(n.TargetNode())
	if len(args) > 1 || !t.classes() {
		return a.generateRows(ctx, t, args)
	}
	all := make([]int, classes)
	for i := range all {
		all[i] = i
	}
	targets, err := n.OneHot(all)
	if err != nil {
		return err
	}
	inputs, err := t.generate(ctx, targets)
	if err != nil {
		return err
	}
	images := tensorRows(inputs)
	width, height := t.imageSize(len(images[0]))
	if width == 0 {
		return a.printRows(inputs, n.Config().Dtype)
	}
	low, high := t.pixelRange(images)
	picture, err := report.Grid(images, width, height, (classes+1)/2, low, high)
	if err != nil {
		return err
	}
	if out == "" {
		out = filepath.Join(filepath.Dir(args[0]), "generated.png")
	}
	if err := report.WritePNG(out, picture); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s: classes 0 to %d\n", out, classes-1)
	return err
}

// generateRows prints the inputs for targets that are read.
func (a *app) generateRows(ctx context.Context, t *trained, args []string) error {
	n := t.network
	dtype := n.Config().Dtype
	in, closeIn, err := a.openRows(args, n.Size(n.TargetNode()), dtype)
	if err != nil {
		return err
	}
	defer closeIn()
	count, err := in.each(ctx, dtype, func(targets *tensor.Dense) error {
		if err := t.targets.Apply(targets); err != nil {
			return err
		}
		inputs, err := t.generate(ctx, targets)
		if err != nil {
			return err
		}
		return a.printRows(inputs, dtype)
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("%s: no line of numbers", in.name)
	}
	return err
}

// generate returns raw inputs for targets.
func (t *trained) generate(ctx context.Context, targets *tensor.Dense) (*tensor.Dense, error) {
	inputs, _, err := t.network.Generate(ctx, targets, t.recipe.Inference)
	if err != nil {
		return nil, err
	}
	if err := finite(inputs); err != nil {
		return nil, err
	}
	return inputs, t.inputs.Invert().Apply(inputs)
}

// imageSize returns the size of inputs that are images: what the file says or, of
// a known dataset and of a file from elsewhere, a square; 0 when they are none.
func (t *trained) imageSize(inputs int) (width, height int) {
	if t.image.Width > 0 || t.recipe.Data.Own() {
		return t.image.Width, t.image.Height
	}
	side := int(math.Sqrt(float64(inputs)))
	if side*side != inputs || side < 2 {
		return 0, 0
	}
	return side, side
}

// pixelRange returns the values of black and white in raw images: those of the
// dataset, or the least and the largest that there are.
func (t *trained) pixelRange(images [][]float64) (low, high float64) {
	switch dataset := t.recipe.Data.Dataset; {
	case t.image.White > 0:
		return 0, t.image.White
	case t.network.Metadata(inputsKey) == "":
	case dataset == "digits":
		return 0, 16
	case fromFiles(dataset):
		return 0, 255
	}
	low, high = math.Inf(1), math.Inf(-1)
	for _, image := range images {
		for _, x := range image {
			low, high = min(low, x), max(high, x)
		}
	}
	return low, max(high, low+1e-9)
}

// printRows prints the rows of a (B, d) tensor of type d as CSV.
func (a *app) printRows(t *tensor.Dense, d model.Dtype) error {
	for _, row := range tensorRows(t) {
		if _, err := fmt.Fprintln(a.stdout, formatRow(row, d)); err != nil {
			return err
		}
	}
	return nil
}
