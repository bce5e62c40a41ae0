package data

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestPixelRange(t *testing.T) {
	for _, tt := range []struct{ lo, hi, max float64 }{{0, 1, 255}, {-1, 1, 255}, {0, 1, 16}, {0.1, 0.9, 16}, {1, 0, 255}} {
		tr := PixelRange(tt.lo, tt.hi, tt.max)
		x := []float64{0, tt.max / 2, tt.max}
		if err := tr.Apply(tensor.New(tensor.WithShape(3, 1), tensor.WithBacking(x))); err != nil {
			t.Fatal(err)
		}
		checkNear(t, "pixels 0, max/2, max", x, []float64{tt.lo, (tt.lo + tt.hi) / 2, tt.hi}, 1e-15)
	}
	for _, tt := range []struct{ lo, hi, max float64 }{{1, 1, 255}, {0, 0, 255}, {-1, 1, 0}, {0, math.NaN(), 1}} {
		if err := PixelRange(tt.lo, tt.hi, tt.max).Check(1); err == nil {
			t.Errorf("PixelRange(%v, %v, %v) passes Check", tt.lo, tt.hi, tt.max)
		}
	}
}

func TestInvert(t *testing.T) {
	for _, tr := range []Transform{
		{},
		{Shift: []float64{3}},
		{Scale: []float64{0.5}},
		{Shift: []float64{3}, Scale: []float64{0.5}},
		{Shift: []float64{3, -4}},
		{Scale: []float64{0.5, 8}},
		{Shift: []float64{3, -4}, Scale: []float64{0.5}},
		{Shift: []float64{3}, Scale: []float64{0.5, 8}},
		{Shift: []float64{3, -4}, Scale: []float64{0.5, 8}},
	} {
		want := []float64{1, 2, -30, 4, 0, 6}
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			x := zeros(dt, 3, 2)
			for i, v := range want {
				if dt == tensor.Float32 {
					x.Float32s()[i] = float32(v)
				} else {
					x.Float64s()[i] = v
				}
			}
			if err := tr.Apply(x); err != nil {
				t.Fatal(err)
			}
			if err := tr.Invert().Apply(x); err != nil {
				t.Fatal(err)
			}
			if dt == tensor.Float32 {
				checkNear(t, "there and back", widen(x.Float32s()), want, 1e-5)
			} else {
				checkNear(t, "there and back", x.Float64s(), want, 1e-14)
			}
		}
	}
}

func TestApply(t *testing.T) {
	x := zeros(tensor.Float64, 2, 2)
	copy(x.Float64s(), []float64{1, 2, 3, 4})
	if err := (Transform{Shift: []float64{1, 2}, Scale: []float64{10}}).Apply(x); err != nil {
		t.Fatal(err)
	}
	checkNear(t, "x", x.Float64s(), []float64{0, 0, 20, 20}, 0)

	for _, tt := range []struct {
		name string
		t    Transform
		x    *tensor.Dense
		want string
	}{
		{"nil", Transform{}, nil, "must be float64 of shape (B, B), got none"},
		{"vector", Transform{}, zeros(tensor.Float64, 4), "must be float64 of shape (B, B), got float64 of shape (4)"},
		{"type", Transform{}, zeros(tensor.Int, 2, 2), "must be float64 of shape (B, B), got int"},
		{"shift", Transform{Shift: []float64{1, 2, 3}}, zeros(tensor.Float64, 2, 2), "len(Shift): must be 0, 1 or 2, got 3"},
		{"NaN", Transform{Shift: []float64{1, math.NaN()}}, zeros(tensor.Float64, 2, 2), "shift[1]: must be a finite number, got NaN"},
		{"inverse of 0", Transform{Scale: []float64{0}}.Invert(), zeros(tensor.Float64, 2, 2), "scale[0]: must be a finite number other than 0, got +Inf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.t.Apply(tt.x); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
		})
	}
}
