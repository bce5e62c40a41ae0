// Package dense is what pcn asks of the tensors that it is given.
package dense

import (
	"errors"
	"fmt"
	"strings"

	"gorgonia.org/tensor"
)

// Check returns what is wrong with t, which must be of type dt and of that shape,
// with its rows one after the other in memory. A size below 0 stands for any but 0.
func Check(t *tensor.Dense, dt tensor.Dtype, shape ...int) error {
	if t == nil {
		return fmt.Errorf("must be %v of shape %s, got none", dt, written(shape))
	}
	fits := t.Dtype() == dt && t.Dims() == len(shape)
	for i := 0; fits && i < len(shape); i++ {
		size := t.Shape()[i]
		fits = size == shape[i] || shape[i] < 0 && size > 0
	}
	if !fits {
		return fmt.Errorf("must be %v of shape %s, got %v of shape %v", dt, written(shape), t.Dtype(), t.Shape())
	}
	if t.RequiresIterator() || t.DataOrder().IsColMajor() {
		return errors.New("must have its rows one after the other in memory, got a view or columns")
	}
	return nil
}

// Float returns the type of t if it is of floats, and else float64, for Check to
// refuse.
func Float(t *tensor.Dense) tensor.Dtype {
	if t != nil && t.Dtype() == tensor.Float32 {
		return tensor.Float32
	}
	return tensor.Float64
}

// written writes a shape as tensor.Shape does, with B for any size.
func written(shape []int) string {
	sizes := make([]string, len(shape))
	for i, d := range shape {
		if sizes[i] = fmt.Sprint(d); d < 0 {
			sizes[i] = "B"
		}
	}
	return "(" + strings.Join(sizes, ", ") + ")"
}
