package ram

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	if limit := Limit(); limit < 1<<26 {
		t.Errorf("the limit is %d bytes", limit)
	}
	if err := Check("layers", 1e6); err != nil {
		t.Error(err)
	}
	if err := Check("layers", 3.2e18); err == nil || !strings.HasPrefix(err.Error(), "layers: need about 3.2 EB of memory, got ") {
		t.Errorf("got %v", err)
	}
}

func TestText(t *testing.T) {
	for bytes, want := range map[float64]string{0: "0.0 B", 9.9: "9.9 B", 999: "999 B", 999.9: "1.0 kB", 25276502016: "25 GB", 3.2e12: "3.2 TB", 4e24: "4e+06 EB"} {
		if got := text(bytes); got != want {
			t.Errorf("%v: got %s, want %s", bytes, got, want)
		}
	}
}
