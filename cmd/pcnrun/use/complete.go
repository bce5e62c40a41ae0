package use

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/puzzle"
	"example.com/pcn/train/report"
	"example.com/pcn/train/trained"
)

// completeFlags are what complete is asked.
type completeFlags struct {
	*cli.ModelFlags
	input, mask, completed string
	out                    cli.PNGFile
	temperature, denoise   float64
	limit                  int
	training, json         bool
}

// Complete is the command complete.
func Complete(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "complete MODEL",
		Short: "Fill in what is missing of inputs, and classify them by what is left",
		Long: `Hide a part of each input of the test part, let the network fill it in, and
classify the input by what was left. Each class is clamped in turn and all that is
hidden settles; the completion is the mean over the classes, each weighed by
exp(-energy/temperature). The temperature is fitted on the validation part, or
else the training part, with the same units hidden.

The mean squared error on hidden units is compared with that of the mean training
input and of the training example that is nearest by what is left, which has a
class as well. Of images, a PNG file shows what was given, the completion and the
truth, with red where it is not known.

With --training it is the training part that is completed, as a memory recalls what it
has seen.

With --input, inputs are read as rows, as by predict. An empty cell or NaN is
missing, and --mask hides more. The completed lines are printed, below a header and
in the order of the model where they had the inputs by name, and the rest goes to
the standard error. With --denoise nothing is hidden: noise is added,
and the network's prediction of its inputs is taken in place of them.

It takes a generative network to know what inputs look like: a discriminative one
can be asked, and fills in what hardly fits.

` + cli.ModelHelp,
		Example: `  pcnrun train digits --direction generative --out runs/generative
  pcnrun complete runs/generative/model.safetensors
  pcnrun complete runs/generative/model.safetensors --mask random:0.5 --json
  pcnrun complete runs/generative/model.safetensors --input holes.csv > whole.csv
  pcnrun complete runs/generative/model.safetensors --denoise 4
  pcnrun train mnist --network memory --limit 50 --epochs 300 --out runs/memory
  pcnrun complete runs/memory/model.safetensors --training --method nesterov --steps 300`,
		Args: cli.Args(1, 1),
	}
	o := &completeFlags{ModelFlags: cli.AddModelFlags(c.Flags(), cli.Foreign, cli.UseFlags...)}
	c.Flags().StringVar(&o.input, "input", "", "CSV `FILE` of inputs to complete, - for the standard input, in place of the test part")
	c.Flags().StringVar(&o.mask, "mask", "", "`PART` to hide: "+maskHelp+" (default bottom, or random:0.5 where inputs are no images; none with --input)")
	c.Flags().Float64Var(&o.denoise, "denoise", 0, "`SIGMA`, standard deviation of noise to add to the test part and take off, in the units of the data")
	c.Flags().Float64Var(&o.temperature, "temperature", 0, "`T` by which classes are weighed, 0 for the best alone (default fitted)")
	c.Flags().BoolVar(&o.training, "training", false, "complete the training part in place of the test part: what the network remembers")
	c.Flags().IntVar(&o.limit, "limit", 0, "most examples, `N`, 0 for all")
	c.Flags().StringVar(&o.completed, "completed", "", "CSV `FILE` for the completed inputs, - for the standard output")
	c.Flags().Var(&o.out, "out", "PNG `FILE` (default completed.png beside MODEL)")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		return fill(c.Context(), a, o, args[0])
	}
	return c
}

// check returns what flags do not go together, and fills in defaults.
func (o *completeFlags) check() error {
	notFinite := func(x float64) bool { return !(x >= 0) || math.IsInf(x, 0) }
	switch {
	case o.limit < 0:
		return cli.Usagef("--limit: must be a whole number >= 0, got %d", o.limit)
	case notFinite(o.temperature):
		return cli.Usagef("--temperature: must be a number >= 0, got %v", o.temperature)
	case notFinite(o.denoise):
		return cli.Usagef("--denoise: must be a number >= 0, got %v", o.denoise)
	case o.training && o.input != "":
		return cli.Usagef("--training takes the training part: leave out --input")
	case o.denoise > 0 && (o.input != "" || o.mask != ""):
		return cli.Usagef("--denoise takes the whole test part: leave out --input and --mask")
	}
	if o.input != "" && o.completed == "" {
		o.completed = "-"
	}
	if o.json && o.completed == "-" {
		return cli.Usagef("--json: name a file for the completed inputs with --completed")
	}
	return nil
}

func fill(ctx context.Context, a *cli.App, o *completeFlags, path string) error {
	t, err := o.Open(path, o.input == "")
	if err != nil {
		return err
	}
	var sets train.Sets
	if t.Recipe.Data.Dataset != "" {
		sets, err = a.Load(t)
		if err != nil && o.input == "" {
			return err
		}
		if err != nil {
			a.Warn("nothing to compare with: %v", err)
			sets = train.Sets{}
		}
	}
	shape := t.Shape() // of inputs that are images; nil where they are none
	if sets.Test != nil {
		shape = sets.Test.Shape
	}
	p, labels, names, err := pose(ctx, a, o, t, sets, shape)
	if err != nil {
		return err
	}
	if shape == nil && o.out != "" {
		return cli.Usagef("--out: the inputs are no images")
	}
	if o.denoise > 0 && !t.Network.Predicted(t.Network.InputNode()) {
		return cli.Usagef("--denoise: %s", unpredicted(t.Network))
	}
	inf := fullInference(a, t, o.Flags)
	how := model.Recall{By: model.ByEnergy, Temperature: o.temperature}
	if !t.Classifies() || !o.Flags.Changed("temperature") {
		if how, err = p.Recall(ctx, t, sets, inf); err != nil {
			return err
		}
	}
	done, err := p.Answer(ctx, t.Network, how, inf, sets.Train, labels)
	if err != nil {
		return err
	}
	res := completion{
		Dataset: t.Recipe.Data.Dataset, Model: path, Training: o.training, Input: o.input, Mask: o.mask, Denoise: cli.Number(o.denoise),
		Examples: len(p.Raw), Method: inf.Method.String(), Completed: o.completed, Score: done.Score,
	}
	if how.By == model.ByEnergy {
		res.Temperature = (*cli.Number)(&how.Temperature)
	}
	if labels == nil && t.Classifies() {
		res.Classes = t.ClassesOf(done.Classes)
	}
	if shape != nil {
		res.Figure = cmp.Or(string(o.out), filepath.Join(filepath.Dir(path), "completed.png"))
		var names []string
		for _, k := range labels {
			names = append(names, fmt.Sprint(t.Class(k)))
		}
		picture, err := p.Picture(model.Rows(done.Filled), shape, names...)
		if err != nil {
			return err
		}
		if err := report.WritePNG(res.Figure, picture); err != nil {
			return err
		}
	}
	if o.completed != "" {
		if err := a.Write(o.completed, func(w io.Writer) error { return p.WriteCSV(w, names, done.Filled) }); err != nil {
			return err
		}
	}
	noteInputs(a, t.Network, "what it fills in may be further off than the mean input")
	if o.json {
		return cli.PrintJSON(a.Stdout, res)
	}
	out := a.Stdout
	if o.completed == "-" {
		if out = a.Stderr; a.Quiet {
			out = io.Discard
		}
	}
	_, err = io.WriteString(out, res.text())
	return err
}

// pose returns what o asks to complete, its labels where they are known, and the names of
// the inputs where rows told them by name.
func pose(ctx context.Context, a *cli.App, o *completeFlags, t *trained.Model, sets train.Sets, shape []int) (p *puzzle.Puzzle, labels []int, names []string, err error) {
	fail := func(err error) (*puzzle.Puzzle, []int, []string, error) { return nil, nil, nil, err }
	var raw [][]float64
	units := t.Inputs
	if o.input == "" {
		test := sets.Test.Limit(o.limit)
		if o.training {
			test = sets.Train.Limit(o.limit)
		}
		if err := train.Fits(t.Network, test); err != nil {
			return fail(err)
		}
		units, labels = test.InputTransform(), test.Labels()
		raw, err = puzzle.Raw(test)
		if o.mask == "" && o.denoise == 0 {
			if o.mask = "bottom"; shape == nil {
				o.mask = "random:0.5"
			}
		}
	} else {
		raw, names, err = allRows(ctx, a, o.input, t, false)
		if o.limit > 0 && o.limit < len(raw) {
			raw = raw[:o.limit]
		}
	}
	if err != nil {
		return fail(err)
	}
	h := puzzle.Hidden{make([]bool, t.Network.Size(t.Network.InputNode()))}
	if o.mask != "" {
		if h, err = hide(ctx, a, o.mask, len(raw), shape, t); err != nil {
			return fail(err)
		}
	}
	h = h.Missing(raw)
	if !h.Any() && o.denoise == 0 {
		return fail(errors.New("nothing is missing: leave cells empty, or hide some with --mask"))
	}
	p, err = puzzle.New(raw, units, h, o.denoise, t.Recipe.Data.Seed, t.Network.Config().Dtype)
	return p, labels, names, err
}

const maskHelp = "top, bottom, left or right of an image, random:SHARE, drawn by the recipe's seed, or a CSV file with a 1 for each unit to hide and a 0 for each to leave, in one line for all examples or one each"

// hide returns what --mask says of n inputs of t.
func hide(ctx context.Context, a *cli.App, mask string, n int, shape []int, t *trained.Model) (puzzle.Hidden, error) {
	h, err := puzzle.Mask(mask, n, t.Network.Size(t.Network.InputNode()), shape, t.Recipe.Data.Seed)
	if !errors.Is(err, puzzle.ErrNoMask) {
		if err != nil {
			err = cli.Usagef("--mask: %w", err)
		}
		return h, err
	}
	rows, _, err := allRows(ctx, a, mask, t, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Usagef("--mask: must be top, bottom, left, right, random:SHARE or a file that is there, got %s", mask)
	}
	if err != nil {
		return nil, fmt.Errorf("--mask: %w", err)
	}
	if h, err = puzzle.MaskRows(rows, n); err != nil {
		return nil, fmt.Errorf("--mask %s: %w", mask, err)
	}
	return h, nil
}

// fullInference says how latents settle where it pays to reach rest: as flags say,
// or else by Gauss-Seidel sweeps to a thousandth of the gradient, or by what the network
// allows in their place, which is said.
func fullInference(a *cli.App, t *trained.Model, flags *pflag.FlagSet) model.Inference {
	for _, name := range []string{"method", "steps", "tolerance", "inference-rate"} {
		if flags.Changed(name) {
			return t.Recipe.Inference
		}
	}
	full := t.Thorough()
	if full.Method != model.GaussSeidel {
		fmt.Fprintf(a.Info(), "settling %v: %v is not for the network\n", full, model.GaussSeidel)
	}
	return full
}
