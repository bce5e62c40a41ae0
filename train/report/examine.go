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

// fit draws the prediction of a regression of one number on another.
func (x *examination) fit() (*Section, error) {
	if x.set.Classes > 0 || x.set.InputSize() != 1 || x.set.TargetSize() != 1 {
		return nil, nil
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
	at, truth, line := dense.Floats(inputs), dense.Floats(targets), dense.Floats(predicted)
	prediction, order := Line{Name: "prediction", X: slices.Clone(at)}, make([]int, len(at))
	floats.Argsort(prediction.X, order)
	for _, i := range order {
		prediction.Y = append(prediction.Y, line[i])
	}
	return &Section{Title: "Fit", Panels: []*Panel{Fit(Line{"validation examples", at, truth}, Line{}, prediction)}}, nil
}

// classes counts what is taken for what, and shows images that are taken for
// another class.
func (x *examination) classes() (*Section, error) {
	k := x.set.Classes
	if k == 0 {
		return nil, nil
	}
	s := &Section{Title: "Classes"}
	if k <= maxClasses {
		s.Squares = &Confusion{Counts: make([][]int, k), Names: make([]string, k)}
		for i := range k {
			s.Squares.Counts[i], s.Squares.Names[i] = make([]int, k), x.set.ClassName(i)
		}
	}
	labels := x.set.Labels()
	wrong := 0
	const batch = 1000
	for lo := 0; lo < len(labels); lo += batch {
		hi := min(lo+batch, len(labels))
		inputs, _, err := x.gather(lo, hi)
		if err != nil {
			return nil, err
		}
		predicted, err := x.learner.Predict(x.ctx, inputs)
		if err != nil {
			return nil, err
		}
		images := model.Rows(inputs)
		for i, class := range model.Argmax(predicted) {
			is := labels[lo+i]
			if s.Squares != nil {
				s.Squares.Counts[is][class]++
			}
			if class == is {
				continue
			}
			if wrong++; x.set.Shape != nil && len(s.Images) < maxWrong {
				picture, err := x.grid([][]float64{images[i]}, 1)
				if err != nil {
					return nil, err
				}
				s.Images = append(s.Images, Image{picture, fmt.Sprintf("%s, taken for %s", x.set.ClassName(is), x.set.ClassName(class))})
			}
		}
	}
	s.Text = fmt.Sprintf("Taken for another class: %d of %s.", wrong, plural.Of(len(labels), "validation example"))
	if len(s.Images) < wrong && len(s.Images) > 0 {
		s.Text += fmt.Sprintf(" The first %d are shown.", len(s.Images))
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
		picture, err := x.grid([][]float64{image}, 1)
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
	picture, err := x.grid(append(append(images, model.Rows(done.Inputs)...), truth...), count)
	return &Section{
		Title: "Completed", Text: "The lower half is hidden, each class is clamped in turn, and the one of the lowest energy fills it in.",
		Images: []Image{{picture, "given, completed, and whole"}},
	}, err
}

// grid draws images, given as the network takes them, in their own units and in the
// range of the pixels of the first examples.
func (x *examination) grid(images [][]float64, columns int) (image.Image, error) {
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
	return gridOf(images, x.set.Shape[1], x.set.Shape[0], columns, low, max(slices.Max(pixels), low+1e-9), smallCell)
}
