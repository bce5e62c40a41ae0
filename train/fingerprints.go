package train

import (
	"fmt"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train/data"
)

// Fingerprints are those of the parts of a dataset: what a model keeps of what it
// learned from.
type Fingerprints struct {
	Train      data.Fingerprint `json:"train"`
	Validation data.Fingerprint `json:"validation"`
	Test       data.Fingerprint `json:"test"`
}

// Fingerprints returns those of the parts.
func (s Sets) Fingerprints() Fingerprints {
	return Fingerprints{s.Train.Fingerprint(), s.Validation.Fingerprint(), s.Test.Fingerprint()}
}

// Learned returns f without the test part: what learning has seen.
func (f Fingerprints) Learned() Fingerprints {
	f.Test = data.Fingerprint{}
	return f
}

// Changes says in which parts the data is another now, and empty where in none.
func (f Fingerprints) Changes(now Fingerprints) string {
	var changes []string
	for _, part := range []struct {
		name    string
		was, is data.Fingerprint
	}{
		{"training", f.Train, now.Train},
		{"validation", f.Validation, now.Validation},
		{"test", f.Test, now.Test},
	} {
		switch {
		case part.was.Examples != part.is.Examples:
			changes = append(changes, fmt.Sprintf("its %s part had %s and has %d", part.name, plural.Of(part.was.Examples, "example"), part.is.Examples))
		case part.was != part.is:
			changes = append(changes, fmt.Sprintf("its %s part has other values or classes", part.name))
		}
	}
	return strings.Join(changes, ", ")
}
