package trained

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// LoadSets reads the data of a recipe. Where this learns on from a model (see
// [train.Learning.From]), it is read as that model takes it: with its columns, its classes and
// its scales. The error says where the data, or the recipe's network, is another.
func LoadSets(r train.Recipe) (train.Sets, error) {
	if r.Learning.From == "" {
		return r.Data.Load()
	}
	sets, err := loadFrom(r)
	if err != nil {
		return sets, fmt.Errorf("learning.from: %w", err)
	}
	return sets, nil
}

func loadFrom(r train.Recipe) (sets train.Sets, err error) {
	m, err := Open(r.Learning.From)
	if err != nil {
		return sets, err
	}
	if err := m.agrees(r); err != nil {
		return sets, fmt.Errorf("%s: %w", m.Path, err)
	}
	var classes []string
	if m.Classifies() {
		classes = m.ClassNames()
	}
	if sets, err = r.Data.LoadFor(classes, m.Table); err != nil {
		return sets, fmt.Errorf("%s: its columns and classes must be those of the data: %w", m.Path, err)
	}
	if learns := sets.Train.Classes > 0; learns != m.Classifies() {
		what := map[bool]string{true: "classes", false: "numbers to regress on"}
		return sets, fmt.Errorf("%s: must have learned %s, as %s has, got %s", m.Path, what[learns], r.Data.Dataset, what[!learns])
	}
	if err := train.Fits(m.Network, sets.Train); err != nil {
		return sets, fmt.Errorf("%s: %w", m.Path, err)
	}
	if m.Network.Metadata(InputsKey) != "" {
		for _, set := range []**data.Set{&sets.Train, &sets.Validation, &sets.Test} {
			*set = (*set).WithTransforms(m.Inputs, m.Targets)
		}
	}
	return sets, nil
}

// agrees returns an error where the network of r is not that of m, but for its seed.
func (m *Model) agrees(r train.Recipe) error {
	own := r
	own.Model = m.Recipe.Model
	own.Model.Seed = r.Model.Seed
	is, err := r.Settings()
	if err != nil {
		return err
	}
	want, err := own.Settings()
	if err != nil {
		return err
	}
	keys := maps.Clone(is)
	maps.Copy(keys, want)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if is[key] != want[key] {
			return fmt.Errorf("its network is used: %s must be left out, or %s as there, got %s",
				key, cmp.Or(want[key], "not set"), cmp.Or(is[key], "none"))
		}
	}
	return nil
}

// Lay makes r a recipe that learns on from m: its network, how its latents settle, and the rule
// that it learned by are those of m. Where r has no data, the data of m is; where it does not
// say what of a table is to be learned, that is what m learned.
func (m *Model) Lay(r *train.Recipe) {
	r.Model, r.Inference, r.Learning.Rule = m.Recipe.Model, m.Recipe.Inference, m.Recipe.Learning.Rule
	own := m.Recipe.Data
	if r.Data.Dataset == "" {
		r.Data = own
	}
	if r.Data.Own() && r.Data.Label == "" && len(r.Data.Target) == 0 && r.Data.Sequence.IsZero() {
		r.Data.Label, r.Data.Target, r.Data.Sequence = own.Label, own.Target, own.Sequence
	}
}

// Sum returns a hash of the file of the model that r learns on from, empty where there is none.
func Sum(r train.Recipe) (string, error) {
	if r.Learning.From == "" {
		return "", nil
	}
	text, err := bounded.ReadFile(r.Learning.From)
	if err != nil {
		return "", fmt.Errorf("learning.from: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
