package use

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/model"
	"example.com/pcn/train/config"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
	"example.com/pcn/train/trained"
)

// Generate is the command generate.
func Generate(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "generate MODEL [FILE]",
		Short: "Generate inputs for targets, such as an image for each class",
		Long: `Generate the inputs that a network expects for targets: the label is clamped and
the data is free. A generative network does so in one pass. A discriminative one has
to settle, and does not know what inputs look like: many that are none give its
label, and of images it makes noise.

Of a classifier one example of each class is made, or of the classes of --label, by
their names or, where they have none, their numbers. A name with a comma goes in
quotes, as in CSV: --label '"Iris, blue",rose'.

With --samples a row of them differs: each hidden unit of a generative network is
drawn around its prediction, with variance --temperature over its precision; the
inputs of a discriminative one begin at random. With --sample all nodes but the label
are sampled together, by Langevin dynamics (rule mcpc's): latents settle, take --mix
steps with noise of variance --temperature, and the inputs are the mean of the last
--window of them. Methods that divide by curvature, such as gauss-seidel, then take
small steps where --inference-rate gives none. That is for any network of which each
node has a prediction or a prior, cycles included. --between goes from one class to
another in as many steps. Images are written to a PNG file; other inputs are
printed as CSV, each with its class first as by predict, except with --between.
With FILE, or for a regression, the targets are read as lines of numbers from FILE
or the standard input, and the inputs alone are printed.

` + cli.ModelHelp,
		Example: `  pcnrun train digits --direction generative --out runs/generative
  pcnrun generate runs/generative/model.safetensors
  pcnrun generate runs/generative/model.safetensors --samples 8
  pcnrun generate runs/generative/model.safetensors --sample --temperature 0.01
  pcnrun generate runs/generative/model.safetensors --between 3,8
  echo 0,0,0,1,0,0,0,0,0,0 | pcnrun generate runs/generative/model.safetensors -`,
		Args: cli.Args(1, 2),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, cli.InferenceFlags...)
	g := &generateFlags{ModelFlags: f}
	c.Flags().StringSliceVar(&g.labels, "label", nil, "`CLASS` to generate, or several with commas (default all)")
	c.Flags().StringSliceVar(&g.between, "between", nil, "two classes `A,B`, to go from the one to the other")
	c.Flags().IntVar(&g.samples, "samples", 0, "`N` samples of each class, or steps from one to another (default 1, and 8 steps)")
	c.Flags().Float64Var(&g.temperature, "temperature", 0.005, "`T`, variance of a hidden unit of precision 1 around its prediction")
	c.Flags().BoolVar(&g.sample, "sample", false, "sample all nodes together, by Langevin dynamics")
	c.Flags().IntVar(&g.mix, "mix", 500, "with --sample: `N` steps with noise")
	c.Flags().IntVar(&g.window, "window", 1, "with --sample: `N` last steps that inputs are the mean of")
	c.Flags().Uint64Var(&g.seed, "seed", config.DefaultSeed, "`N` that decides what is drawn")
	c.Flags().Var(&g.out, "out", "PNG `FILE` (default generated.png beside MODEL)")
	c.Flags().BoolVar(&g.json, "json", false, "print one JSON object, or for lines of targets one for each line")
	c.RunE = func(c *cobra.Command, args []string) error {
		return generate(c.Context(), a, g, args)
	}
	return c
}

// generateFlags are what generate is asked.
type generateFlags struct {
	*cli.ModelFlags
	labels, between []string
	samples         int
	sample          bool
	mix, window     int
	temperature     float64
	seed            uint64
	out             cli.PNGFile
	json            bool
}

func generate(ctx context.Context, a *cli.App, g *generateFlags, args []string) error {
	if g.Flags.Changed("samples") && g.samples <= 0 {
		return cli.Usagef("--samples: must be a whole number > 0, got %d", g.samples)
	}
	if !(g.temperature >= 0) || math.IsInf(g.temperature, 0) {
		return cli.Usagef("--temperature: must be a number >= 0, got %v", g.temperature)
	}
	for name, n := range map[string]int{"mix": g.mix, "window": g.window} {
		if n <= 0 || n > g.mix {
			return cli.Usagef("--%s: must be a whole number from 1 to that of --mix, got %d", name, n)
		}
		if g.Flags.Changed(name) && !g.sample {
			return cli.Usagef("--%s goes with --sample", name)
		}
	}
	t, err := g.Open(args[0], false)
	if err != nil {
		return err
	}
	how := model.Sampling{Seed: g.seed}
	if g.sample {
		how.Temperature, how.Mix, how.Window = g.temperature, g.mix, g.window
		wander(a, t, g.Flags.Changed("inference-rate"))
	}
	if len(args) > 1 || !t.Classifies() {
		for _, name := range []string{"label", "between", "samples", "temperature", "seed"} {
			if g.Flags.Changed(name) && !(g.sample && (name == "temperature" || name == "seed")) {
				return cli.Usagef("--%s is for classes, and not for lines of targets", name)
			}
		}
		return generateRows(ctx, a, t, args, how, g.json)
	}
	if err := g.checkSamples(t.Network); err != nil {
		return err
	}
	wanted, what, err := g.wanted(t)
	if err != nil {
		return err
	}
	if !g.sample && g.samples > 1 && g.between == nil {
		how.Temperature = g.temperature
	}
	inputs, err := t.Generate(ctx, wanted.Targets, how)
	if err != nil {
		return err
	}
	if t.Shape() == nil {
		noteInputs(a, t.Network, noise)
		return printInputs(a, t, wanted.Classes, inputs, g.json)
	}
	picture, err := t.Picture(wanted, inputs)
	if err != nil {
		return err
	}
	out := cmp.Or(string(g.out), filepath.Join(filepath.Dir(args[0]), "generated.png"))
	if err := report.WritePNG(out, picture); err != nil {
		return err
	}
	noteInputs(a, t.Network, noise)
	if g.json {
		return cli.PrintJSON(a.Stdout, map[string]any{"model": args[0], "images": inputs.Shape()[0], "shows": what, "figure": out})
	}
	_, err = fmt.Fprintf(a.Stdout, "wrote %s: %s\n", out, what)
	return err
}

// wander has t's latents settle by a method and at a rate at which they can be sampled, where
// its own are none.
func wander(a *cli.App, t *trained.Model, rateGiven bool) {
	inf, n := &t.Recipe.Inference, t.Network
	err := n.Config().Wanders(*inf, n.Nodes()[n.InputNode()])
	switch {
	case err != nil:
		a.Note("latents are sampled by --method gradient: %v", err)
		inf.Method, inf.NodeRates = model.Gradient, nil
		inf.Rate = min(inf.Rate, wanderingRate)
	case inf.Method == model.Gradient || inf.Method == model.Momentum || inf.Method == model.ErrorCoordinates || rateGiven:
	case inf.Rate > wanderingRate: // with which blocks settle, and samples are exact in some linear networks alone
		inf.Rate = wanderingRate
		a.Note("latents are sampled by %v at --inference-rate %v, where none is given", inf.Method, inf.Rate)
	}
}

// wanderingRate is a rate at which the variance of samples is off by some hundredths.
const wanderingRate = 0.05

// noteInputs says of a network that does not predict its inputs, asked for them, what to
// expect of them.
func noteInputs(a *cli.App, n *model.Network, expect string) {
	if !n.Predicted(n.InputNode()) {
		remedy := "learn with --direction generative"
		if !n.Config().Chain() {
			remedy = "add a prediction of it"
		}
		fmt.Fprintf(a.Info(), "note: %s, and %s: %s\n", unpredicted(n), expect, remedy)
	}
}

// unpredicted says why a network knows no inputs.
func unpredicted(n *model.Network) string {
	if !n.Config().Chain() {
		return "nothing predicts node " + n.Nodes()[n.InputNode()]
	}
	return "a discriminative network does not predict its inputs"
}

// noise is what a discriminative network generates.
const noise = "what it generates looks like noise"

// stepsBetween is the number of steps from one class to another.
const stepsBetween = 8

// maxGenerated is the most numbers of all nodes that are made at once: with what
// moves them some hundred megabytes.
const maxGenerated = 1 << 24

// checkSamples refuses more samples than are made at once.
func (g *generateFlags) checkSamples(n *model.Network) error {
	rows := max(len(g.labels), 1)
	if g.between == nil && g.labels == nil {
		rows = n.Size(n.TargetNode())
	}
	units := 0
	for _, size := range n.Config().Sizes() {
		units += size
	}
	if most := max(maxGenerated/(rows*units), 1); g.samples > most {
		return cli.Usagef("--samples: must be at most %d of this network at once, got %d: for more, give other --seed", most, g.samples)
	}
	return nil
}

// wanted returns what t is to generate, also in words.
func (g *generateFlags) wanted(t *trained.Model) (w trained.Wanted, what string, err error) {
	between, err := findClasses(t, "between", g.between)
	if err != nil {
		return w, "", err
	}
	labels, err := findClasses(t, "label", g.labels)
	if err != nil {
		return w, "", err
	}
	k := t.Network.Size(t.Network.TargetNode())
	switch changed := g.Flags.Changed; {
	case changed("between") && len(between) != 2:
		return w, "", cli.Usagef("--between: must be two classes, such as %s, got %d", listClasses(t, 0, k-1), len(between))
	case changed("between") && changed("label"):
		return w, "", cli.Usagef("--between and --label do not go together")
	case changed("between"):
		steps := max(g.samples, 2)
		if g.samples == 0 {
			steps = stepsBetween
		}
		w, err = t.Between(between[0], between[1], steps)
		return w, fmt.Sprintf("from class %s to %s", listClasses(t, between[0]), listClasses(t, between[1])), err
	case labels != nil:
		what = "class " + listClasses(t, labels...)
	case changed("label"):
		return w, "", cli.Usagef("--label: must be a class, such as %s, got none", listClasses(t, 0))
	default:
		for c := range k {
			labels = append(labels, c)
		}
		if what = fmt.Sprintf("classes 0 to %d", k-1); t.Classes != nil {
			what = "classes " + quoted.List(t.Classes)
		}
	}
	if g.samples > 1 {
		what += fmt.Sprintf(", %d samples each", g.samples)
	}
	w, err = t.OfClasses(labels, max(g.samples, 1))
	return w, what, err
}

// generateRows prints the inputs for targets that are read.
func generateRows(ctx context.Context, a *cli.App, t *trained.Model, args []string, how model.Sampling, asJSON bool) error {
	n := t.Network
	k := n.Size(n.TargetNode())
	in, err := openRows(ctx, a, rowsPath(args), data.RowOptions{Width: k})
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = in.Each(ctx, func(b *data.Batch) error {
		targets, err := t.Targets.Tensor(n.Config().Dtype.Tensor(), b.Inputs, k)
		if err != nil {
			return err
		}
		how := how
		how.Seed += uint64(b.First) // other noise for other rows
		inputs, err := t.Generate(ctx, targets, how)
		if err != nil {
			return err
		}
		return printInputs(a, t, nil, inputs, asJSON)
	})
	if err == nil {
		noteInputs(a, n, noise)
	}
	return err
}

// printInputs prints a line for each row of inputs (B, d), with its class where classes
// is not nil, as CSV or as a JSON object that predict reads.
func printInputs(a *cli.App, t *trained.Model, classes []int, inputs *tensor.Dense, asJSON bool) error {
	write := t.AppendCSV
	if asJSON {
		write = t.AppendJSON
	}
	_, err := a.Stdout.Write(write(nil, trained.Answers{Classes: classes, Name: "input", Numbers: inputs}))
	return err
}

// listClasses writes classes as --label takes them.
func listClasses(t *trained.Model, of ...int) string {
	names := make([]string, len(of))
	for i, k := range of {
		names[i] = fmt.Sprint(t.Class(k))
	}
	return quoted.CSV(names...)
}

// findClasses returns the classes that the values of a flag mean.
func findClasses(t *trained.Model, flag string, values []string) ([]int, error) {
	var classes []int
	for _, text := range values {
		k, err := t.FindClass(text)
		if err != nil {
			return nil, cli.Usagef("--%s: %w", flag, err)
		}
		classes = append(classes, k)
	}
	return classes, nil
}
