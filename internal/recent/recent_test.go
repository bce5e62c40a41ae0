package recent

import (
	"slices"
	"testing"
)

func TestListKeepsWhatWasAskedForLast(t *testing.T) {
	l := List[int]{Most: 3}
	find := func(x int) bool { _, ok := l.Find(func(v int) bool { return v == x }); return ok }
	for x := range 3 {
		l.Add(x)
	}
	if !find(0) || find(7) { // 0 is in front now
		t.Fatalf("0 is not found, or 7 is: %v", l.values)
	}
	l.Add(3)
	if want := []int{3, 0, 2}; !slices.Equal(l.values, want) || find(1) || !find(2) {
		t.Errorf("got %v, want %v", l.values, want)
	}
}
