package train

import (
	"strings"
	"testing"

	"example.com/pcn/model"
)

// TestPatienceByFew: who lets few examples decide is told so, and not of a default.
func TestPatienceByFew(t *testing.T) {
	r := recipe(t, "digits", model.Discriminative, "", 1)
	for _, c := range []struct {
		dataset              string
		validation, patience int
		want                 string
	}{
		{"digits", few - 1, 1, "decided on 99 examples"},
		{"digits", few, 1, ""},
		{"digits", few - 1, 0, ""},
		{"./price.csv", few - 1, ownPatience, ""},
		{"./price.csv", few - 1, ownPatience + 1, "decided on 99 examples"},
	} {
		sets, err := r.Data.Load()
		must(t, err)
		of := r
		of.Data.Dataset, of.Learning.Patience = c.dataset, c.patience
		if of.Data.Own() {
			of.Data.Target = []string{"price"}
		}
		sets.Validation = sets.Validation.Limit(c.validation)
		if got := of.PatienceByFew(sets); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
