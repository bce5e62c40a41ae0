package enum

import "testing"

func TestEnum(t *testing.T) {
	type colour int
	names := []string{"red", "blue"}
	var x colour
	if err := Parse(&x, names, "blue"); err != nil || x != 1 || Name(x, names) != "blue" {
		t.Errorf("blue is %d, named %s: %v", x, Name(x, names), err)
	}
	if err := Parse(&x, names, "pink"); err == nil || err.Error() != `must be one of red, blue, got "pink"` || x != 1 {
		t.Errorf("pink is %d: %v", x, err)
	}
	for _, none := range []colour{-1, 2} {
		if name := Name(none, names); Parse(&x, names, name) == nil {
			t.Errorf("%d has the name %s", int(none), name)
		}
	}
}
