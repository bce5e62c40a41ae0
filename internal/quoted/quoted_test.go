package quoted

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/internal/needs"
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

// TestShell: bash reads words as they were.
func TestShell(t *testing.T) {
	bash := needs.Program(t, "bash", "bash")
	words := []string{"plain/a-b_c=1.5", "", "two words", "it's", `"$HOME" \ *`, "~"}
	got, err := exec.Command(bash, "-c", `printf '%s\n' `+Shell(words...)).Output()
	if want := strings.Join(words, "\n") + "\n"; err != nil || string(got) != want {
		t.Errorf("%q as %s: got %q, %v", words, Shell(words...), got, err)
	}
}
