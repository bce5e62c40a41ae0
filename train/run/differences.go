package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"example.com/pcn/train"
)

// Differences says in which settings a run and a recipe differ.
func Differences(run, recipe train.Recipe) ([]string, error) {
	there, err := run.Settings()
	if err != nil {
		return nil, err
	}
	here, err := recipe.Settings()
	if err != nil {
		return nil, err
	}
	keys := maps.Clone(there)
	maps.Copy(keys, here)
	var all []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if there[key] != here[key] {
			all = append(all, fmt.Sprintf("%s is %s there and %s here", key, cmp.Or(there[key], "not set"), cmp.Or(here[key], "not set")))
		}
	}
	return all, nil
}
