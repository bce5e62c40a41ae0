package trained

import (
	"fmt"

	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// Sets reads the dataset that the network learned from, cut and scaled as it was then, with
// the network's own classes. Where other examples are in the place of those that it learned
// from, some of these may be in the test part now: that is an error. Any other difference,
// and what was taken for granted, is in notes, a sentence each.
func (m *Model) Sets() (sets train.Sets, notes []string, err error) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	d := m.Recipe.Data
	var classes []string
	if m.Classifies() {
		classes = m.ClassNames()
	}
	if sets, err = d.LoadFor(classes, m.Table); err != nil {
		return sets, nil, err
	}
	if err := train.Fits(m.Network, sets.Train); err != nil {
		return sets, nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	if m.Guessed && sets.Train.Shape != nil {
		low, high := 0.0, 1.0
		if d.Pixels != nil {
			low, high = d.Pixels[0], d.Pixels[1]
		}
		note("%s does not say how pixels are scaled: they are taken to be in [%g, %g]; --pixels %[2]g,%g gives the range", m.Path, low, high)
	}
	if m.Network.Metadata(InputsKey) != "" {
		for _, set := range []**data.Set{&sets.Train, &sets.Validation, &sets.Test} {
			*set = (*set).WithTransforms(m.Inputs, m.Targets)
		}
	}
	switch now := sets.Fingerprints(); {
	case m.Data == nil && m.Network.Metadata(RecipeKey) != "":
		note("%s does not say which examples it learned from: whether %s still has them is not known", m.Path, d.Dataset)
	case m.Data == nil || *m.Data == now:
	case m.Data.Learned() != now.Learned():
		return sets, notes, fmt.Errorf("%s has changed since %s learned from it, and what it learned may be in the test part now: %s; --input scores it on rows that it does not know",
			d.Dataset, m.Path, m.Data.Changes(now))
	default:
		note("%s has changed since %s learned from it: %s", d.Dataset, m.Path, m.Data.Changes(now))
	}
	return sets, notes, nil
}

// Held returns the first examples of sets that the network did not learn from, and which
// part of the dataset they are of.
func (m *Model) Held(sets train.Sets, limit int) (part string, set *data.Set, err error) {
	part, set = "validation", sets.Validation
	if set.Len() == 0 {
		part, set = "test", sets.Test
	}
	set = set.Limit(limit)
	if err := train.Fits(m.Network, set); err != nil {
		return "", nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	return part, set, nil
}
