package data

import (
	"errors"
	"fmt"
	"io"
	"slices"

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

// labels makes the array the classes of s.
func (a *array) labels(s *Set) error {
	if err := a.rows(s, 1); err != nil {
		return err
	}
	s.labels = make([]int, s.n)
	for i := range s.labels {
		x := a.values.at(i, 0)
		if !(x >= 0 && x < maxClasses) || x != float64(int(x)) {
			return fmt.Errorf("element %d: must be a class 0..%d, got %v", i, maxClasses-1, x)
		}
		s.labels[i] = int(x)
		s.Classes = max(s.Classes, int(x)+1)
	}
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
