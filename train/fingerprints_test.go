package train

import (
	"strings"
	"testing"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// TestChanges says in which parts data is another, and in none of the same.
func TestChanges(t *testing.T) {
	was := Fingerprints{Train: data.Fingerprint{Examples: 30, SHA256: "a"}, Validation: data.Fingerprint{Examples: 1, SHA256: "b"}, Test: data.Fingerprint{Examples: 5, SHA256: "c"}}
	is := was
	if changes := was.Changes(is); changes != "" {
		t.Errorf("of the same data: %s", changes)
	}
	is.Validation, is.Test.SHA256 = data.Fingerprint{}, "d"
	want := "its validation part had 1 example and has 0, its test part has other values or classes"
	if changes := was.Changes(is); changes != want {
		t.Errorf("got %q, want %q", changes, want)
	}
	if was.Learned() == is.Learned() || was.Learned() != (Fingerprints{Train: was.Train, Validation: was.Validation}) {
		t.Error("what was learned is all but the test part")
	}
}

// TestNoExamples names the set that has none, and finds words for one without a
// name.
func TestNoExamples(t *testing.T) {
	n, err := model.New(model.Config{Layers: []int{2, 2}})
	must(t, err)
	for want, set := range map[string]*data.Set{
		"train: rows: must have examples, got none":    {Name: "rows"},
		"train: the set: must have examples, got none": nil,
		"the set: must have examples":                  {},
	} {
		if err := Fits(n, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}
