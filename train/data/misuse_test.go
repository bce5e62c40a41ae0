package data

import (
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestMisuse calls what a user can call with what is missing, zero or of another
// shape: each is an error, and none a panic.
func TestMisuse(t *testing.T) {
	ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 4))
	uneven := Transform{Shift: []float64{1, 2}, Scale: []float64{1, 2, 3}}
	for name, call := range map[string]func() error{
		"classes of nothing":         func() error { _, err := NewClasses("", nil, nil); return err },
		"regression of nothing":      func() error { _, err := NewRegression("", -1, nil, nil); return err },
		"split of no set":            func() error { _, err := Split(nil, 1, 0.5); return err },
		"split of a zero set":        func() error { _, err := Split(&Set{}, 1, 0.5); return err },
		"gather: no such row":        func() error { return (&Set{}).Gather([]int{1}, nil, nil) },
		"gather: integers":           func() error { return Sine(2, 0, 1).Gather([]int{0, 1}, ints, nil) },
		"transform: nothing":         func() error { return Transform{}.Apply(nil) },
		"transform: integers":        func() error { return Transform{}.Apply(ints) },
		"transform: uneven":          func() error { return uneven.Check(3) },
		"transform: uneven, inverse": func() error { return uneven.Invert().Check(3) },
		"no pixels":                  func() error { return PixelRange(0, 0, 0).Check(1) },
		"no path":                    func() error { _, _, err := Read("", Columns{}); return err },
		"no training part":           func() error { _, err := ReadTest("x.csv", Columns{}, nil); return err },
		"no lines":                   func() error { _, err := ReadCSV(strings.NewReader(""), "", Columns{}); return err },
		"no CSV":                     func() error { _, err := CSV("", Columns{}); return err },
		"no IDX":                     func() error { _, _, err := IDX(""); return err },
		"IDX of nothing":             func() error { _, _, err := ReadIDX(strings.NewReader(""), "", 0, -1); return err },
		"no images":                  func() error { _, err := Images("", nil, ImageForm{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(); err == nil {
				t.Error("no error")
			}
		})
	}
	var zero Set
	if zero.Limit(3).Len() != 0 || zero.Subset(nil).Labels() != nil || zero.ClassName(-1) != "-1" || Sine(-3, 1, 1).Len() != 0 || (*Set)(nil).String() != "no set" {
		t.Error("a set of nothing has something")
	}
}
