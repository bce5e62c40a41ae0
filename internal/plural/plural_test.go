package plural

import "testing"

func TestOf(t *testing.T) {
	for n, want := range map[int]string{0: "0 steps", 1: "1 step", 2: "2 steps"} {
		if got := Of(n, "step"); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}
