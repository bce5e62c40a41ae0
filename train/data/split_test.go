package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplitDigits(t *testing.T) {
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Split(digits, 1, .7, .15, .15)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := []int{parts[0].Len(), parts[1].Len(), parts[2].Len()}, []int{1258, 269, 270}; !slices.Equal(got, want) {
		t.Errorf("parts have %v examples, want %v", got, want)
	}
	for i, p := range parts {
		if p.Name != "digits" || len(p.Shape) != 3 || p.Classes != 10 || p.InputTransform().Scale[0] != 1./16 {
			t.Errorf("part %d lost its description: %+v", i, p)
		}
	}
	checkStratified(t, digits, parts)
	// The head of a part is stratified as well.
	for k, n := range classCounts(parts[0].Limit(100)) {
		if n < 9 || n > 11 {
			t.Errorf("the first 100 have %d of class %d, want 9..11", n, k)
		}
	}
}

func classCounts(s *Set) []int {
	counts := make([]int, s.Classes)
	for _, k := range s.Labels() {
		counts[k]++
	}
	return counts
}

// TestSplitProperties draws sets of any class sizes and checks that the parts are
// disjoint, of the size asked for, stratified and the same at each call.
func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.IntRange(0, 4), 1, 300).Draw(t, "labels")
		inputs := make([]float64, len(labels))
		for i := range inputs {
			inputs[i] = float64(i)
		}
		labels[0] = 1
		s, err := NewClasses("drawn", inputs, labels)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "regression") {
			if s, err = NewRegression("drawn", len(inputs), inputs, inputs); err != nil {
				t.Fatal(err)
			}
		}
		weights := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 4).Draw(t, "weights")
		total := rapid.IntRange(0, 5).Draw(t, "left over")
		for _, w := range weights {
			total += w
		}
		fractions := make([]float64, len(weights))
		for i, w := range weights {
			fractions[i] = float64(w) / float64(total)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		parts, err := Split(s, seed, fractions...)
		if err != nil {
			if !strings.Contains(err.Error(), "gives none") {
				t.Fatal(err)
			}
			t.Skip("too few examples")
		}
		again, err := Split(s, seed, fractions...)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[int]bool)
		sum := 0.0
		for i, p := range parts {
			sum += fractions[i]
			if !slices.Equal(p.index, again[i].index) {
				t.Fatalf("part %d differs at the second call", i)
			}
			for _, r := range p.index {
				if seen[r] {
					t.Fatalf("example %d is in two parts", r)
				}
				seen[r] = true
			}
			if want := int(math.Round(sum * float64(len(inputs)))); len(seen) != want {
				t.Fatalf("%d examples in the first %d parts, want %d", len(seen), i+1, want)
			}
		}
		if s.Classes > 0 {
			checkStratified(t, s, parts)
		}
	})
}

// checkStratified allows what follows from the places of the examples: a part is
// what lies between two places, which is one example at most from each class's
// share of that stretch, and hence K from the part's size.
func checkStratified(t rapid.TB, s *Set, parts []*Set) {
	t.Helper()
	whole := classCounts(s)
	for i, p := range parts {
		for k, n := range classCounts(p) {
			fraction := float64(whole[k]) / float64(s.Len())
			share := fraction * float64(p.Len())
			if math.Abs(float64(n)-share) > 1+float64(s.Classes)*fraction+1e-9 {
				t.Fatalf("part %d of %d examples has %d of class %d, its share is %.1f", i, p.Len(), n, k, share)
			}
		}
	}
}

func TestSplitOfSubset(t *testing.T) {
	s := small(t).Subset([]int{3, 1})
	parts, err := Split(s, 7, .5, .5)
	if err != nil {
		t.Fatal(err)
	}
	got := append(slices.Clone(parts[0].index), parts[1].index...)
	slices.Sort(got)
	if want := []int{1, 3}; !slices.Equal(got, want) {
		t.Errorf("parts of the subset hold rows %v of the storage, want %v", got, want)
	}
}

func TestSplitSeeds(t *testing.T) {
	s := Sine(100, 0, 1)
	one, err1 := Split(s, 1, .5)
	two, err2 := Split(s, 2, .5)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if slices.Equal(one[0].index, two[0].index) {
		t.Error("seeds 1 and 2 give the same part")
	}
}

func TestSplitErrors(t *testing.T) {
	s := Sine(10, 0, 1)
	for _, tt := range []struct {
		name      string
		set       *Set
		fractions []float64
		want      string
	}{
		{"none", s, nil, "fractions: must be at least one, got none"},
		{"zero", s, []float64{.5, 0}, "fractions[1]: must be a number in (0, 1], got 0"},
		{"negative", s, []float64{-.5}, "fractions[0]: must be a number in (0, 1], got -0.5"},
		{"NaN", s, []float64{math.NaN()}, "fractions[0]: must be a number in (0, 1], got NaN"},
		{"sum", s, []float64{.75, .5}, "fractions: must sum to at most 1, got 1.25"},
		{"sum of the last", s, []float64{.9, .5, .5}, "fractions: must sum to at most 1, got 1.9"},
		{"empty part", s, []float64{.9, .01}, "fractions[1]: must give at least one of 10 examples, got 0.01"},
		{"empty set", s.Subset(nil), []float64{1}, "must have examples, got sine: 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Split(tt.set, 1, tt.fractions...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
		})
	}
}
