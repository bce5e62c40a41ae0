package data

import (
	"slices"
	"testing"
)

func TestDigits(t *testing.T) {
	s, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 1797 || !slices.Equal(s.Shape, []int{8, 8, 1}) || s.InputSize() != 64 || s.Classes != 10 || s.TargetSize() != 10 {
		t.Fatalf("%d examples of shape %v = %d pixels, %d classes = %d targets", s.Len(), s.Shape, s.InputSize(), s.Classes, s.TargetSize())
	}
	if got, want := classCounts(s), []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; !slices.Equal(got, want) {
		t.Errorf("classes have %v examples, want %v", got, want)
	}
	if s.inputs.floats != nil {
		t.Error("pixels are not kept as bytes")
	}
	x, _ := raw(t, s)
	if got, want := x[:16], []float64{0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0}; !slices.Equal(got, want) {
		t.Errorf("the first two lines of the first digit are %v, want %v", got, want)
	}
	if got, want := s.Labels()[:10], count(10); !slices.Equal(got, want) {
		t.Errorf("the first labels are %v, want %v", got, want)
	}
	if lo, hi := slices.Min(x), slices.Max(x); lo != 0 || hi != 16 {
		t.Errorf("raw pixels in %v..%v, want 0..16", lo, hi)
	}
	x, _ = all(t, s)
	if lo, hi := slices.Min(x), slices.Max(x); lo != 0 || hi != 1 {
		t.Errorf("pixels in %v..%v, want 0..1", lo, hi)
	}
}

func BenchmarkDigits(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Digits(); err != nil {
			b.Fatal(err)
		}
	}
}
