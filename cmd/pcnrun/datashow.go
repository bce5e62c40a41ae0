package main

import (
	"fmt"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
)

// A grid of sample images has this many, in rows of so many.
const (
	sampleImages  = 60
	sampleColumns = 12
)

// surveyedAtOnce is how many examples are in memory as numbers.
const surveyedAtOnce = 256

func (a *app) dataShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show DATASET|PATH",
		Short: "Print what a dataset holds, and draw some of it",
		Long: `Print the shape of a dataset as train reads and cuts it, the range of its raw
inputs and targets, and how many examples of each class there are. Where inputs
are images, the first of the training part are drawn in a PNG file, with --augment as
they are learned from in the first epoch.

` + datasetHelp,
		Example: `  pcnrun data show digits
  pcnrun data show flowers.csv --label kind
  pcnrun data show photos --size 32 --augment flip,shift=2 --out photos.png`,
		Args:      wantArgs(1, 1),
		ValidArgs: train.Datasets,
	}
	c.Flags().SortFlags = false
	dataDirFlag(c.Flags())
	addColumnFlags(c.Flags())
	addImageFlags(c.Flags())
	augmentFlag(c.Flags(), "")
	var out pngFile
	c.Flags().Var(&out, "out", "PNG `FILE` for sample images (default DATASET.png)")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var given train.Recipe
		if err := applyFlags(c.Flags(), &given); err != nil {
			return err
		}
		given.Data.Seed = train.DefaultSplit
		d, err := datasetOf(given.Data, args[0])
		if err != nil {
			return err
		}
		if err := checkDir(d); err != nil {
			return err
		}
		if err := d.Validate(); err != nil {
			return usageError{err}
		}
		return a.show(d, string(out), *json)
	}
	return c
}

// overview is what --json prints of a dataset.
type overview struct {
	Dataset    string   `json:"dataset"`
	Train      int      `json:"train_examples"`
	Test       int      `json:"test_examples"`
	Inputs     int      `json:"inputs"`
	Shape      []int    `json:"shape,omitempty"` // of images: height, width, channels
	InputRange []number `json:"input_range"`     // least and largest
	InputMean  number   `json:"input_mean"`
	Classes    []class  `json:"classes,omitempty"`
	Targets    []target `json:"targets,omitempty"`
	Figure     string   `json:"figure,omitempty"`
}

// class is how many examples of a class there are.
type class struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Test  int    `json:"test"`
}

// target is the range of a target of a regression.
type target struct {
	Name string `json:"name"`
	Low  number `json:"low"`
	High number `json:"high"`
	Mean number `json:"mean"`
}

func (a *app) show(d train.Data, out string, json bool) error {
	sets, err := d.Load()
	if err != nil {
		return columnUsage(err)
	}
	for _, text := range sets.Remarks() {
		a.note("%s", text)
	}
	o := overview{Dataset: d.Dataset, Train: sets.Train.Len(), Test: sets.Test.Len(), Inputs: sets.Train.InputSize(), Shape: sets.Train.Shape}
	inputs, targets, images, err := survey(sets.Train)
	if err != nil {
		return err
	}
	all := inputs[0]
	for _, column := range inputs[1:] {
		all = all.and(column)
	}
	o.InputRange, o.InputMean = []number{number(all.low), number(all.high)}, number(all.mean())
	if sets.Train.Classes > 0 {
		o.Classes = countClasses(sets)
	}
	for j, column := range targets {
		name := fmt.Sprintf("target %d", j+1)
		if len(d.Target) == len(targets) {
			name = d.Target[j]
		}
		o.Targets = append(o.Targets, target{name, number(column.low), number(column.high), number(column.mean())})
	}
	switch {
	case o.Shape != nil:
		if o.Figure = out; out == "" {
			o.Figure = d.Name() + ".png"
		}
		picture, err := report.Grid(images, o.Shape[1], o.Shape[0], sampleColumns, 0, sets.Train.White)
		if err != nil {
			return err
		}
		if err := report.WritePNG(o.Figure, picture); err != nil {
			return err
		}
	case out != "":
		return usagef("--out: the inputs of %s are no images", d.Dataset)
	}
	if json {
		return printJSON(a.stdout, o)
	}
	return a.printOverview(o)
}

func (a *app) printOverview(o overview) error {
	w := a.stdout
	paint(w, bold, o.Dataset)
	fmt.Fprintf(w, "  %s, %s\n", plural.Of(o.Train, "training example"), plural.Of(o.Test, "test example"))
	shape := fmt.Sprint(o.Inputs)
	if o.Shape != nil {
		shape += fmt.Sprintf(" (images of %d×%d pixels%s)", o.Shape[1], o.Shape[0], inColour(o.Shape))
	}
	fmt.Fprintf(w, "inputs   %s, %.4g to %.4g, mean %.4g\n", shape, o.InputRange[0], o.InputRange[1], o.InputMean)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if len(o.Classes) > 0 {
		fmt.Fprintf(w, "classes  %d\n", len(o.Classes))
		fmt.Fprintln(t, "class\ttraining\ttest")
		const most = 100
		for i, c := range o.Classes {
			if i == most {
				fmt.Fprintf(t, "and %d more\t\t\n", len(o.Classes)-most)
				break
			}
			fmt.Fprintf(t, "%s\t%d\t%d\n", cellText(c.Name), c.Train, c.Test)
		}
	} else {
		fmt.Fprintln(t, "target\tleast\tlargest\tmean")
		for _, s := range o.Targets {
			fmt.Fprintf(t, "%s\t%.4g\t%.4g\t%.4g\n", s.Name, s.Low, s.High, s.Mean)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if o.Figure != "" {
		fmt.Fprintf(a.info(), "wrote %s\n", o.Figure)
	}
	return nil
}

// inColour says of a shape of images that they are in colour, if they are.
func inColour(shape []int) string {
	if shape[2] == 3 {
		return " in colour"
	}
	return ""
}

// countClasses returns how often each class is in the training and test parts.
func countClasses(sets train.Sets) []class {
	counts := make([]class, sets.Train.Classes)
	for k := range counts {
		counts[k].Name = sets.Train.ClassName(k)
	}
	for _, k := range sets.Train.Labels() {
		counts[k].Train++
	}
	for _, k := range sets.Test.Labels() {
		counts[k].Test++
	}
	return counts
}

// span is the range of numbers.
type span struct {
	low, high, sum float64
	n              int
}

func (s span) mean() float64 { return s.sum / float64(s.n) }

// and returns the range of the numbers of both.
func (s span) and(t span) span {
	switch {
	case s.n == 0:
		return t
	case t.n == 0:
		return s
	}
	return span{min(s.low, t.low), max(s.high, t.high), s.sum + t.sum, s.n + t.n}
}

// survey returns the range of each raw input and target of a set, no targets when
// there are classes, and the first raw inputs, as they are learned from.
func survey(s *data.Set) (inputs, targets []span, first [][]float64, err error) {
	s = s.WithTransforms(data.Transform{}, data.Transform{})
	inputs = make([]span, s.InputSize())
	if s.Classes == 0 {
		targets = make([]span, s.TargetSize())
	}
	enter := func(spans []span, rows [][]float64) {
		for _, row := range rows {
			for i, x := range row {
				if math.IsNaN(x) { // missing
					continue
				}
				j := i % len(spans) // of a step
				spans[j] = spans[j].and(span{x, x, x, 1})
			}
		}
	}
	for at := 0; at < s.Len(); at += surveyedAtOnce {
		rows := make([]int, min(surveyedAtOnce, s.Len()-at))
		for i := range rows {
			rows[i] = at + i
		}
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), s.Steps()*s.InputSize()))
		var y *tensor.Dense
		if targets != nil {
			y = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(len(rows), s.Steps()*s.TargetSize()))
		}
		if err := s.Gather(rows, x, y); err != nil {
			return nil, nil, nil, err
		}
		enter(inputs, model.Rows(x))
		if y != nil {
			enter(targets, model.Rows(y))
		}
		if missing := sampleImages - len(first); missing > 0 {
			if err := s.GatherAugmented(rows, config.DefaultSeed, 1, x, nil); err != nil {
				return nil, nil, nil, err
			}
			numbers := model.Rows(x)
			first = append(first, numbers[:min(missing, len(numbers))]...)
		}
	}
	return inputs, targets, first, nil
}
