package trained_test

import (
	"slices"
	"testing"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// TestWanted: targets between classes sum to 1, and samples of a class are side by side.
func TestWanted(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{4, 3, 2}, Direction: model.Generative})
	if err != nil {
		t.Fatal(err)
	}
	m, err := trained.New("made", n, train.Recipe{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Between(1, 0, 3)
	if got := dense.Floats(w.Targets); err != nil || !slices.Equal(got, []float64{0, 1, 0.5, 0.5, 1, 0}) || w.Columns != 3 || w.Names[1] != "50 %" || w.Rows[0] != "1 to 0" {
		t.Errorf("between: %v, %+v of %v", err, w, got)
	}
	if _, err := m.Between(1, 0, 1); err == nil {
		t.Error("between in 1 step: want an error")
	}
	w, err = m.OfClasses([]int{1, 0}, 2)
	if err != nil || !slices.Equal(w.Classes, []int{1, 1, 0, 0}) || w.Columns != 2 || !slices.Equal(w.Rows, []string{"1", "0"}) {
		t.Errorf("of classes: %v, %+v", err, w)
	}
	inputs, err := m.Generate(t.Context(), w.Targets, model.Sampling{})
	if err != nil {
		t.Fatal(err)
	}
	if picture, err := m.Picture(w, inputs); err != nil || picture.Bounds().Dx() == 0 {
		t.Errorf("picture of 2×2 pixels: %v", err)
	}
}
