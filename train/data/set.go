package data

import (
	"fmt"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/plural"
)

// maxClasses bounds the classes that a label may imply, since each class is a
// column of every batch of targets.
const maxClasses = 1 << 16

// A Set is a set of examples held in memory, each an input of InputSize numbers
// and a target: a class, or TargetSize numbers to regress on. The zero Set is
// empty.
//
// An image is given from the top left, row by row, with the channels of a pixel one
// after the other.
//
// The exported fields describe the examples and may be set by the holder of the
// set. Copies made by Subset and its like take the values of that moment.
type Set struct {
	Name       string
	Shape      []int    // of an input that is an image: height, width, and 1 channel of grey or 3 of red, green and blue; nil when inputs are not images
	White      float64  // raw value of a white pixel, black being 0; 0 when inputs are not images
	Classes    int      // number of classes; 0 for regression
	ClassNames []string // of the classes, where they are not 0, 1, 2 and so on

	n         int
	inputs    values   // (n, InputSize)
	labels    []int    // class of each of the n, nil for regression
	targets   values   // (n, TargetSize), empty when there are classes
	table     *Table   // what its inputs are, where it was read of rows
	places    []int    // of the n in the file, where it was read of rows
	remarks   []string // what was taken for granted when it was read
	testing   bool     // it was read to test what others were learned from
	index     []int    // the examples of this set among the n, in order; nil for all
	steps     int      // of each example, where that is a sequence; 0 where it is none
	foretells bool     // targets are the inputs of the next step

	input, target scaler

	augmentation Augmentation
	background   []float64 // of each channel
}

// NewClasses returns a set of len(labels) examples for classification from
// copies of inputs, row-major of shape (len(labels), features), and labels
// 0..K-1. Classes is K, the largest label plus 1, and must be at least 2. The
// transforms are the identity.
func NewClasses(name string, inputs []float64, labels []int) (*Set, error) {
	s := &Set{Name: name, n: len(labels), labels: append([]int(nil), labels...)}
	var err error
	if s.inputs, err = newValues(name, "inputs", inputs, s.n); err != nil {
		return nil, err
	}
	for i, k := range labels {
		if k < 0 || k >= maxClasses {
			return nil, fmt.Errorf("data: %s: labels[%d]: must be 0..%d, got %d", name, i, maxClasses-1, k)
		}
		s.Classes = max(s.Classes, k+1)
	}
	if s.Classes < 2 {
		return nil, fmt.Errorf("data: %s: labels: must be of at least 2 classes, got 0 alone", name)
	}
	return s.WithTransforms(Transform{}, Transform{}), nil
}

// NewRegression returns a set of n examples for regression from copies of
// inputs, row-major of shape (n, features), and targets, row-major of shape (n,
// outputs). The transforms are the identity.
func NewRegression(name string, n int, inputs, targets []float64) (*Set, error) {
	s := &Set{Name: name, n: n}
	var err error
	if s.inputs, err = newValues(name, "inputs", inputs, n); err != nil {
		return nil, err
	}
	if s.targets, err = newValues(name, "targets", targets, n); err != nil {
		return nil, err
	}
	return s.WithTransforms(Transform{}, Transform{}), nil
}

func newValues(name, field string, x []float64, n int) (values, error) {
	if n <= 0 {
		return values{}, fmt.Errorf("data: %s: must have at least 1 example, got %d", name, n)
	}
	if len(x) == 0 || len(x)%n != 0 {
		return values{}, fmt.Errorf("data: %s: %s: must have a positive multiple of %d numbers, one for each example, got %d", name, field, n, len(x))
	}
	v := values{width: len(x) / n}
	for i, f := range x {
		if !finite(f) {
			return values{}, fmt.Errorf("data: %s: %s[%d]: must be a finite number, got %v", name, field, i, f)
		}
		v.append(f)
	}
	return v, nil
}

// Len returns the number of examples.
func (s *Set) Len() int {
	if s.index != nil {
		return len(s.index)
	}
	return s.n
}

// String says how many examples of what the set has, in a line.
func (s *Set) String() string {
	if s == nil {
		return "no set"
	}
	inputs := plural.Of(s.InputSize(), "feature")
	if s.Shape != nil {
		inputs = shapeText(s.Shape)
	}
	targets := fmt.Sprintf("%d classes", s.Classes)
	if s.Classes == 0 {
		targets = fmt.Sprintf("%d to regress on", s.TargetSize())
	}
	examples := "examples"
	if s.steps > 0 {
		examples = fmt.Sprintf("sequences of %d steps", s.steps)
		if s.foretells {
			targets = "the next step to foretell"
		}
	}
	return fmt.Sprintf("%s: %d %s, %s, %s", s.Name, s.Len(), examples, inputs, targets)
}

// Steps returns how many steps each example has, 1 where it is no sequence.
func (s *Set) Steps() int { return max(s.steps, 1) }

// InputSize returns the number of features of an input, of a sequence that of a step: the
// product of Shape for images.
func (s *Set) InputSize() int { return s.inputs.width / s.Steps() }

// InputNames returns the names of the InputSize inputs in their order, where the set was
// read of columns with names, and nil where inputs have no names.
func (s *Set) InputNames() []string {
	if s.table == nil {
		return nil
	}
	return s.table.InputNames()
}

// Table returns how the rows of a file became the inputs, nil where the set was not read
// of rows. It must not be changed.
func (s *Set) Table() *Table { return s.table }

// FileRow returns where example i stands in the file of rows that the set was read of, from 1:
// of CSV the row that a spreadsheet shows it in. It is 0 of other sets.
func (s *Set) FileRow(i int) int {
	if s.places == nil {
		return 0
	}
	return s.places[s.row(i)]
}

// TargetSize returns the number of columns of the targets: Classes, or the width
// of a regression target, of a sequence that of a step.
func (s *Set) TargetSize() int {
	if s.labels != nil {
		return s.Classes
	}
	return s.targets.width / s.Steps()
}

// Labels returns the class of each example in a new slice, nil for regression.
func (s *Set) Labels() []int {
	if s.labels == nil {
		return nil
	}
	labels := make([]int, s.Len())
	for i := range labels {
		labels[i] = s.labels[s.row(i)]
	}
	return labels
}

// InputTransform returns the transform that Gather applies to raw inputs. The
// slices are the set's own and must not be changed.
func (s *Set) InputTransform() Transform { return s.input.Transform }

// TargetTransform returns the transform that Gather applies to raw targets. The
// slices are the set's own and must not be changed.
func (s *Set) TargetTransform() Transform { return s.target.Transform }

// Gather copies the examples named by rows into inputs, of shape (len(rows),
// Steps · InputSize), and targets, of shape (len(rows), Steps · TargetSize), the steps of a
// sequence one after the other. Each is a row-major
// tensor of float32 or float64. Inputs and targets are transformed by the set's
// transforms; the raw targets of classes are one-hot, 1 for the example's class
// and 0 for the others. targets may be nil, and is then left out. A row may be
// named more than once.
//
// A tensor of another shape or type, a row that the set does not have, a class
// that is not below Classes and a transform of another width are errors, found
// before anything is written. Gather allocates nothing but these errors.
func (s *Set) Gather(rows []int, inputs, targets *tensor.Dense) error {
	return s.gather(rows, inputs, targets, nil)
}

// gather is Gather, with inputs varied as is drawn where drawn is not nil.
func (s *Set) gather(rows []int, inputs, targets *tensor.Dense, drawn *drawing) error {
	if err := s.check(rows, inputs, targets); err != nil {
		return fmt.Errorf("data: %s: gather: %w", s.Name, err)
	}
	if drawn != nil && drawn.of.moves() {
		s.gatherMoved(inputs, drawn, rows)
	} else {
		s.input.gather(inputs, &s.inputs, s, rows)
	}
	if drawn != nil && drawn.of.Noise != 0 {
		drawn.addNoise(inputs, rows, s.Steps()*s.InputSize())
	}
	switch {
	case targets == nil:
	case s.labels != nil:
		s.oneHot(targets, rows)
	default:
		s.target.gather(targets, &s.targets, s, rows)
	}
	return nil
}

// check returns why Gather cannot copy these rows into these tensors.
func (s *Set) check(rows []int, inputs, targets *tensor.Dense) error {
	if err := dense.Check(inputs, dense.Float(inputs), len(rows), s.Steps()*s.InputSize()); err != nil {
		return fmt.Errorf("inputs: %w", err)
	}
	if s.Shape != nil && (len(s.Shape) != 3 || tensor.Shape(s.Shape).TotalSize() != s.InputSize()) {
		return fmt.Errorf("shape: must be the height, width and channels of %d inputs, got %v", s.InputSize(), s.Shape)
	}
	if err := s.input.check(s.InputSize()); err != nil {
		return fmt.Errorf("input transform: %w", err)
	}
	if targets != nil {
		if err := dense.Check(targets, dense.Float(targets), len(rows), s.Steps()*s.TargetSize()); err != nil {
			return fmt.Errorf("targets: %w", err)
		}
		if err := s.target.check(s.TargetSize()); err != nil {
			return fmt.Errorf("target transform: %w", err)
		}
	}
	n := s.Len()
	for i, r := range rows {
		if r < 0 || r >= n {
			return fmt.Errorf("rows[%d]: must be 0..%d, got %d", i, n-1, r)
		}
		if targets != nil && s.labels != nil && s.labels[s.row(r)] >= s.Classes {
			return fmt.Errorf("class of example %d: must be 0..%d, got %d", r, s.Classes-1, s.labels[s.row(r)])
		}
	}
	return nil
}

// row returns where example i lies in the storage.
func (s *Set) row(i int) int {
	if s.index != nil {
		return s.index[i]
	}
	return i
}

// Subset returns the set of the examples named by rows, in that order. It shares
// the storage of s. Like an index expression it panics when s has no such row.
func (s *Set) Subset(rows []int) *Set {
	t := *s
	t.index = make([]int, len(rows))
	n := s.Len()
	for i, r := range rows {
		if r < 0 || r >= n {
			panic(fmt.Sprintf("data: %s: Subset: rows[%d]: must be 0..%d, got %d", s.Name, i, n-1, r))
		}
		t.index[i] = s.row(r)
	}
	return &t
}

// Limit returns the set of the first n examples, or of all when n <= 0 or n >=
// Len. It shares the storage of s.
func (s *Set) Limit(n int) *Set {
	if n <= 0 || n > s.Len() {
		n = s.Len()
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return s.Subset(rows)
}

// WithTransforms returns the set with other transforms in place of those it has:
// both start from the raw values. It shares the storage of s. A transform that
// does not fit the set, see [Transform.Check], is reported by Gather. That of a sequence is
// of each of its steps.
func (s *Set) WithTransforms(input, target Transform) *Set {
	t := *s
	t.input, t.target = newScaler(input, s.InputSize(), s.Steps()), newScaler(target, s.TargetSize(), s.Steps())
	return &t
}
