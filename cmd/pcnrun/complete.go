package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
)

func (a *app) completeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "complete MODEL",
		Short: "Fill in the missing half of test images, and classify them by what is left",
		Long: `Hide a part of each image of the test part, let the network fill it in, and
classify the image by what was left: each class is clamped in turn, all that is
hidden settles, and the class of the lowest energy is taken. The mean squared
error on the hidden pixels is compared with that of the mean training image. A
PNG file shows what was given, the completion and the truth.

` + modelHelp,
		Example: `  pcnrun train digits --direction generative
  pcnrun complete runs/digits/model.safetensors
  pcnrun complete runs/digits/model.safetensors --mask random:0.5 --json`,
		Args: wantArgs(1, 1),
	}
	f := addForeignFlags(c.Flags())
	dataDirFlag(c.Flags())
	addInferenceFlags(c.Flags())
	mask := c.Flags().String("mask", "bottom", "`PART` to hide: top, bottom, left, right, or random:SHARE, the pixels of\neach image drawn by the recipe's seed")
	limit := c.Flags().Int("limit", 0, "most test examples, 0 for all")
	out := c.Flags().String("out", "", "PNG `FILE` (default completed.png beside MODEL)")
	json := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 0 {
			return usagef("--limit: want a whole number >= 0")
		}
		if *out == "" {
			*out = filepath.Join(filepath.Dir(args[0]), "completed.png")
		}
		return a.complete(c.Context(), f, args[0], *mask, *limit, *out, *json)
	}
	return c
}

// completion is what --json prints of a completed test part.
type completion struct {
	Dataset     string `json:"dataset"`
	Model       string `json:"model"`
	Mask        string `json:"mask"`
	Examples    int    `json:"examples"`
	Method      string `json:"method"`
	MSE         number `json:"mse"`          // on the hidden pixels, in units of the network's inputs
	MSEMean     number `json:"mse_mean"`     // the mean training image's
	MSERatio    number `json:"mse_ratio"`    // the one as a share of the other
	Accuracy    number `json:"accuracy"`     // of the class by what was left
	AccuracyAll number `json:"accuracy_all"` // with nothing hidden
	Figure      string `json:"figure"`
}

func (a *app) complete(ctx context.Context, f *modelFlags, path, mask string, limit int, out string, json bool) error {
	t, err := f.open(path, true)
	if err != nil {
		return err
	}
	sets, err := t.load()
	if err != nil {
		return err
	}
	test := sets.Test.Limit(limit)
	if test.Classes == 0 || test.Width == 0 {
		return fmt.Errorf("%s: complete wants images with classes, and %s has none", path, t.recipe.Data.Dataset)
	}
	if err := train.Fits(t.network, test); err != nil {
		return err
	}
	fixed, err := fixedPixels(mask, test, t.recipe.Data.Seed, t.network.Config().Dtype)
	if err != nil {
		return usageError{err}
	}
	truth, err := t.gather(test)
	if err != nil {
		return err
	}
	done, err := t.network.Complete(ctx, model.Clamp{Values: truth, Fixed: fixed}, t.recipe.Inference)
	if err != nil {
		return err
	}
	whole, err := t.network.Complete(ctx, model.Clamp{Values: truth}, t.recipe.Inference)
	if err != nil {
		return err
	}
	mean, err := t.mean(sets.Train)
	if err != nil {
		return err
	}

	given, filled, hidden := model.Rows(truth), model.Rows(done.Inputs), model.Rows(fixed)
	var errNetwork, errMean, pixels float64
	for i, image := range given {
		for j, x := range image {
			if hidden[i%len(hidden)][j] == 0 {
				errNetwork += (filled[i][j] - x) * (filled[i][j] - x)
				errMean += (mean[j] - x) * (mean[j] - x)
				pixels++
			}
		}
	}
	labels := test.Labels()
	res := completion{
		Dataset: t.recipe.Data.Dataset, Model: path, Mask: mask, Examples: test.Len(), Method: t.recipe.Inference.Method.String(),
		MSE: number(errNetwork / pixels), MSEMean: number(errMean / pixels), MSERatio: number(errNetwork / errMean),
		Accuracy: number(share(done.Classes, labels)), AccuracyAll: number(share(whole.Classes, labels)), Figure: out,
	}
	if err := t.drawCompletions(out, test, given, filled, hidden); err != nil {
		return err
	}
	if json {
		return printJSON(a.stdout, res)
	}
	_, err = fmt.Fprintf(a.stdout, "hidden pixels  MSE %.4g, %.3g of the mean training image's, on %d examples of %s\n%s by what is left, %s with nothing hidden\nwrote %s\n",
		res.MSE, res.MSERatio, res.Examples, res.Dataset, accuracyText(float64(res.Accuracy)), accuracyText(float64(res.AccuracyAll)), out)
	return err
}

// share returns how many of classes are the labels.
func share(classes, labels []int) float64 {
	right := 0
	for i, c := range classes {
		if c == labels[i] {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// fixedPixels returns the mask of the pixels that are left when part is hidden.
func fixedPixels(part string, set *data.Set, seed uint64, dtype model.Dtype) (*tensor.Dense, error) {
	w, h := set.Width, set.Height
	rows := 1
	var hides func(x, y int) bool
	switch kind, text, _ := strings.Cut(part, ":"); kind {
	case "top":
		hides = func(_, y int) bool { return y < h/2 }
	case "bottom":
		hides = func(_, y int) bool { return y >= h-h/2 }
	case "left":
		hides = func(x, _ int) bool { return x < w/2 }
	case "right":
		hides = func(x, _ int) bool { return x >= w-w/2 }
	case "random":
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p > 0 && p < 1) {
			return nil, fmt.Errorf("--mask %s: want random:SHARE with a share between 0 and 1", part)
		}
		rng := rand.New(rand.NewPCG(seed, streamMask))
		rows = set.Len()
		hides = func(int, int) bool { return rng.Float64() < p }
	default:
		return nil, fmt.Errorf("--mask %s: want top, bottom, left, right or random:SHARE", part)
	}
	fixed := tensor.New(tensor.Of(dtype.Tensor()), tensor.WithShape(rows, w*h))
	for i := range rows * w * h {
		if !hides(i%w, i/w%h) {
			setValue(fixed, i, 1)
		}
	}
	return fixed, nil
}

// streamMask is the random stream of hidden pixels, drawn from the data's seed.
const streamMask = 301

func setValue(t *tensor.Dense, i int, x float64) {
	switch values := t.Data().(type) {
	case []float32:
		values[i] = float32(x)
	case []float64:
		values[i] = x
	}
}

// gather returns all inputs of set as the network takes them.
func (t *trained) gather(set *data.Set) (*tensor.Dense, error) {
	rows := make([]int, set.Len())
	for i := range rows {
		rows[i] = i
	}
	inputs := tensor.New(tensor.Of(t.network.Config().Dtype.Tensor()), tensor.WithShape(set.Len(), set.InputSize()))
	return inputs, set.Gather(rows, inputs, nil)
}

// mean returns the mean input of set.
func (t *trained) mean(set *data.Set) ([]float64, error) {
	inputs, err := t.gather(set)
	if err != nil {
		return nil, err
	}
	mean := make([]float64, set.InputSize())
	for _, row := range model.Rows(inputs) {
		for j, x := range row {
			mean[j] += x / float64(set.Len())
		}
	}
	return mean, nil
}

// shown is the number of examples in the picture of completions.
const shown = 12

// drawCompletions writes a picture: a row of what was given, with hidden pixels
// red, a row of completions, and a row of the truth.
func (t *trained) drawCompletions(path string, set *data.Set, truth, filled, fixed [][]float64) error {
	n := min(shown, len(truth))
	var images [][]float64
	for i, image := range truth[:n] {
		given := slices.Clone(image)
		for j := range given {
			if fixed[i%len(fixed)][j] == 0 {
				given[j] = math.NaN()
			}
		}
		images = append(images, given)
	}
	images = append(append(images, filled[:n]...), truth[:n]...)
	low, high := math.Inf(1), math.Inf(-1)
	for _, image := range truth[:n] {
		low, high = min(low, slices.Min(image)), max(high, slices.Max(image))
	}
	picture, err := report.Grid(images, set.Width, set.Height, n, low, max(high, low+1e-9))
	if err != nil {
		return err
	}
	return report.WritePNG(path, picture)
}
