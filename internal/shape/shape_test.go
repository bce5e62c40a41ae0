package shape

import (
	"slices"
	"testing"
)

func TestTextAndParse(t *testing.T) {
	for text, want := range map[string][]int{"3": {3}, "12x12x32": {12, 12, 32}, "12×7": {12, 7}, "0x1": {0, 1}} {
		got, err := Parse(text, 0)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, error %v", text, got, err)
		}
		for _, written := range []string{Text(want), Typed(want)} {
			if again, err := Parse(written, 0); err != nil || !slices.Equal(again, want) {
				t.Errorf("%v: is written %s, and read %v, error %v", want, written, again, err)
			}
		}
	}
	for _, bad := range []string{"", "x", "3x", "0", "-1", "2.5", "3xx3", "99999999999"} {
		if got, err := Parse(bad, 1); err == nil {
			t.Errorf("%q: got %v", bad, got)
		}
	}
}
