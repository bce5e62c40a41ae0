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
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strconv"

	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/rule"
	"example.com/pcn/train/trained"
)

// Defaults of what neither a file nor a [Choice] says.
const (
	DefaultDataset = "digits"
	DefaultSeed    = 1
)

// Choice says which default recipe a file lies over, beside the file itself: the
// one of the dataset and direction that it gives.
type Choice struct {
	// Recipe is the name of the default recipe: see [train.DefaultRecipe].
	Recipe string
	// Fallback is the dataset where none is given. Default digits.
	Fallback string
	// Change makes the changes that come before the file, such as those of flags,
	// in as far as they decide the default recipe: the dataset, or what is to be
	// learned of one's own data, and the direction. nil for none.
	Change func(*train.Recipe)
}

// Load reads the file at path, over the default recipe that it and c choose, and
// validates it. With an empty path it returns that recipe, which is only as valid
// as the changes of c. Seeds that are not given are [DefaultSeed].
//
// A network that is no chain has a direction of its own, which chooses the default recipe,
// and one with a name may have a recipe of its own: see [train.Recipe.ForNetwork]. Where the
// recipe's method of settling is not for the network, it has another: see [model.Config.Allowed].
//
// Where the file gives another method of settling than the default recipe, or a rule that
// wants another and no method, the inference rate and the steps that it does not give are
// the method's own; where it gives another number of layers, what the default recipe has
// for each layer does not apply.
func Load(path string, c Choice) (train.Recipe, error) {
	if path == "" {
		return (&Resolver{Choice: c}).Resolve(nil)
	}
	return c.resolve(yamlfile.Read(path))
}

// Parse is Load from the text of a file, which errors call name.
func Parse(name string, text []byte, c Choice) (train.Recipe, error) {
	return c.resolve(yamlfile.Parse(name, text))
}

// Check returns all that is wrong with a file of settings: with its text, or
// else with its layers, where the data that they must fit is here.
func Check(path string, c Choice) yamlfile.Errors {
	r, err := Load(path, c)
	if err == nil {
		sets, missing := trained.LoadSets(r)
		switch {
		case missing == nil:
			err = r.CheckSets(sets)
		case r.Learning.From != "":
			err = missing
		}
	}
	var found yamlfile.Errors
	if err == nil || errors.As(err, &found) {
		return found
	}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err // without the path, which the mistake has
	}
	return yamlfile.Errors{{File: path, Message: err.Error()}}
}

// resolve returns the recipe that a file says, unless it could not be read.
func (c Choice) resolve(root *yamlfile.Node, err error) (train.Recipe, error) {
	if err != nil {
		return train.Recipe{}, err
	}
	return (&Resolver{Choice: c}).Resolve(root)
}

// Setting is a value for a key, by its path in a recipe such as learning.rate.
type Setting struct {
	Path       string
	Key, Value *yamlfile.Node
}

// Resolver resolves settings, and remembers the default recipes that these lie
// over.
type Resolver struct {
	Choice
	bases map[string]train.Recipe
}

// Resolve lays settings over the recipe that root says, which may be nil, over
// its default recipe: what [Load] does with a file. An error of type
// [yamlfile.Errors] is all that is wrong with root and the settings.
func (v *Resolver) Resolve(root *yamlfile.Node, settings ...Setting) (train.Recipe, error) {
	fromFile := root != nil
	if !fromFile {
		root = &yamlfile.Node{}
	}
	given := train.Recipe{Model: model.Config{Direction: unsaid}}
	places, errs := lay(&given, root, settings)
	of := given.Data.Dataset // the file's
	change(v.Change, &given)
	said := given.Model.Direction
	given.Model.Direction = max(said, model.Discriminative)
	var from *trained.Model
	again := false // from the data that it learned from
	if path := given.Learning.From; path != "" {
		var err error
		if from, err = trained.Open(path); err != nil {
			if err = fmt.Errorf("learning.from: %w", err); !fromFile {
				return given, err
			}
			return given, append(errs, places.Locate(err, root, errs)...).Err()
		}
		again = given.Data.Dataset == ""
		from.Lay(&given)
	}
	base, err := v.base(given)
	switch fails := err != nil; {
	case fails && absolutePath(of) != given.Data.Dataset:
		return base, err // not of the file
	case fails && train.IsPath(of):
		return base, append(errs, places.Locate(fmt.Errorf("data.dataset: %w", err), root, errs)...).Err()
	case fails:
		// Validate will say so, and what else is wrong.
		if base, err = train.DefaultRecipe(DefaultDataset, given.Model.Direction, v.Recipe); err != nil {
			return base, err
		}
	}

	if from != nil {
		from.Lay(&base)
		if again {
			base.Data = from.Recipe.Data
		}
	}
	r := base
	if of := given.Model; of.Network == "" && len(of.Nodes)+len(of.Predictions)+len(of.Layers) > 0 {
		r.Model.Network = "" // what is given is no layers for that
	}
	lay(&r, root, settings)
	change(v.Change, &r)
	if from == nil && !r.Model.Chain() { // what the default recipe has is of one
		r.Model.Direction = given.Model.Direction
		for path, of := range map[string]*string{"model.activation": &r.Model.Activation, "model.top_activation": &r.Model.TopActivation} {
			if places[path] == nil {
				*of = ""
			}
		}
		if places["model.weight_init"] == nil {
			r.Model.WeightInit = given.Model.WeightInit
		}
		switch {
		case places["model.layers"] != nil:
		case r.Model.Network != "":
			input, target := base.Model.Ends()
			r.Model.Layers = []int{input, target}
		default:
			r.Model.Layers = nil
		}
	}
	if len(r.Model.Layers) != len(base.Model.Layers) || r.Model.Chain() != base.Model.Chain() {
		dropUngiven(&r, places)
	}
	if places["inference.method"] == nil {
		if m, wanted := rule.Method(r.Learning.Rule); wanted {
			r.Inference.Method = m
		} else {
			r.Inference.Method = r.Model.Allowed(r.Inference.Method)
		}
	}
	if r.Inference.Method != base.Inference.Method { // another method's rates and steps mean nothing here
		dropMethods(&r, places)
	}
	full, invalid := r.Model.WithDefaults()
	if invalid == nil && said != unsaid && said != full.Direction {
		err := fmt.Errorf("model.direction: must be %v, which the network is, got %v", full.Direction, said)
		if !fromFile {
			return r, err
		}
		errs = append(errs, places.Locate(err, root, errs)...)
	}
	if fromFile {
		if errs = append(errs, places.Locate(r.Validate(), root, errs)...); len(errs) > 0 {
			return r, errs.Err()
		}
	}
	r.Model = full // Validate sees to the errors of these
	r.Inference, _ = r.Inference.WithDefaults()
	r.Learning, _ = r.Learning.WithDefaults()
	return r, nil
}

// lay reads root and then settings into r.
func lay(r *train.Recipe, root *yamlfile.Node, settings []Setting) (yamlfile.Places, yamlfile.Errors) {
	places, errs := root.Decode(r)
	for _, s := range settings {
		at, bad := s.Value.DecodeAt(r, s.Path, s.Key)
		maps.Copy(places, at)
		errs = append(errs, bad...)
	}
	return places, errs
}

// change makes the changes that come before the file, and paths absolute: eval may
// run in another folder.
func change(f func(*train.Recipe), r *train.Recipe) {
	if f != nil {
		f(r)
	}
	absolute(r)
}

// absolute makes the paths of r absolute.
func absolute(r *train.Recipe) {
	if r.Learning.From != "" {
		r.Learning.From, _ = filepath.Abs(r.Learning.From)
	}
	d := &r.Data
	if d.Dir != "" {
		d.Dir, _ = filepath.Abs(d.Dir)
	}
	d.Dataset = absolutePath(d.Dataset)
	if _, err := strconv.ParseFloat(d.Test, 64); err != nil && d.Test != "" { // no share
		d.Test, _ = filepath.Abs(d.Test)
	}
}

// absolutePath makes a dataset absolute that is a path.
func absolutePath(dataset string) string {
	if full, err := filepath.Abs(dataset); err == nil && train.IsPath(dataset) {
		return full
	}
	return dataset
}

// unsaid is the direction where neither a file nor a change gives one.
const unsaid model.Direction = -1

// base returns the default recipe for what is given, that for the direction of a network
// which has its own.
func (v *Resolver) base(given train.Recipe) (train.Recipe, error) {
	r, err := v.baseFor(given)
	if of := given.Model; err == nil && !of.Chain() {
		if of.Network != "" && len(of.Layers) == 0 {
			input, target := r.Model.Ends()
			of.Layers = []int{input, target}
		}
		if full, invalid := of.WithDefaults(); invalid == nil && full.Direction != of.Direction {
			given.Model.Direction = full.Direction
			return v.baseFor(given)
		}
	}
	return r, err
}

// baseFor returns the default recipe for the data and the direction that are given.
func (v *Resolver) baseFor(given train.Recipe) (train.Recipe, error) {
	d := given.Data
	d.Dataset = cmp.Or(d.Dataset, v.Fallback, DefaultDataset)
	if given.Model.Remembers() {
		d = d.WithSequences()
	}
	key := fmt.Sprintf("%#v %v %v", d, given.Model.Direction, given.Model.Network)
	if r, ok := v.bases[key]; ok {
		return r, nil
	}
	var r train.Recipe
	var err error
	switch {
	case !d.Own():
		r, err = train.DefaultRecipe(d.Dataset, given.Model.Direction, v.Recipe)
	case v.Recipe != "" && v.Recipe != "default":
		err = fmt.Errorf("recipe %s: there is none for data of your own", v.Recipe)
	default:
		r, err = train.OwnRecipe(d, given.Model.Direction)
	}
	if err != nil {
		return r, err
	}
	if of, ok := r.ForNetwork(given.Model.Network); ok && v.Recipe != train.ArticleRecipe {
		r = of
	}
	r.Data.Seed = train.DefaultSplit
	r.SetSeed(DefaultSeed)
	if v.bases == nil {
		v.bases = map[string]train.Recipe{}
	}
	v.bases[key] = r
	return r, nil
}

// dropUngiven removes what the default recipe has for each layer of another number
// of layers.
func dropUngiven(r *train.Recipe, places yamlfile.Places) {
	if places["model.precisions"] == nil {
		r.Model.Precisions = nil
	}
	if places["model.energies"] == nil {
		r.Model.Energies = nil
	}
	if places["inference.node_rates"] == nil {
		r.Inference.NodeRates = nil
	}
	if places["inference.node_steps"] == nil {
		r.Inference.NodeSteps = nil
	}
}

// dropMethods removes what is of another method than that of r.
func dropMethods(r *train.Recipe, places yamlfile.Places) {
	if places["inference.node_rates"] == nil {
		r.Inference.NodeRates = nil
	}
	if places["inference.rate"] == nil {
		r.Inference.Rate = 0
	}
	if places["inference.steps"] == nil {
		r.Inference.Steps = 0
	}
}
