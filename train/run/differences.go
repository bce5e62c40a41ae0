package run

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"example.com/pcn/train"
)

// Differences says in which settings a run and a recipe differ.
func Differences(run, recipe train.Recipe) ([]string, error) {
	there, err := settings(run)
	if err != nil {
		return nil, err
	}
	here, err := settings(recipe)
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

// settings returns the settings of a recipe as JSON, by their keys in its file.
func settings(r train.Recipe) (map[string]string, error) {
	var err error
	if r.Model, err = r.Model.WithDefaults(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(text, &sections); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, section := range sections {
		var fields map[string]json.RawMessage
		if json.Unmarshal(section, &fields) != nil { // it is a setting itself
			all[name] = string(section)
		}
		for field, value := range fields {
			all[name+"."+field] = string(value)
		}
	}
	return all, nil
}
