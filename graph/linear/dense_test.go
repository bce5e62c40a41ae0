package linear_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
)

// TestZeroDiagonal: the update is that of a dense map but for the diagonal, in whatever
// parts its rows are asked for.
func TestZeroDiagonal(t *testing.T) {
	m, err := linear.ParseMap("dense zero-diagonal")
	if err != nil || m.String() != "dense zero-diagonal" || m != linear.Map(linear.Dense{ZeroDiagonal: true}) {
		t.Fatalf("%v, %v", m, err)
	}
	units := tensor.Shape{3}
	if p := m.Parameters(units, units)[0]; !p.ZeroDiagonal || !slices.Equal(p.Shape, []int{3, 3}) {
		t.Errorf("%+v", p)
	}
	delta := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 0, 1, -1}))
	psi := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{2, 1, -1, 4, 0, 2}))
	into := []*tensor.Dense{tensor.New(tensor.WithShape(3, 3), tensor.Of(tensor.Float64))}
	o := m.Outer(units, units)
	o.Prepare(delta, psi)
	for _, piece := range [][2]int{{0, 1}, {1, 3}} {
		o.Rows([]*tensor.Dense{dense.Rows(into[0], piece[0], piece[1])}, delta, psi, 0.5, piece[0], piece[1])
	}
	if got, want := into[0].Float64s(), []float64{0, 0.5, -0.5, 4, 0, 0, 1, 1.5, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := m.Out(tensor.Shape{4}, units); err == nil || err.Error() != "zero-diagonal: must be of a feature of as many units as it predicts, 3, got 4" {
		t.Errorf("of another size: %v", err)
	}
	if _, err := linear.ParseMap("dense diagonal"); err == nil || !strings.Contains(err.Error(), `dense: must have zero-diagonal or nothing behind its name, got "diagonal"`) {
		t.Errorf("dense diagonal: %v", err)
	}
}
