package report

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

func TestLines(t *testing.T) {
	for name, test := range map[string]struct {
		y    []float64
		line bool
	}{
		"falling":    {[]float64{1000, 10, 0.1}, true},
		"not finite": {[]float64{1, math.NaN(), math.Inf(1), 2}, true},
		"negative":   {[]float64{-1, 1}, true},
		"none":       {nil, false},
	} {
		img := Render(Lines("title", "x", "y", Line{Y: test.y}))
		if got := drawn(img, palette[0]) > 0; got != test.line {
			t.Errorf("%s: the line is drawn: %v", name, got)
		}
	}
	many := make([]Line, 6)
	for i := range many {
		many[i] = Line{Name: "a longer name", Y: []float64{0, float64(i)}}
	}
	// A legend of more entries than fit in a row goes on in another, inside the
	// picture: nothing is drawn at its edges.
	img := Render(Lines("more than colours", "x", "y", many...))
	for y := range img.Bounds().Dy() {
		for _, x := range []int{0, img.Bounds().Dx() - 1} {
			if r, g, b, _ := img.At(x, y).RGBA(); r&g&b != 0xffff {
				t.Fatalf("something is drawn at the edge, %d, %d", x, y)
			}
		}
	}
}

func TestImages(t *testing.T) {
	m := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]float32{-1, 0, 0, 3, 0, 0, 0, 0}))
	img, err := Images(m, 2, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if black, white := img.At(gap, gap), img.At(gap+cellSize-1, gap+cellSize-1); black != (color.RGBA{0, 0, 0, 255}) || white != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("the smallest number is drawn %v and the largest %v", black, white)
	}
	flat := tensor.New(tensor.WithShape(1, 4), tensor.WithBacking([]float64{2, 2, math.NaN(), 2}))
	if _, err := Images(flat, 2, 2, 1); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]*tensor.Dense{
		"(B, 6), got float32 of shape (2, 4)": m.Clone().(*tensor.Dense),
		"(B, 4), got float64 of shape (4)":    tensor.New(tensor.WithShape(4), tensor.WithBacking([]float64{1, 2, 3, 4})),
		"(B, 4), got int of shape (1, 4)":     tensor.New(tensor.WithShape(1, 4), tensor.WithBacking([]int{1, 2, 3, 4})),
	} {
		width := 2
		if bad.Dtype() == m.Dtype() {
			width = 3
		}
		if _, err := Images(bad, width, 2, 2); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}

func TestPanelShowsItself(t *testing.T) {
	p := Lines("title", "x", "y", Line{Y: []float64{1, 2}})
	img, err := png.Decode(bytes.NewReader(p.PNG()))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != Render(p).Bounds() || p.String() != "title" {
		t.Errorf("got %v and %q", img.Bounds(), p)
	}
}

func TestRegression(t *testing.T) {
	r, err := train.DefaultRecipe("sine", model.Discriminative, "default")
	if err != nil {
		t.Fatal(err)
	}
	l, sets := learner(t, r)
	ctx := context.Background()
	p, err := Regression(ctx, sets.Test, "sin x", math.Sin, Named{"PCN", l})
	if err != nil {
		t.Fatal(err)
	}
	if drawn(Render(p), palette[0]) == 0 {
		t.Error("the learner's line is not drawn")
	}
	if p.X.Min < -math.Pi || p.X.Max > math.Pi {
		t.Errorf("x is not in raw units: %v to %v", p.X.Min, p.X.Max)
	}
	digits, err := data.Digits()
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]*data.Set{"digits": digits, "empty": sets.Test.Subset(nil)} {
		if _, err := Regression(ctx, set, "", math.Sin); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
