package model

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// Matrix returns a (B, d) tensor of type d with these rows, each of d numbers.
// It is an error when there are none, or when they differ in length.
func (d Dtype) Matrix(rows ...[]float64) (*tensor.Dense, error) {
	if err := valid(&d); err != nil {
		return nil, fmt.Errorf("model: matrix: dtype: %w", err)
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("model: matrix: must have at least one row and one column")
	}
	m := tensor.New(tensor.Of(d.Tensor()), tensor.WithShape(len(rows), len(rows[0])))
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return nil, fmt.Errorf("model: matrix: rows[%d]: must have %d numbers as rows[0], got %d", i, len(rows[0]), len(row))
		}
		for j, x := range row {
			dense.Set(m, i*len(row)+j, x)
		}
	}
	return m, nil
}

// Rows returns a copy of the rows of a (B, d) tensor of float32 or float64; a
// vector is one row, and no tensor has none.
func Rows(t *tensor.Dense) [][]float64 {
	if t == nil {
		return nil
	}
	return slices.Collect(slices.Chunk(dense.Floats(t), t.Shape()[t.Dims()-1]))
}
