package linear

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestFixedText: the text of a matrix gives its rows, in the dtype that is asked for, and what
// is wrong is named.
func TestFixedText(t *testing.T) {
	m, err := ParseMap("fixed 1 0.1 -2; 0 1 3e-2")
	if err != nil {
		t.Fatal(err)
	}
	f := m.(Fixed).In(tensor.Float32)
	if want := []float32{1, 0.1, -2, 0, 1, 0.03}; !f.Matrix.Shape().Eq(tensor.Shape{2, 3}) || !slices.Equal(f.Matrix.Float32s(), want) {
		t.Errorf("got %v of shape %v, want %v", f.Matrix.Float32s(), f.Matrix.Shape(), want)
	}
	for text, want := range map[string]string{
		"fixed":          `fixed: must be rows of as many numbers, such as 1 0.1; 0 1, got ""`,
		"fixed 1; 2 3 4": `fixed: must be rows of as many numbers, such as 1 0.1; 0 1, got "1; 2 3 4"`,
		"fixed 1 2;":     `fixed: must be rows of as many numbers, such as 1 0.1; 0 1, got "1 2;"`,
		"fixed 1 x":      `fixed: row 1: must be finite numbers, got "x"`,
		"fixed 1; NaN":   `fixed: row 2: must be finite numbers, got "NaN"`,
		"identity 1":     `identity: must have nothing behind its name, got "1"`,
	} {
		if _, err := ParseMap(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
