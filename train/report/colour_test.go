package report

import (
	"context"
	"image/color"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

func TestGridInColour(t *testing.T) {
	rows := []float64{0, 5, 10, 20, -1, 2, math.NaN(), 3, 3, 10, 10, 10}
	img, err := Grid{Images: [][]float64{rows, {0, 10, 5, 5}}, Width: 2, Height: 2, Columns: 2, High: 10}.Draw()
	if err != nil {
		t.Fatal(err)
	}
	const second = 2*gap + cellSize
	for _, p := range []struct {
		x, y int
		want color.RGBA
	}{
		{gap, gap, color.RGBA{0, 128, 255, 255}},
		{gap + cellSize - 1, gap, color.RGBA{255, 0, 51, 255}},
		{gap, gap + cellSize - 1, color.RGBA{R: 0xd0, A: 255}}, // a channel is not known
		{gap + cellSize - 1, gap + cellSize - 1, color.RGBA{255, 255, 255, 255}},
		{second, gap, color.RGBA{0, 0, 0, 255}}, // the second is grey
		{second + cellSize - 1, gap, color.RGBA{255, 255, 255, 255}},
	} {
		if got := img.At(p.x, p.y); got != p.want {
			t.Errorf("at %d, %d: want %v, got %v", p.x, p.y, p.want, got)
		}
	}
	m := tensor.New(tensor.WithShape(1, 12), tensor.WithBacking([]float32{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	if img, err = Images(m, 2, 2, 1); err != nil || img.At(gap, gap) != (color.RGBA{0, 255, 0, 255}) {
		t.Errorf("got %v, %v", img, err)
	}
}

// TestExamineInColour draws images that are standardized per channel in their own
// colours: the truth below what is completed.
func TestExamineInColour(t *testing.T) {
	of := [][]float64{{250, 20, 40}, {10, 200, 90}}
	var inputs []float64
	var labels []int
	for i := range 6 {
		for range 4 * 4 {
			inputs = append(inputs, of[i%2]...)
		}
		labels = append(labels, i%2)
	}
	s, err := data.NewClasses("flags", inputs, labels)
	if err != nil {
		t.Fatal(err)
	}
	s.Shape, s.White = []int{4, 4, 3}, 255
	s = s.WithTransforms(s.Standardization(data.PerChannel))
	r := train.Recipe{Model: model.Config{Layers: []int{48, 5, 2}, Direction: model.Generative}}
	l, err := r.PCN()
	if err != nil {
		t.Fatal(err)
	}
	sections, err := Examine(context.Background(), l, r.Inference, s)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(sections, func(s Section) bool { return s.Title == "Completed" })
	if at < 0 {
		t.Fatal("there is no section Completed")
	}
	img := sections[at].Images[0].Picture
	below := img.Bounds().Dy() - gap - 1
	left := img.Bounds().Dx() - 6*(cellSize+gap)
	for i, want := range []color.RGBA{{255, 11, 32, 255}, {0, 202, 85, 255}} { // from 10 to 250
		if got := img.At(left+i*(cellSize+gap), below); got != want {
			t.Errorf("the truth of example %d is %v, want %v", i, got, want)
		}
	}
}
