package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/train"
)

// resumeOrStart goes on with the run in the folder of --out, which must be of the
// settings r, or begins it there.
func (a *app) resumeOrStart(ctx context.Context, f *trainFlags, r train.Recipe) error {
	d, err := openFolder(cmp.Or(f.out, filepath.FromSlash("runs/"+r.Data.Name())))
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer d.release()
	if d.holdsRun() == "" {
		return a.start(ctx, f, r, func() (*folder, error) { return d, nil })
	}
	rec, from, err := a.where(d)
	if err != nil {
		return fmt.Errorf("--resume-or-start: %w", err)
	}
	others, err := differences(rec.Recipe, r)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return usagef("--resume-or-start: %s holds a run of other settings: %s", d.dir, strings.Join(others, ", "))
	}
	return a.goOn(ctx, f, d, rec, from)
}

// differences says in which settings a run and a recipe differ.
func differences(run, recipe train.Recipe) ([]string, error) {
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
