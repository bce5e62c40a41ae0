package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"example.com/pcn/internal/npy"
)

// array is a NumPy array of finite numbers, row-major.
type array struct {
	*npy.Array
	values values // of width 1
}

// readNPY reads an array in NumPy's NPY format, of at most limit bytes of elements.
// No dimension may be 0.
func readNPY(r io.Reader, limit int64) (*array, error) {
	read, err := npy.Read(r, limit)
	if err != nil {
		return nil, err
	}
	a := &array{Array: read, values: values{width: 1}}
	if slices.Contains(a.Shape, 0) {
		return nil, fmt.Errorf("shape: must have sizes of at least 1, got %v", a.Shape)
	}
	if a.Size == 1 && a.Kind != 'i' {
		a.values.bytes = a.Data
		return a, nil
	}
	number := a.Number()
	for element := range slices.Chunk(a.Data, a.Size) {
		x := number(element)
		if !finite(x) {
			return nil, fmt.Errorf("element %d: must be a finite number, got %v", len(a.values.bytes)+len(a.values.floats), x)
		}
		a.values.append(x)
	}
	a.Data = nil
	return a, nil
}

// inputs makes the array the inputs of s: (n), (n, features) or images (n,
// height, width) or (n, height, width, channels), of 1 channel or 3. Bytes are taken for pixels 0..255 where they are images, and
// other numbers for pixels from 0 to the largest.
func (a *array) inputs(s *Set) error {
	rank := len(a.Shape)
	if rank < 1 || rank > 4 || rank == 4 && a.Shape[3] != 1 && a.Shape[3] != 3 {
		return fmt.Errorf("shape: must be (n), (n, features) or images (n, height, width) or, with 1 or 3 channels, (n, height, width, channels), got %v", a.Shape)
	}
	s.n, s.inputs = a.Shape[0], a.values
	s.inputs.width = 1
	for _, size := range a.Shape[1:] {
		s.inputs.width *= size
	}
	if rank < 3 {
		return nil
	}
	s.Shape, s.White = []int{a.Shape[1], a.Shape[2], s.inputs.width / (a.Shape[1] * a.Shape[2])}, 255
	if a.Kind != 'u' || a.Size != 1 {
		s.White = 0
		for i := range s.n * s.inputs.width {
			s.White = max(s.White, a.values.at(i, 0))
		}
		if s.White == 0 {
			return errors.New("must be images, got no pixel above 0")
		}
	}
	return nil
}

// learned makes the array, of that name, what s has to learn: classes or targets, as cols
// says or, where it does not, as they look. Floats are classes where each row is a 1 among
// zeros, or where they are few whole numbers, each often.
func (a *array) learned(s *Set, name string, cols Columns) error {
	if len(cols.Targets) > 0 {
		return a.targets(s)
	}
	said := cols.Label != "" || len(cols.Classes) > 0
	if oneHot := a.oneHot(s.n); oneHot != nil {
		s.labels, s.Classes = oneHot, a.Shape[1]
		if !said {
			s.remarks = append(s.remarks, fmt.Sprintf("array %s has a 1 among zeros in each row: it is taken for classes", name))
		}
		return nil
	}
	few := a.Kind == 'f' && !said && len(a.Shape) == 1 && a.fewWhole()
	if a.Kind == 'f' && !said && !few {
		return a.targets(s)
	}
	if few {
		s.remarks = append(s.remarks, fmt.Sprintf("array %s has few whole numbers: they are taken for classes; to regress on it, name it as a target", name))
	}
	if err := a.labels(s, cols.Classes); err != nil || cols.testing || len(cols.Classes) > 0 {
		return err
	}
	return s.remarkLabels(name, a.different())
}

// oneHot returns the classes of n examples, of which each row of the array has a 1 among
// zeros; nil where it has not.
func (a *array) oneHot(n int) []int {
	if len(a.Shape) != 2 || a.Shape[0] != n || a.Shape[1] < 2 {
		return nil
	}
	classes := make([]int, n)
	for i := range classes {
		classes[i] = -1
		for j := range a.Shape[1] {
			switch x := a.values.at(i*a.Shape[1]+j, 0); {
			case x == 1 && classes[i] < 0:
				classes[i] = j
			case x != 0:
				return nil
			}
		}
		if classes[i] < 0 {
			return nil
		}
	}
	return classes
}

// different returns the different numbers of the array, as texts in their order: some
// more than can be classes at most.
func (a *array) different() []string {
	seen := make(map[float64]bool)
	var texts []string
	for i := range a.Shape[0] {
		if x := a.values.at(i, 0); !seen[x] && len(seen) <= maxClasses {
			seen[x] = true
			texts = append(texts, strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	sortTexts(texts)
	return texts
}

// fewWhole reports whether the array has few whole numbers from 0 on, each often.
func (a *array) fewWhole() bool {
	for i := range a.Shape[0] {
		if x := a.values.at(i, 0); x < 0 || x >= fewTexts || x != math.Trunc(x) {
			return false
		}
	}
	return len(a.different())*fewOfClass <= a.Shape[0]
}

// labels makes the array the classes of s: whole numbers from 0 on are the classes
// themselves, others, such as -1 and 1, their names, of which there may be no others
// than these where there are any.
func (a *array) labels(s *Set, names []string) error {
	if err := a.rows(s, 1); err != nil {
		return err
	}
	s.labels = make([]int, s.n)
	negative := false
	for i := range s.labels {
		x := a.values.at(i, 0)
		negative = negative || x < 0
		if !(math.Abs(x) < maxClasses) || x != math.Trunc(x) {
			return fmt.Errorf("element %d: must be a class 0..%d, got %v", i, maxClasses-1, x)
		}
		s.labels[i] = int(x)
		s.Classes = max(s.Classes, int(x)+1)
	}
	if !negative && !slices.ContainsFunc(numbersOf(names), func(x float64) bool { return x < 0 }) {
		return nil
	}
	if len(names) == 0 {
		names = a.different()
	}
	of := newClasses(names)
	for i, k := range s.labels {
		var err error
		if s.labels[i], err = of.find(strconv.Itoa(k)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	s.nameClasses(names)
	return nil
}

// targets makes the array the targets of s.
func (a *array) targets(s *Set) error {
	if err := a.rows(s, 0); err != nil {
		return err
	}
	s.targets = a.values
	s.targets.width = len(a.values.bytes)/s.n + len(a.values.floats)/s.n
	return nil
}

// rows checks that the array has a row for each example of s, of width numbers or
// of any when width is 0.
func (a *array) rows(s *Set, width int) error {
	ok := len(a.Shape) == 1 || len(a.Shape) == 2 && (width == 0 || a.Shape[1] == width)
	if !ok || a.Shape[0] != s.n {
		want := fmt.Sprintf("(%d)", s.n)
		if width == 0 {
			want += fmt.Sprintf(" or (%d, targets)", s.n)
		}
		return fmt.Errorf("shape: must be %s for as many examples, got %v", want, a.Shape)
	}
	return nil
}
