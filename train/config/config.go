// Package config reads recipes from files that people write. Such a file may
// leave out what it does not change: it lies over the default recipe of its
// dataset and direction.
//
//	data:
//	  dataset: digits
//	learning:
//	  rate: 0.005
//
// Errors name the file, the line and the column, and say what was expected there.
package config

import (
	"cmp"
	"path/filepath"

	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Defaults of what neither a file nor a [Choice] says.
const (
	DefaultDataset = "digits"
	DefaultSeed    = 1
)

// Choice says which default recipe a file lies over. What is zero is as the file
// says.
type Choice struct {
	Dataset   string           // default Fallback
	Direction *model.Direction // default discriminative
	Recipe    string           // its name: see train.DefaultRecipe
	Fallback  string           // the dataset where the file says none either; default digits
}

// Load reads the file at path, over the default recipe that c chooses. With an
// empty path it returns that recipe. Seeds that are not given are
// [DefaultSeed].
//
// Where the file gives another method of settling than the default recipe and no
// inference rate, the rate is the method's own; where it gives another number of
// layers and no precisions, these are the default.
func Load(path string, c Choice) (train.Recipe, error) {
	if path == "" {
		r, errs := Resolve(c, nil)
		return r, errs.Err()
	}
	root, err := yamlfile.Read(path)
	if err != nil {
		return train.Recipe{}, err
	}
	r, errs := Resolve(c, root)
	return r, errs.Err()
}

// Parse is Load from the text of a file, which errors call name.
func Parse(name string, text []byte, c Choice) (train.Recipe, error) {
	root, err := yamlfile.Parse(name, text)
	if err != nil {
		return train.Recipe{}, err
	}
	r, errs := Resolve(c, root)
	return r, errs.Err()
}

// Setting is a value for a key, by its path in a recipe such as learning.rate.
type Setting struct {
	Path       string
	Key, Value *yamlfile.Node
}

// Resolve lays settings over the recipe that root says, which may be nil, over
// the default recipe that c chooses: what [Load] does with a file. The errors are
// all that is wrong with root and the settings.
func Resolve(c Choice, root *yamlfile.Node, settings ...Setting) (train.Recipe, yamlfile.Errors) {
	if root == nil {
		root = &yamlfile.Node{File: "recipe", Line: 1, Column: 1}
	}
	var given train.Recipe
	lay(&given, root, settings)
	dataset := cmp.Or(c.Dataset, given.Data.Dataset, c.Fallback, DefaultDataset)
	direction := given.Model.Direction
	if c.Direction != nil {
		direction = *c.Direction
	}
	base, err := train.DefaultRecipe(dataset, direction, c.Recipe)
	if err != nil && dataset == given.Data.Dataset { // Validate will say so, and what else is wrong
		base, err = train.DefaultRecipe(DefaultDataset, direction, c.Recipe)
	}
	if err != nil {
		return base, yamlfile.Errors{root.Errorf("%v", err)}
	}
	base.SetSeed(DefaultSeed)

	r := base
	places, errs := lay(&r, root, settings)
	r.Data.Dataset = cmp.Or(c.Dataset, r.Data.Dataset)
	if c.Direction != nil {
		r.Model.Direction = *c.Direction
	}
	if r.Inference.Method != base.Inference.Method && places["inference.rate"] == nil {
		r.Inference.Rate = 0 // another method's rate means nothing here
	}
	if len(r.Model.Layers) != len(base.Model.Layers) && places["model.precisions"] == nil {
		r.Model.Precisions = nil
	}
	if dir := r.Data.Dir; dir != "" {
		if dir, err = filepath.Abs(dir); err != nil { // eval may run in another folder
			errs = append(errs, root.Errorf("data.dir: %v", err))
		}
		r.Data.Dir = dir
	}
	errs = append(errs, places.Locate(r.Validate(), root, errs)...)
	if len(errs) > 0 {
		return r, errs
	}
	r.Model, _ = r.Model.WithDefaults() // Validate has seen to the errors of these
	r.Inference, _ = r.Inference.WithDefaults()
	r.Learning, _ = r.Learning.WithDefaults()
	return r, nil
}

// lay reads root and then settings into r.
func lay(r *train.Recipe, root *yamlfile.Node, settings []Setting) (yamlfile.Places, yamlfile.Errors) {
	places, errs := root.Decode(r)
	for _, s := range settings {
		at, bad := s.Value.DecodeAt(r, s.Path, s.Key)
		for path, n := range at {
			places[path] = n
		}
		errs = append(errs, bad...)
	}
	return places, errs
}
