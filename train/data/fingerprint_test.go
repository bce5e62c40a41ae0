package data

import (
	"testing"
	"time"
)

// TestFingerprint changes one thing of the examples at a time, and what is no part
// of them.
func TestFingerprint(t *testing.T) {
	set := func(inputs []float64, labels []int, names ...string) *Set {
		s, err := NewClasses("x", inputs, labels)
		if err != nil {
			t.Fatal(err)
		}
		if names != nil {
			s.nameClasses(names)
		}
		return s
	}
	x := []float64{1, 2, 3, 4, 5, 6}
	of := set(x, []int{0, 1, 0}, "blue", "red").Fingerprint()
	for what, other := range map[string]*Set{
		"a value":            set([]float64{1, 2, 3, 4, 5, 7}, []int{0, 1, 0}, "blue", "red"),
		"a fraction":         set([]float64{1, 2, 3, 4, 5, 6.5}, []int{0, 1, 0}, "blue", "red"),
		"a label":            set(x, []int{0, 1, 1}, "blue", "red"),
		"the name of one":    set(x, []int{0, 1, 0}, "blue", "green"),
		"the order":          set(x, []int{0, 1, 0}, "blue", "red").Subset([]int{0, 2, 1}),
		"the number of them": set(x, []int{0, 1, 0}, "blue", "red").Limit(2),
		"the width":          set(x, []int{0, 1}, "blue", "red"),
	} {
		if other.Fingerprint() == of {
			t.Errorf("%s is another, and the fingerprint is the same", what)
		}
	}
	// The same three examples, among others, with another class in between.
	more := set([]float64{0.5, 9, 1, 2, 3, 4, 5, 6}, []int{1, 0, 2, 0}, "blue", "green", "red")
	if got := more.Subset([]int{1, 2, 3}).WithTransforms(PixelRange(0, 1, 16), Transform{}).Fingerprint(); got != of {
		t.Errorf("what is around the examples changed their fingerprint: %v, want %v", got, of)
	}
	numbers, err := NewRegression("x", 3, x, []float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	others, err := NewRegression("x", 3, x, []float64{1, 2, 3.5})
	if err != nil {
		t.Fatal(err)
	}
	if numbers.Fingerprint() == others.Fingerprint() {
		t.Error("a target is another, and the fingerprint is the same")
	}
	if none := (Fingerprint{}); (*Set)(nil).Fingerprint() != none || numbers.Subset(nil).Fingerprint() != none {
		t.Error("no examples have a fingerprint")
	}
}

// TestFingerprintOfMNIST takes as many images as MNIST has in a time that nobody
// notices.
func TestFingerprintOfMNIST(t *testing.T) {
	s := &Set{Name: "mnist", n: 60_000, Classes: 10, inputs: values{width: 784, bytes: make([]byte, 784*60_000)}, labels: make([]int, 60_000)}
	began := time.Now()
	s.Fingerprint()
	took := time.Since(began)
	t.Logf("%v", took)
	if took > 3*time.Second { // some 50 ms where the processor has SHA-256, 200 where it has not
		t.Errorf("60,000 images took %v", took)
	}
}
