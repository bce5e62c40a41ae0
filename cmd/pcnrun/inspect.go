package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
)

// Files that inspect writes.
const (
	dotFile      = "energy.dot"
	svgFile      = "energy.svg"
	settlingFile = "settling.png"
)

// spectrumExamples is the number of examples whose curvature is looked at.
const spectrumExamples = 8

func (a *app) inspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show what a model is, and how its latents settle",
		Long: `Show a model's nodes and weights and, for examples of the dataset that it learned
from, how its latents settle with both ends clamped: the energy and what is left
of the gradient by node where they end, as a share of the largest before a step,
the energy still to lose, the curvature (the extreme eigenvalues of the energy's
Hessian by the free latents, of the first 8 examples) with the inference rate that
it allows, and for each layer the cosine between the Hebbian update and backprop's
direction. The examples are of the validation part or, where there is none, of the
test part.

The folder given by --out gets energy.dot and energy.svg, the energy as a graph,
and settling.png, the course of energy and gradient by node.

` + modelHelp + `
Without --dataset, what needs data is left out for such a file.`,
		Example: `  pcnrun inspect runs/digits/model.safetensors
  pcnrun inspect runs/digits/model.safetensors --method gauss-seidel --steps 5 --json`,
		Args: wantArgs(1, 1),
	}
	f := addForeignFlags(c.Flags())
	dataDirFlag(c.Flags())
	pixelsFlag(c.Flags(), "the recipe's")
	addInferenceFlags(c.Flags())
	limit := c.Flags().Int("limit", 64, "most examples, `N`, to settle")
	out := c.Flags().String("out", "", "`DIR` for what is written (default beside MODEL)")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 1 {
			return usagef("--limit: want a whole number >= 1")
		}
		if *out == "" {
			*out = filepath.Dir(args[0])
		}
		return a.inspect(c.Context(), f, args[0], *limit, *out, *json)
	}
	return c
}

// inspection is what --json prints of a model. Nodes and predictions, here layers, are in
// the order of the network, of a chain from the bottom.
type inspection struct {
	Model     string       `json:"model"`
	Network   model.Config `json:"network"`
	Weights   int          `json:"weights"` // and biases
	Nodes     []nodeInfo   `json:"nodes"`
	Layers    []layerInfo  `json:"layers"`
	Settled   *settledInfo `json:"settled,omitempty"`   // where there are data
	Curvature *curvature   `json:"curvature,omitempty"` // and the energy is finite
	Graph     []string     `json:"graph"`               // files
	Figure    string       `json:"figure,omitempty"`
	LeftOut   []string     `json:"left_out,omitempty"` // what, and why
}

type nodeInfo struct {
	Name       string  `json:"name"`
	Size       int     `json:"size"`
	Role       string  `json:"role"`                 // inputs, targets or hidden
	Precision  *number `json:"precision,omitempty"`  // mean over the units; not of the top
	Precisions *extent `json:"precisions,omitempty"` // where the units differ
	Energy     *number `json:"energy,omitempty"`     // mean over the examples, settled
	Residual   *number `json:"residual,omitempty"`   // of the largest gradient, settled
}

// extent is the least and the largest of some numbers.
type extent struct {
	Low  number `json:"low"`
	High number `json:"high"`
}

// layerInfo is an edge of a prediction. The cosine is of the prediction.
type layerInfo struct {
	Of         string  `json:"of"`
	From       string  `json:"from"`
	Map        string  `json:"map"`
	Activation string  `json:"activation"` // before the map
	After      string  `json:"after"`      // behind it
	Shape      []int   `json:"shape,omitempty"`
	Frobenius  *number `json:"frobenius,omitempty"` // of weights, where there are
	Spectral   *number `json:"spectral,omitempty"`
	Cosine     *number `json:"cosine,omitempty"` // between the Hebbian update and backprop's direction
	prediction int
}

// by says what lies between the nodes of an edge.
func (l layerInfo) by() string {
	var s strings.Builder
	if identity := feature.Identity.String(); l.After != identity {
		s.WriteString(l.After + " of ")
	}
	s.WriteString(l.Map)
	if l.Activation != feature.Identity.String() {
		s.WriteString(" of " + l.Activation)
	}
	return s.String()
}

// precision is that of the units, or the mean with the least and the largest.
func (n nodeInfo) precision() string {
	switch {
	case n.Precision == nil:
		return ""
	case n.Precisions == nil:
		return fmt.Sprintf("%.4g", *n.Precision)
	}
	return fmt.Sprintf("%.4g (%.4g to %.4g)", *n.Precision, n.Precisions.Low, n.Precisions.High)
}

// settledInfo is how a batch settled; energies are means over its examples.
type settledInfo struct {
	Dataset     string          `json:"dataset"`
	Part        string          `json:"part"`
	Examples    int             `json:"examples"`
	Inference   model.Inference `json:"inference"`
	Status      string          `json:"status"`
	StepsMean   number          `json:"steps_mean"`
	Rate        number          `json:"rate"` // after the guard
	Start       number          `json:"energy_start"`
	Energy      number          `json:"energy"`
	Residual    number          `json:"residual"`              // of the largest gradient, settled
	ToLose      number          `json:"to_lose"`               // estimated
	Reached     number          `json:"reached"`               // share of the fall to equilibrium
	Equilibrium *number         `json:"equilibrium,omitempty"` // in closed form, of linear networks
}

// steps says how many steps were taken, of how many.
func (s *settledInfo) steps() string {
	if s.StepsMean == 1 && s.Inference.Steps == 1 {
		return "1 step"
	}
	return fmt.Sprintf("%.3g of %s", s.StepsMean, atMost(s.Inference.Steps))
}

// atMost says how many steps settling may take.
func atMost(steps int) string {
	if steps == 1 {
		return "1 step"
	}
	return fmt.Sprintf("at most %d steps", steps)
}

// curvature is of the energy of a few examples where they settled.
type curvature struct {
	Examples       int    `json:"examples"`
	Free           int    `json:"free"`  // units of an example
	Exact          bool   `json:"exact"` // not by Lanczos
	LowMean        number `json:"low_mean"`
	LowLeast       number `json:"low_least"`
	HighMean       number `json:"high_mean"`
	HighLargest    number `json:"high_largest"`
	ConditionMean  number `json:"condition_mean"` // null where an example is on a ridge
	ConditionWorst number `json:"condition_worst"`
	RateBound      number `json:"rate_bound"` // of the guard: 1/λ with a bound on λ
	RateMeasured   number `json:"rate_safe"`  // 1/λ with the largest found
}

func (a *app) inspect(ctx context.Context, f *modelFlags, path string, limit int, out string, json bool) error {
	t, err := f.open(path, false)
	if err != nil {
		return err
	}
	n := t.network
	in := describeNetwork(path, n)
	clamps := n.Clamp(zeros(n, n.InputNode()), zeros(n, n.TargetNode())) // to draw
	var settled *model.Result
	if t.recipe.Data.Dataset == "" {
		in.leaveOut("settling, curvature and cosines", "the file does not say what it learned from: give --dataset")
	} else {
		part, set, err := t.examples(limit, a.warn)
		if err != nil {
			return err
		}
		batch, err := train.Examples(n, set)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		clamps = n.Clamp(batch.Inputs, batch.Targets)
		if settled, err = in.settle(ctx, t, clamps); err != nil {
			return err
		}
		in.Settled.Dataset, in.Settled.Part = t.recipe.Data.Dataset, part
		if !settled.Finite() {
			in.leaveOut("curvature and cosines", "the energy is not finite")
		} else {
			if err := in.compare(n, settled, batch); err != nil {
				return err
			}
			if err := in.bend(ctx, n, clamps, settled); err != nil {
				return err
			}
		}
	}
	if err := makeFolder(out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := in.draw(n, clamps, settled, out); err != nil {
		return err
	}
	if json {
		return printJSON(a.stdout, in)
	}
	return in.print(a.stdout, n)
}

func zeros(n *model.Network, node int) *tensor.Dense {
	return tensor.New(tensor.Of(n.Config().Dtype.Tensor()), tensor.WithShape(1, n.Size(node)))
}

func (in *inspection) leaveOut(what, why string) {
	in.LeftOut = append(in.LeftOut, what+": "+why)
}

// describeNetwork says what is to be said without data.
func describeNetwork(path string, n *model.Network) *inspection {
	cfg := n.Config()
	in := &inspection{Model: path, Network: cfg}
	spec := n.Spec()
	for l, name := range n.Nodes() {
		node := nodeInfo{Name: name, Size: n.Size(l), Role: "hidden"}
		switch l {
		case n.InputNode():
			node.Role = "inputs"
		case n.TargetNode():
			node.Role = "targets"
		}
		if n.Predicted(l) {
			p := n.Precision(l)
			low, high, mean := slices.Min(p), slices.Max(p), number(floats.Sum(p)/float64(len(p)))
			if low != high {
				node.Precisions = &extent{number(low), number(high)}
			} else {
				mean = number(low)
			}
			node.Precision = &mean
		}
		in.Nodes = append(in.Nodes, node)
	}
	for i, p := range spec.Predictions {
		for j, e := range p.Edges {
			layer := layerInfo{
				Of: p.Of, From: strings.Join(e.From, "+"), Map: fmt.Sprint(e.Map), Activation: e.Feature.String(), After: p.After.String(),
				prediction: i,
			}
			if w := n.EdgeWeights(i, j); w != nil {
				frobenius, spectral := n.WeightNorms(i, j)
				layer.Shape, layer.Frobenius, layer.Spectral = w.Shape(), (*number)(&frobenius), (*number)(&spectral)
			}
			in.Layers = append(in.Layers, layer)
		}
	}
	for _, p := range n.Parameters() {
		in.Weights += p.Shape().TotalSize()
	}
	return in
}

// examples returns the first examples that the network did not learn from, and
// which part of the dataset they are of.
func (t *trained) examples(limit int, warn func(string, ...any)) (part string, set *data.Set, err error) {
	sets, err := t.load(warn)
	if err != nil {
		return "", nil, err
	}
	part, set = "validation", sets.Validation
	if set.Len() == 0 {
		part, set = "test", sets.Test
	}
	set = set.Limit(limit)
	if err := train.Fits(t.network, set); err != nil {
		return "", nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return part, set, nil
}

// settle settles the clamped batch and enters how it went.
func (in *inspection) settle(ctx context.Context, t *trained, c model.Clamps) (*model.Result, error) {
	n, inf := t.network, t.recipe.Inference
	inf.Trace, inf.Estimate = true, true
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, usageError{err}
	}
	r, err := n.Settle(ctx, c, inf)
	if err != nil {
		return nil, err
	}
	logSettled(r)
	rows := float64(len(r.ExampleEnergy))
	residual, byNode := r.Residual, r.NodeResidual
	if r.EndResidual != nil { // of stale errors it is not known
		residual, byNode = floats.Norm(r.EndResidual, 2), r.EndResidual
	}
	in.Settled = &settledInfo{
		Examples: len(r.ExampleEnergy), Inference: inf, Status: r.Status.String(), StepsMean: number(r.MeanSteps), Rate: number(r.Rate),
		Start: number(r.Began / rows), Energy: number(r.Energy / rows), Residual: number(residual),
		ToLose: number(r.ToLose / rows), Reached: number(r.Reached()),
	}
	for l, x := range byNode {
		if c[in.Nodes[l].Name].Values == nil {
			in.Nodes[l].Residual = (*number)(&x)
		}
		if n.Predicted(l) {
			e := number(r.NodeEnergy[l] / rows)
			in.Nodes[l].Energy = &e
		}
	}
	if linear(n) {
		e, err := n.Equilibrium(c)
		if err != nil {
			return nil, err
		}
		at := number(e.Energy / rows)
		in.Settled.Equilibrium = &at
	}
	return r, nil
}

// linear reports whether the network has an equilibrium in closed form: all
// activations are identity, and all energies Gaussian.
func linear(n *model.Network) bool {
	for _, p := range n.Spec().Predictions {
		nonlinear := func(e graph.Edge) bool { return e.Feature != feature.Feature(feature.Identity) }
		if slices.ContainsFunc(p.Edges, nonlinear) || p.After != feature.Feature(feature.Identity) || p.Energy != graph.Gaussian {
			return false
		}
	}
	return len(n.Spec().Own) == 0
}

// compare enters the cosines.
func (in *inspection) compare(n *model.Network, r *model.Result, batch train.Batch) error {
	cosines, err := train.Cosines(n, r, batch)
	if errors.Is(err, model.ErrNotFeedforward) {
		in.leaveOut("cosines", strings.TrimPrefix(err.Error(), "train: backprop: "))
		return nil
	}
	for i := range in.Layers {
		if l := &in.Layers[i]; l.prediction < len(cosines) {
			l.Cosine = (*number)(&cosines[l.prediction])
		}
	}
	return err
}

// bend enters the curvature of the first examples, in float64.
func (in *inspection) bend(ctx context.Context, n *model.Network, c model.Clamps, r *model.Result) error {
	exact, err := n.As(model.Float64)
	if err != nil {
		return err
	}
	few := func(t *tensor.Dense) *tensor.Dense {
		rows := model.Rows(t)
		rows = rows[:min(len(rows), spectrumExamples)]
		return tensor.New(tensor.WithShape(len(rows), t.Shape()[1]), tensor.WithBacking(slices.Concat(rows...)))
	}
	of := exact.Clamp(few(c[in.Nodes[n.InputNode()].Name].Values), few(c[in.Nodes[n.TargetNode()].Name].Values))
	var latents []*tensor.Dense
	for _, v := range r.Latents {
		latents = append(latents, few(v))
	}
	h, err := exact.Hessian(of, latents)
	if err != nil {
		return err
	}
	if h.Size(0) == 0 {
		in.leaveOut("curvature", "no node is free")
		return nil
	}
	spectra, err := h.Spectra(ctx)
	if err != nil {
		return err
	}
	k := curvature{Examples: len(spectra), Free: h.Size(0), Exact: true, LowLeast: number(math.Inf(1)), RateBound: number(exact.MaxRate(of))}
	for _, s := range spectra {
		share := 1 / float64(len(spectra))
		k.LowMean += number(share * s.Low)
		k.HighMean += number(share * s.High)
		k.ConditionMean += number(share * s.Condition())
		k.LowLeast, k.HighLargest = min(k.LowLeast, number(s.Low)), max(k.HighLargest, number(s.High))
		k.ConditionWorst = max(k.ConditionWorst, number(s.Condition()))
		k.Exact = k.Exact && s.Exact
	}
	k.RateMeasured = 1 / k.HighLargest
	in.Curvature = &k
	return nil
}

// draw writes the files.
func (in *inspection) draw(n *model.Network, c model.Clamps, r *model.Result, dir string) error {
	e, err := n.Energy(c)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{dotFile, e.WriteDOT}, {svgFile, e.WriteSVG}} {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.write); err != nil {
			return err
		}
		in.Graph = append(in.Graph, path)
	}
	if r == nil {
		return nil
	}
	in.Figure = filepath.Join(dir, settlingFile)
	return report.WritePNG(in.Figure, report.Render(report.Settling(r)...))
}

// print writes what was found for people.
func (in *inspection) print(w io.Writer, n *model.Network) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	text := func(x *number) string {
		if x == nil {
			return ""
		}
		return fmt.Sprintf("%.4g", *x)
	}
	nodes, layers := slices.Clone(in.Nodes), slices.Clone(in.Layers)
	if len(n.Config().Layers) > 0 { // of a chain the top first
		slices.Reverse(nodes)
		slices.Reverse(layers)
	}
	fmt.Fprintf(t, "%v\n\n", n)
	fmt.Fprintln(t, "node\tsize\trole\tprecision\tenergy\tresidual")
	for _, node := range nodes {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", node.Name, node.Size, node.Role, node.precision(), text(node.Energy), text(node.Residual))
	}
	fmt.Fprint(t, "\nprediction of\tfrom\tby\tshape\tFrobenius norm\tspectral norm")
	if in.Layers[0].Cosine != nil {
		fmt.Fprint(t, "\tcosine to backprop")
	}
	fmt.Fprintln(t)
	for _, layer := range layers {
		shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(layer.Shape), "[]"), " ", " × ")
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", layer.Of, layer.From, layer.by(), shape, text(layer.Frobenius), text(layer.Spectral), text(layer.Cosine))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if s := in.Settled; s != nil {
		fmt.Fprintf(w, "settling    %v, %s at rate %.3g, %s; %s of %s, both ends clamped\n",
			s.Inference.Method, s.steps(), s.Rate, s.Status, plural.Of(s.Examples, s.Part+" example"), s.Dataset)
		fmt.Fprintf(w, "energy      %.4g from %.4g an example, residual %.2g\n", s.Energy, s.Start, s.Residual)
		fmt.Fprintf(w, "equilibrium about %.3g still to lose: %s of the fall was made\n", s.ToLose, percent(float64(s.Reached)))
		if s.Equilibrium != nil {
			fmt.Fprintf(w, "            in closed form at %.6g\n", *s.Equilibrium)
		}
	}
	if k := in.Curvature; k != nil {
		how := "exact"
		if !k.Exact {
			how = "by Lanczos"
		}
		fmt.Fprintf(w, "curvature   eigenvalues %.4g to %.4g, mean %.4g to %.4g; %s, %s, %s\n",
			k.LowLeast, k.HighLargest, k.LowMean, k.HighMean, plural.Of(k.Free, "free unit"), how, plural.Of(k.Examples, "example"))
		fmt.Fprintf(w, "condition   %.4g, at worst %.4g\n", k.ConditionMean, k.ConditionWorst)
		fmt.Fprintf(w, "safe rate   %.4g measured, the guard allows %.4g\n", k.RateMeasured, k.RateBound)
	}
	for _, what := range in.LeftOut {
		fmt.Fprintf(w, "left out    %s\n", what)
	}
	files := in.Graph
	if in.Figure != "" {
		files = append(files, in.Figure)
	}
	_, err := fmt.Fprintf(w, "wrote %s\n", strings.Join(files, ", "))
	return err
}
