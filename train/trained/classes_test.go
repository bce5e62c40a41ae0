package trained

import (
	"testing"

	"example.com/pcn/model"
)

// TestFindClass finds classes by name and, where a number is no name, by number.
func TestFindClass(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{2, 3}, Activation: "tanh"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		names []string
		text  string
		want  int
		err   string
	}{
		"a name":               {[]string{"Größe", "Iris, blue", "2"}, "Iris, blue", 1, ""},
		"a name with space":    {[]string{"a", "b", "c"}, " c", 2, ""},
		"a number":             {[]string{"a", "b", "c"}, "1", 1, ""},
		"a name that is one":   {[]string{"7", "0", "1"}, "0", 1, ""},
		"a number beside such": {[]string{"7", "0", "1"}, "2", 2, ""},
		"no name":              {[]string{"a", "b", "c"}, "d", 0, `must be one of the classes "a", "b", "c", got "d"`},
		"without names":        {nil, "2", 2, ""},
		"too large":            {nil, "3", 0, `must be a class 0 to 2, got "3"`},
		"no number":            {nil, "-1", 0, `must be a class 0 to 2, got "-1"`},
	} {
		got, err := (&Model{Network: n, Card: Card{Classes: c.names}}).FindClass(c.text)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: got %d and error %v, want %d and %q", name, got, err, c.want, c.err)
		}
	}
}
