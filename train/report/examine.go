package report

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/floats"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// Most of what is shown.
const (
	maxWrong    = 24   // wrongly classified images
	maxComplete = 12   // completed images
	maxClasses  = 32   // of a confusion matrix and of generated images
	maxSettled  = 64   // examples that the settling curves are of
	maxFitted   = 2000 // examples of a regression
)

// Confusion counts examples by the class they have and the one predicted.
type Confusion struct {
	Counts [][]int  // [class][predicted]
	Names  []string // of the classes; a class beyond them has its number
}

// Name returns the name of class k, or the number where it has none.
func (c *Confusion) Name(k int) string {
	if k >= 0 && k < len(c.Names) {
		return c.Names[k]
	}
	return strconv.Itoa(k)
}

// Examine looks at a trained network through examples, which should be none of
// the test part: how it settles, which examples it takes for another class and,
// where it is generative, what it generates and how it completes halves of images; the
// weights between images and what is next to them, and what becomes of one in the network.
func Examine(ctx context.Context, l train.Learner, inf model.Inference, set *data.Set) ([]Section, error) {
	if l == nil {
		return nil, errors.New("report: learner: must be one, got none")
	}
	if err := train.Fits(l.Network(), set); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	x := &examination{ctx: ctx, learner: l, network: l.Network(), inference: inf, set: set}
	var sections []Section
	for _, look := range []func() (*Section, error){x.settling, x.fit, x.classes, x.generated, x.completed, x.filters, x.maps} {
		s, err := look()
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		if s != nil {
			sections = append(sections, *s)
		}
	}
	return sections, nil
}

type examination struct {
	ctx       context.Context // of one Examine
	learner   train.Learner
	network   *model.Network
	inference model.Inference
	set       *data.Set
}

// gather returns examples lo to hi as the network takes them.
func (x *examination) gather(lo, hi int) (inputs, targets *tensor.Dense, err error) {
	rows := make([]int, hi-lo)
	for i := range rows {
		rows[i] = lo + i
	}
	b, err := train.Examples(x.network, x.set, rows...)
	return b.Inputs, b.Targets, err
}

// settling draws energies and residual by step, with both ends clamped as in
// learning.
func (x *examination) settling() (*Section, error) {
	n := x.network
	count := min(maxSettled, x.set.Len())
	inputs, targets, err := x.gather(0, count)
	if err != nil {
		return nil, err
	}
	inf, err := x.inference.WithDefaults()
	if err != nil {
		return nil, err
	}
	if n.Predictions() < 2 {
		return nil, nil // nothing is free
	}
	panels, err := Settle(x.ctx, n, n.Clamp(inputs, targets), inf)
	if err != nil {
		return nil, err
	}
	return &Section{
		Title: "Settling",
		Text: fmt.Sprintf("How the latents of %s settle, input and target held as in learning, by %v, which takes at most %s there. Each curve is a node: "+
			"its energy falls, and its part of the gradient, the push on its latents, goes to 0 at rest.", plural.Of(count, "validation example"), inf.Method, plural.Of(inf.Steps, "step")),
		Panels: panels,
	}, nil
}

// fit sets the predictions of a regression against what is, of several targets the first,
// and draws one of one number on another.
func (x *examination) fit() (*Section, error) {
	if x.set.Classes > 0 || x.set.Steps() > 1 {
		return nil, nil
	}
	assessed, err := train.Assess(x.ctx, x.learner, x.set)
	if err != nil {
		return nil, err
	}
	inputs, targets, err := x.gather(0, min(maxFitted, x.set.Len()))
	if err != nil {
		return nil, err
	}
	predicted, err := x.learner.Predict(x.ctx, inputs)
	if err != nil {
		return nil, err
	}
	for t, units := range map[**tensor.Dense]data.Transform{&inputs: x.set.InputTransform(), &targets: x.set.TargetTransform(), &predicted: x.set.TargetTransform()} {
		if *t, err = units.Undo(*t); err != nil {
			return nil, err
		}
	}
	r := assessed.Regression
	s := &Section{Title: "Fit", Text: fmt.Sprintf("Of %s: RMSE %.4g, R² %.4g. Always to predict the mean: RMSE %.4g, R² 0.", plural.Of(x.set.Len(), "validation example"), r.RMSE, r.R2, r.MeanRMSE)}
	first := func(t *tensor.Dense) (column []float64) {
		for _, row := range model.Rows(t) {
			column = append(column, row[0])
		}
		return column
	}
	is, guess := first(targets), first(predicted)
	s.Panels = append(s.Panels, Predicted(is, guess))
	if x.set.InputSize() != 1 || x.set.TargetSize() != 1 {
		return s, nil
	}
	at := first(inputs)
	prediction, order := Line{Name: "prediction", X: slices.Clone(at)}, make([]int, len(at))
	floats.Argsort(prediction.X, order)
	for _, i := range order {
		prediction.Y = append(prediction.Y, guess[i])
	}
	s.Panels = append(s.Panels, Fit(Line{"validation examples", at, is}, Line{}, prediction))
	return s, nil
}

// classes counts what is taken for what, and shows images that are taken for
// another class.
func (x *examination) classes() (*Section, error) {
	k := x.set.Classes
	if k == 0 {
		return nil, nil
	}
	assessed, err := train.Assess(x.ctx, x.learner, x.set)
	if err != nil {
		return nil, err
	}
	c := assessed.Classification
	s := &Section{Title: "Classes"}
	if k <= maxClasses {
		s.Squares = &Confusion{Counts: c.Confusion, Names: make([]string, k)}
		s.Table = &Table{Head: []string{"class", "examples", "precision", "recall", "F1"}}
		for i, of := range c.Classes {
			s.Squares.Names[i] = x.set.ClassName(i)
			s.Table.Rows = append(s.Table.Rows, []string{x.set.ClassName(i), fmt.Sprint(of.Examples), fmt.Sprintf("%.3f", of.Precision), fmt.Sprintf("%.3f", of.Recall), fmt.Sprintf("%.3f", of.F1)})
		}
	}
	s.Text = fmt.Sprintf("Taken for another class: %d of %s, which is an accuracy of %.2f %%; always to say the commonest class: %.2f %%. The mean F1 is %.3f.",
		len(c.Mistakes), plural.Of(x.set.Len(), "validation example"), 100*assessed.Accuracy, 100*c.Majority, c.MacroF1)
	if s.Table != nil {
		s.Text += " Precision is the share of what was taken for a class that is of it, recall the share of the class that was taken for it, and F1 the harmonic mean of both."
	}
	if x.set.Shape == nil {
		return s, nil
	}
	shown := c.Mistakes[:min(maxWrong, len(c.Mistakes))]
	for _, m := range shown {
		image, _, err := x.gather(m.Example, m.Example+1)
		if err != nil {
			return nil, err
		}
		picture, err := x.grid(model.Rows(image), nil)
		if err != nil {
			return nil, err
		}
		s.Images = append(s.Images, Image{picture, fmt.Sprintf("%s, taken for %s", x.set.ClassName(m.Class), x.set.ClassName(m.Taken))})
	}
	if len(shown) < len(c.Mistakes) {
		s.Text += fmt.Sprintf(" The first %d are shown.", len(shown))
	}
	return s, nil
}

// generates reports whether the network predicts inputs. One that does not has no idea what
// they look like, and would show noise.
func (x *examination) generates() bool { return x.network.Predicted(x.network.InputNode()) }

// generated shows what a generative network generates for each class.
func (x *examination) generated() (*Section, error) {
	k := x.set.Classes
	if !x.generates() || k == 0 || k > maxClasses || x.set.Shape == nil {
		return nil, nil
	}
	all := make([]int, k)
	for i := range all {
		all[i] = i
	}
	targets, err := x.network.OneHot(all)
	if err != nil {
		return nil, err
	}
	inputs, _, err := x.network.Generate(x.ctx, targets, x.inference)
	if err != nil {
		return nil, err
	}
	s := &Section{Title: "Generated", Text: "What fits each class: the label is clamped and the image is free."}
	for class, image := range model.Rows(inputs) {
		picture, err := x.grid([][]float64{image}, nil)
		if err != nil {
			return nil, err
		}
		s.Images = append(s.Images, Image{picture, x.set.ClassName(class)})
	}
	return s, nil
}

// completed hides the lower half of images and shows how a generative network
// fills it in.
func (x *examination) completed() (*Section, error) {
	if !x.generates() || x.set.Classes == 0 || x.set.Classes > maxClasses || x.set.Shape == nil {
		return nil, nil
	}
	count := min(maxComplete, x.set.Len())
	inputs, _, err := x.gather(0, count)
	if err != nil {
		return nil, err
	}
	left := (x.set.Shape[0] + 1) / 2 * x.set.Shape[1] * x.set.Shape[2]
	seen := model.Hide(inputs, func(_, unit int) bool { return unit >= left })
	done, err := x.network.Complete(x.ctx, seen, model.Recall{By: model.ByEnergy}, x.inference)
	if err != nil {
		return nil, err
	}
	truth := model.Rows(inputs)
	var images [][]float64
	for _, image := range truth {
		given := slices.Clone(image)
		for j := left; j < len(given); j++ {
			given[j] = math.NaN()
		}
		images = append(images, given)
	}
	var names []string
	for _, k := range x.set.Labels()[:count] {
		names = append(names, x.set.ClassName(k))
	}
	picture, err := x.grid(append(append(images, model.Rows(done.Inputs)...), truth...), names, "given", "completed", "truth")
	return &Section{
		Title: "Completed", Text: "The lower half is hidden, each class is clamped in turn, and the one of the lowest energy fills it in.",
		Images: []Image{{picture, "red is hidden; above each is its class"}},
	}, err
}

// grid draws images, given as the network takes them, in their own units and in the
// range of the pixels of the first examples, below names and beside rows.
func (x *examination) grid(images [][]float64, names []string, rows ...string) (image.Image, error) {
	inputs, _, err := x.gather(0, min(maxSettled, x.set.Len()))
	if err != nil {
		return nil, err
	}
	units := x.set.InputTransform()
	first, err := units.Undo(inputs)
	if err != nil {
		return nil, err
	}
	all, err := units.Undo(tensor.New(tensor.WithShape(len(images), x.set.InputSize()), tensor.WithBacking(slices.Concat(images...))))
	if err != nil {
		return nil, err
	}
	images, pixels := model.Rows(all), dense.Floats(first)
	low := slices.Min(pixels)
	return Grid{
		Images: images, Width: x.set.Shape[1], Height: x.set.Shape[0], Columns: max(len(names), 1),
		Low: low, High: max(slices.Max(pixels), low+1e-9), Names: names, Rows: rows,
	}.Draw()
}
