package quoted

import (
	"slices"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	if got, want := List([]string{" a", "b, c", `"`}), `"a", "b, c", "\""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	long := strings.Repeat("x", 100)
	if got := List(slices.Repeat([]string{long}, 25)); len(got) > 1000 || !strings.HasSuffix(got, `x" and 5 more`) {
		t.Errorf("got %s", got)
	}
}
