package data

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Sequence says how rows in their order make sequences, which are then the examples: the zero
// Sequence makes none. Where a file has no targets, what a step is to predict is the next
// row.
type Sequence struct {
	// Column tells sequences apart: rows of one value are one. Of arrays it is x, whose
	// first axis then is of sequences, and whose second is of steps.
	Column string
	// Length is the number of rows of which each sequence is cut. Default all there are,
	// which must be as many of each.
	Length int
}

var _ encoding.TextMarshaler = Sequence{}

// String returns the column and the length, such as run 50.
func (q Sequence) String() string {
	if q.Length == 0 {
		return q.Column
	}
	return strings.TrimSpace(q.Column + " " + strconv.Itoa(q.Length))
}

// IsZero reports whether rows make no sequences.
func (q Sequence) IsZero() bool { return q == Sequence{} }

// MarshalText implements [encoding.TextMarshaler].
func (q Sequence) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText takes a column, a length, or a column and a length behind it.
func (q *Sequence) UnmarshalText(text []byte) error {
	*q = Sequence{Column: strings.TrimSpace(string(text))}
	words := strings.Fields(q.Column)
	if len(words) == 0 {
		return nil
	}
	if n, err := strconv.Atoi(words[len(words)-1]); err == nil {
		if n < 2 {
			return fmt.Errorf("must have at least 2 rows, got %d", n)
		}
		q.Column, q.Length = strings.Join(words[:len(words)-1], " "), n
	}
	return nil
}

// Foretells reports whether what a step is to predict is the inputs of the next.
func (s *Set) Foretells() bool { return s.foretells }

// readSequences reads rows of a file and makes sequences of them.
func readSequences(path string, cols Columns) (*Set, error) {
	q := cols.Sequence
	switch {
	case cols.Label != "":
		return nil, &ColumnError{fmt.Sprintf("data: %s: label: must be left out where rows make sequences, of which numbers are learned", path)}
	case q.Column != "" && len(cols.Targets) > 0:
		return nil, &ColumnError{fmt.Sprintf("data: %s: sequence: must be a length alone where there are targets, got %v", path, q)}
	}
	cols.Label = q.Column
	s, err := CSV(path, cols)
	if err != nil {
		return nil, err
	}
	groups := make(map[int][]int)
	var order []int
	for i := range s.n {
		k := 0
		if s.labels != nil {
			k = s.labels[i]
		}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], i)
	}
	var runs [][]int
	for _, k := range order {
		runs = append(runs, groups[k])
	}
	if err := s.sequence(runs, q.Length); err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	return s, nil
}

// sequence makes sequences of the rows of each run, of length rows, 0 for all, in the place
// of the rows.
func (s *Set) sequence(runs [][]int, length int) error {
	if length == 0 {
		length = len(runs[0])
		for _, run := range runs {
			if len(run) != length {
				return fmt.Errorf("sequence: must have as many rows each, or a length that all are cut to, got %d and %d rows", length, len(run))
			}
		}
	}
	s.foretells = s.targets.width == 0
	ahead := 0 // of a target
	from := &s.targets
	if s.foretells {
		ahead, from = 1, &s.inputs
	}
	s.steps = length - ahead
	if s.steps < 1 {
		return errors.New("sequence: must have at least 2 rows, got 1")
	}
	inputs, targets := values{width: s.steps * s.inputs.width}, values{width: s.steps * from.width}
	for row := range s.n {
		for j := range s.inputs.width {
			if math.IsNaN(s.inputs.at(row, j)) {
				return fmt.Errorf("sequence: must have all numbers of each row, and one of row %d is missing", row+1)
			}
		}
	}
	n, left := 0, 0
	put := func(into, v *values, row int) {
		for j := range v.width {
			into.append(v.at(row, j))
		}
	}
	for _, run := range runs {
		at := 0
		for ; at+length <= len(run); at += s.steps {
			for t := range s.steps {
				put(&inputs, &s.inputs, run[at+t])
				put(&targets, from, run[at+t+ahead])
			}
			n++
		}
		left += len(run) - at - ahead
	}
	if n == 0 {
		return fmt.Errorf("sequence: must have at most the %d rows there are, got %d", len(slices.MaxFunc(runs, func(a, b []int) int { return len(a) - len(b) })), length)
	}
	what := "targets"
	if s.foretells {
		what = "the next row"
	}
	s.remarks = append(s.remarks, fmt.Sprintf("rows make %d sequences of %d, and %s of each is learned", n, length, what))
	if left > 0 {
		s.remarks = append(s.remarks, fmt.Sprintf("%d rows that make no whole sequence of %d are left out", left, length))
	}
	s.n, s.inputs, s.targets, s.places = n, inputs, targets, nil
	s.labels, s.Classes, s.ClassNames, s.Shape, s.White = nil, 0, nil, nil, 0
	*s = *s.WithTransforms(Transform{}, Transform{})
	return nil
}

// sequences makes sequences of arrays x, and of y where it is not nil: (n, steps, d) where
// the column is x, and else rows (n, d).
func (q Sequence) sequences(x, y *array) (*Set, error) {
	if q.Column != "" && q.Column != "x" {
		return nil, fmt.Errorf("sequence: must be x, a length or both, of arrays, got %v", q)
	}
	rank, run := 2, 0
	if q.Column != "" {
		rank = 3
	}
	rows := func(name string, a *array) (int, values, error) {
		shape := slices.Clone(a.Shape)
		if len(shape) == rank-1 {
			shape = append(shape, 1)
		}
		if len(shape) != rank {
			return 0, values{}, fmt.Errorf("%s: shape: must be %s, got %v", name, map[int]string{2: "(rows, d), or with sequence x (sequences, steps, d)", 3: "(sequences, steps, d)"}[rank], a.Shape)
		}
		v, n := a.values, 1
		for _, size := range shape[:rank-1] {
			n *= size
		}
		v.width, run = shape[rank-1], shape[rank-2]
		return n, v, nil
	}
	s := new(Set)
	var err error
	if s.n, s.inputs, err = rows("x", x); err != nil {
		return nil, err
	}
	if y != nil {
		var n int
		was := run
		if n, s.targets, err = rows("y", y); err != nil {
			return nil, err
		}
		if n != s.n || run != was {
			return nil, fmt.Errorf("y: shape: must have the steps of x, %v, got %v", x.Shape, y.Shape)
		}
	}
	all := make([]int, s.n)
	for i := range all {
		all[i] = i
	}
	return s, s.sequence(slices.Collect(slices.Chunk(all, run)), q.Length)
}
