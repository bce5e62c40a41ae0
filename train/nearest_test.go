package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

func TestNearest(t *testing.T) {
	rows := func(n int, x ...float64) *tensor.Dense {
		return tensor.New(tensor.WithShape(n, len(x)/n), tensor.WithBacking(x))
	}
	among := rows(3, 0, 0, 9, 5, 5, 0, 1, 9, 1)
	values := rows(2, 1, 0, 0, 4, 4, math.NaN())
	for _, c := range []struct {
		fixed *tensor.Dense
		want  []int
	}{
		{rows(1, 1, 1, 0), []int{0, 1}},
		{rows(1, 1, 0, 0), []int{2, 1}},
		{rows(2, 0, 0, 1, 0, 1, 0), []int{1, 1}},
		{rows(1, 0, 0, 0), []int{0, 0}}, // all are as near
	} {
		got, err := Nearest(context.Background(), model.Clamp{Values: values, Fixed: c.fixed}, among)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("by %v: got %v, %v, want %v", c.fixed.Data(), got, err, c.want)
		}
	}
	if _, err := Nearest(context.Background(), model.Clamp{Values: values}, rows(1, 1, 2)); err == nil {
		t.Error("another width: no error")
	}
	if _, err := Nearest(context.Background(), model.Clamp{Values: values, Fixed: rows(1, 1, 0)}, among); err == nil {
		t.Error("a mask of another width: no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Nearest(ctx, model.Clamp{Values: values}, among); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}
