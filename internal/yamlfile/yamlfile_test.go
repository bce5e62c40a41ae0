package yamlfile

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type settings struct {
	Name  string `yaml:"name"`
	Sizes []int  `yaml:"sizes,omitempty"`
	Part  struct {
		Rate float64 `yaml:"rate"`
		On   bool    `yaml:"on"`
		Seed uint64  `yaml:"seed"`
	} `yaml:"part"`
	Any    *Node `yaml:"any"`
	Hidden int   `yaml:"-"`
}

// TestDecode reads values, leaves alone what is not given, and says where each
// value is.
func TestDecode(t *testing.T) {
	root, err := Parse("f", []byte("name: 2024 # a comment\nsizes:\n  - 3\n  - 4\npart: {rate: 1e-3,\n  on: true}\nany: {a: [b, 1]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := settings{Hidden: 7}
	s.Part.Seed = 9
	places, errs := root.Decode(&s)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if s.Name != "2024" || !cmp.Equal(s.Sizes, []int{3, 4}) || s.Part.Rate != 1e-3 || !s.Part.On || s.Part.Seed != 9 || s.Hidden != 7 || s.Any.String() != "{a: [b, 1]}" {
		t.Errorf("got %+v", s)
	}
	for path, want := range map[string][2]int{"name": {1, 7}, "sizes[1]": {4, 5}, "part": {5, 7}, "part.on": {6, 7}} {
		if n := places[path]; n == nil || n.Line != want[0] || n.Column != want[1] {
			t.Errorf("%s is at %+v, want %v", path, n, want)
		}
	}
	if places["part.seed"] != nil {
		t.Error("part.seed is not given and has a place")
	}
	found := places.Locate(errors.New("sizes[1]: too large\nsizes[5]: missing\npart.seed: is 0\nno path"), root, nil)
	if diff := cmp.Diff("f:1:1: no path\nf:3:3: sizes[5]: missing\nf:4:5: sizes[1]: too large\nf:5:7: part.seed: is 0", found.Err().Error()); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeAt reads a value into a field that a path leads to.
func TestDecodeAt(t *testing.T) {
	root, err := Parse("f", []byte("part.rate: 3\npart.rat: 4\npart: 5\nhidden: 6\n"))
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	var got []string
	pairs, _ := root.Mapping()
	for _, p := range pairs {
		_, errs := p.Value.DecodeAt(&s, p.Key.Text(), p.Key)
		got = append(got, errs.Error())
	}
	want := []string{
		"",
		"f:2:1: part.rat: unknown key, did you mean part.rate?",
		`f:3:7: part: must be a mapping with the keys rate, on, seed, got "5"`,
		"f:4:1: hidden: unknown key, must be one of name, sizes, part.rate, part.on, part.seed, any",
	}
	if diff := cmp.Diff(want, got); diff != "" || s.Part.Rate != 3 {
		t.Errorf("rate %v\n%s", s.Part.Rate, diff)
	}
}

// TestBombs refuses, or reads in bounded memory, texts that are long and foolish.
func TestBombs(t *testing.T) {
	for _, unit := range []string{
		"- ", "? ", "-\n", "a: ", "a:\n", "&a ", "!a ", "*a ", "\"", "'", "[]", "{}", "[],", "\n", "#\n", "|\n", "a: 1\n", "1,", "%\n", "---\n",
		"- - - -\n", ": ", "\\", "é", "<<: ", "!!a !!b\n", "{a: [", "x: {}\n", "[a, ", "k: [1,2]\n", "? a\n: b\n", " ", "\t\n", "\x00", "\xff",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		root, err := Parse("bomb", []byte(strings.Repeat(unit, MaxSize/len(unit))))
		if err == nil {
			root.Decode(&settings{})
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<10*MaxSize {
			t.Errorf("%q: %d bytes took %d bytes of memory", unit, MaxSize, used)
		}
		var found Errors
		if err != nil && !errors.As(err, &found) {
			t.Errorf("%q: an error without a place: %v", unit, err)
		}
	}
}
