package graph

import (
	"strings"
	"testing"
)

// TestZeroSpec builds of nothing: the error says what must be, in the words of the
// package alone.
func TestZeroSpec(t *testing.T) {
	_, err := Build(Spec{})
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.Contains(text, "PANIC") || !strings.Contains(text, "dtype: must be float32 or float64") {
		t.Errorf("got error %v", err)
	}
}
