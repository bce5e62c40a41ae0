package linear_test

import (
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
)

func TestFans(t *testing.T) {
	psi, out := tensor.Shape{4, 4, 2}, tensor.Shape{10}
	for _, c := range []struct {
		of      linear.Map
		in, out int
	}{
		{linear.Dense{}, 32, 10},
		{linear.Diagonal{}, 0, 0},
		{linear.Fixed{Matrix: tensor.New(tensor.WithShape(10, 32), tensor.Of(tensor.Float64))}, 0, 0},
		{&linear.Own{Name: "matrix", Shape: func(k, n int) ([]int, error) { return []int{n, k}, nil }}, 32, 10},
		{&linear.Own{Name: "gains", Shape: func(_, n int) ([]int, error) { return []int{n}, nil }}, 0, 0},
	} {
		x := c.of.Parameters(psi, out)[0]
		if x.FanIn != c.in || x.FanOut != c.out {
			t.Errorf("%v: fans %d and %d, want %d and %d", c.of, x.FanIn, x.FanOut, c.in, c.out)
		}
	}
}
