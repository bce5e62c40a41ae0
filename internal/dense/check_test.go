package dense

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestCheck(t *testing.T) {
	whole := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 4))
	view, err := whole.Slice(nil, tensor.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	columns := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 2), tensor.AsFortran(nil))
	turned := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 3))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		t     *tensor.Dense
		shape []int
		want  string
	}{
		{whole, []int{3, 4}, "<nil>"},
		{whole, []int{-1, 4}, "<nil>"},
		{nil, []int{-1, 4}, "must be float32 of shape (B, 4), got none"},
		{whole, []int{3, 2}, "must be float32 of shape (3, 2), got float32 of shape (3, 4)"},
		{whole, []int{12}, "must be float32 of shape (12), got float32 of shape (3, 4)"},
		{tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(3, 4)), []int{3, 4}, "must be float32 of shape (3, 4), got float64"},
		{tensor.New(tensor.Of(tensor.Int), tensor.WithShape(3, 4)), []int{3, 4}, "must be float32 of shape (3, 4), got int"},
		{view.(*tensor.Dense), []int{3, 2}, "must have its rows"},
		{columns, []int{3, 2}, "must have its rows"},
		{turned, []int{3, 2}, "must have its rows"},
	} {
		if got := fmt.Sprint(Check(c.t, tensor.Float32, c.shape...)); !strings.HasPrefix(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
