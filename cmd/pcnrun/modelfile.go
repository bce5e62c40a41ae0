package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// What a model file holds beside the network, by key.
const (
	recipeKey  = "pcn.recipe"           // the recipe as YAML
	inputsKey  = "pcn.input_transform"  // the data.Transform of its inputs as JSON
	targetsKey = "pcn.target_transform" // the data.Transform of its targets, where it has one
	imageKey   = "pcn.image"            // the imageForm of its inputs as JSON, where they are images
	classesKey = "pcn.classes"          // the names of its classes as JSON, where they have names
	columnsKey = "pcn.columns"          // the names of its inputs as JSON, where they have names that all differ
	tableKey   = "pcn.table"            // the data.Table of its inputs as JSON, where it learned from rows
	dataKey    = "pcn.data"             // the train.Fingerprints of what it learned from as JSON
)

// describeModel attaches to n what is needed to use it without the data it
// learned from.
func describeModel(n *model.Network, e *experiment) error {
	recipe, err := e.recipeText(n)
	if err != nil {
		return err
	}
	if err := n.SetMetadata(recipeKey, string(recipe)); err != nil {
		return err
	}
	set := e.sets.Train
	about := map[string]any{inputsKey: set.InputTransform(), dataKey: e.data}
	if t := set.TargetTransform(); len(t.Shift)+len(t.Scale) > 0 {
		about[targetsKey] = t
	}
	if set.Shape != nil {
		about[imageKey] = imageForm{set.Shape, set.White}
	}
	if set.ClassNames != nil {
		about[classesKey] = set.ClassNames
	}
	if names := set.InputNames(); names != nil && distinct(names) {
		about[columnsKey] = names
	}
	if table := set.Table(); table != nil {
		about[tableKey] = table
	}
	for key, value := range about {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := n.SetMetadata(key, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// distinct reports whether no two names are the same.
func distinct(names []string) bool {
	names = slices.Sorted(slices.Values(names))
	return len(slices.Compact(names)) == len(names)
}

// imageForm says how inputs are drawn.
type imageForm struct {
	Shape []int   `json:"shape"` // height, width, channels
	White float64 `json:"white"` // the raw value of white
}

// check returns an error where inputs of a size are no such images.
func (f imageForm) check(inputs int) error {
	if f.Shape == nil && f.White == 0 {
		return nil
	}
	if len(f.Shape) != 3 || f.Shape[2] != 1 && f.Shape[2] != 3 {
		return fmt.Errorf("shape: must be a height, a width, and 1 or 3 channels, got %v", f.Shape)
	}
	height, width, channels := f.Shape[0], f.Shape[1], f.Shape[2]
	if height <= 0 || width <= 0 || width > inputs || height > inputs || width*height*channels != inputs {
		return fmt.Errorf("shape: must be of %d inputs, got %v", inputs, f.Shape)
	}
	if !(f.White > 0) {
		return fmt.Errorf("white: must be > 0, got %v", f.White)
	}
	return nil
}

// modelFlags are the flags of the commands that use a model file: what a file
// does not say that pcnrun did not write.
type modelFlags struct {
	flags   *pflag.FlagSet
	dataset string
	recipe  string
	plain   bool // pixels are in [0, 1] where no flag says otherwise
}

const modelHelp = `A model file that pcnrun wrote says all that is needed. One from elsewhere, such
as PyTorch, with tensors named layers.0.W.weight, layers.0.W.bias and so on from
the bottom, does not: --dataset says what it learned from, and the rest is as in
the article (generative, tanh throughout, pixels in [-1, 1]) where no flag says
otherwise. Its inputs are taken as they are by predict. 'pcnrun import' makes a model
of it that says all.`

// pixelsFlag adds the flag for the scale of a dataset of images, to the commands
// that read it.
func pixelsFlag(flags *pflag.FlagSet, otherwise string) {
	recipeFlag(flags, "pixels", "LOW,HIGH", "range that pixels were scaled to, of a file that does not say ("+otherwise+")", func(r *train.Recipe, text string) (err error) {
		r.Data.Pixels, err = list(text, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
		return err
	})
}

func addForeignFlags(flags *pflag.FlagSet) *modelFlags {
	return newModelFlags(flags, "the file's, else the article's", "the file's, else the article's", "the file's, else the article's")
}

// newModelFlags adds the flags, with what direction, activation and top
// activation are where they are not given.
func newModelFlags(flags *pflag.FlagSet, direction, activation, top string) *modelFlags {
	f := &modelFlags{flags: flags}
	flags.SortFlags = false
	flags.StringVar(&f.dataset, "dataset", "", "`NAME` of what a file without a recipe learned from:\n"+strings.Join(train.Datasets, ", "))
	flags.StringVar(&f.recipe, "recipe", train.ArticleRecipe, "`NAME` of the recipe of a file without one: article or default")
	addModelFlags(flags, direction, activation, top)
	return f
}

// trained is a network from a file, with what it needs to be used.
type trained struct {
	path    string
	guessed bool // the scale of pixels, which neither the file nor a flag says
	network *model.Network
	recipe  train.Recipe
	inputs  data.Transform
	targets data.Transform
	image   imageForm           // the zero value where the file does not say
	names   []string            // of the classes; nil where they have none
	columns []string            // names of the inputs; nil where they have none
	table   *data.Table         // how rows become the inputs; nil where the file does not say
	data    *train.Fingerprints // of what it learned from; nil where the file does not say
}

// open reads a model file. needed says that the dataset must be known.
func (f *modelFlags) open(path string, needed bool) (*trained, error) {
	given := train.Recipe{Model: model.Article}
	if err := applyFlags(f.flags, &given); err != nil {
		return nil, err
	}
	n, err := model.Load(path, given.Model)
	if err != nil {
		return nil, err
	}
	t := &trained{path: path, network: n}
	if t.recipe, err = f.recipeOf(n, path, needed); err != nil {
		return nil, err
	}
	if err := applyFlags(f.flags, &t.recipe); err != nil {
		return nil, err
	}
	if err := agree(path, t.recipe.Model, n.Config()); err != nil {
		return nil, err
	}
	asked := f.flags.Changed("pixels")
	if asked && n.Metadata(inputsKey) != "" {
		return nil, usagef("--pixels: %s says how its inputs are scaled", path)
	}
	if t.guessed = n.Metadata(recipeKey) == "" && !asked && !f.flags.Changed("recipe"); t.guessed && f.plain {
		t.recipe.Data.Pixels = nil
	}
	if err := t.describe(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	logModel(path, n, t.recipe.Inference)
	return t, nil
}

// describe reads what the file says beside the recipe.
func (t *trained) describe() error {
	n := t.network
	for key, into := range map[string]any{inputsKey: &t.inputs, targetsKey: &t.targets, imageKey: &t.image, classesKey: &t.names, columnsKey: &t.columns, tableKey: &t.table, dataKey: &t.data} {
		if text := n.Metadata(key); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	inputs, targets := n.Size(n.InputNode()), n.Size(n.TargetNode())
	if err := t.inputs.Check(inputs); err != nil {
		return fmt.Errorf("%s: %w", inputsKey, err)
	}
	if err := t.targets.Check(targets); err != nil {
		return fmt.Errorf("%s: %w", targetsKey, err)
	}
	if err := t.image.check(inputs); err != nil {
		return fmt.Errorf("%s: %w", imageKey, err)
	}
	if t.names != nil && len(t.names) != targets {
		return fmt.Errorf("%s: %d names for %d classes", classesKey, len(t.names), targets)
	}
	if t.columns != nil && (len(t.columns) != inputs || !distinct(t.columns)) {
		return fmt.Errorf("%s: must be %d names that all differ, got %d", columnsKey, inputs, len(t.columns))
	}
	if t.table != nil {
		if err := t.table.Check(inputs); err != nil {
			return fmt.Errorf("%s: %w", tableKey, err)
		}
	}
	return nil
}

// recipeOf returns the recipe that a file holds or, where it holds none, the one
// that the flags name.
func (f *modelFlags) recipeOf(n *model.Network, path string, needed bool) (train.Recipe, error) {
	var r train.Recipe
	var err error
	switch text := n.Metadata(recipeKey); {
	case text != "":
		if r, err = train.ParseRecipe([]byte(text)); err == nil {
			err = r.Validate()
		}
		if err != nil {
			return r, fmt.Errorf("%s: %s: %w", path, recipeKey, err)
		}
		if f.dataset != "" && f.dataset != r.Data.Dataset {
			return r, usagef("--dataset %s: %s learned from %s", f.dataset, path, r.Data.Dataset)
		}
	case f.dataset != "":
		if r, err = train.DefaultRecipe(f.dataset, n.Config().Direction, f.recipe); err != nil {
			return r, usageError{err}
		}
	case needed:
		return r, usagef("%s has no recipe: give --dataset, and --direction, --activation and --top-activation where they are not the article's", path)
	}
	r.Model = n.Config()
	return r, nil
}

// agree checks that no flag contradicts what a file says.
func agree(path string, asked, is model.Config) error {
	for _, field := range []struct{ flag, asked, is string }{
		{"direction", asked.Direction.String(), is.Direction.String()},
		{"activation", asked.Activation, is.Activation},
		{"top-activation", asked.TopActivation, is.TopActivation},
	} {
		switch {
		case field.asked == field.is:
		case !is.Chain():
			return usagef("--%s %s: %s is of nodes and predictions, which say so themselves", field.flag, field.asked, path)
		default:
			return usagef("--%s %s: %s says %s", field.flag, field.asked, path, field.is)
		}
	}
	return nil
}

// classes reports whether the targets are classes and not numbers to regress on.
func (t *trained) classes() bool {
	return !t.recipe.Data.Regression() && t.network.Size(t.network.TargetNode()) > 1
}

// reopen opens the model that a run with that recipe has left.
func reopen(path string, r train.Recipe) (*trained, error) {
	n, err := model.Load(path, r.Model)
	if err != nil {
		return nil, err
	}
	t := &trained{path: path, network: n, recipe: r}
	if err := t.describe(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// load reads the dataset that the network learned from, cut and scaled as it was
// then, with the network's own classes. Where other examples are in the place of
// those that it learned from, some of these may be in the test part now: that is an
// error. Of any other difference warn is told.
func (t *trained) load(warn func(format string, args ...any)) (train.Sets, error) {
	d := t.recipe.Data
	if err := checkDir(d); err != nil {
		return train.Sets{}, err
	}
	var classes []string
	if t.classes() {
		classes = t.classNames()
	}
	sets, err := d.LoadFor(classes, t.table)
	if err != nil {
		return sets, err
	}
	logSets(d, sets)
	if err := train.Fits(t.network, sets.Train); err != nil {
		return sets, fmt.Errorf("%s: %w", t.path, err)
	}
	if t.guessed && sets.Train.Shape != nil {
		low, high := 0.0, 1.0
		if d.Pixels != nil {
			low, high = d.Pixels[0], d.Pixels[1]
		}
		warn("%s does not say how pixels are scaled: they are taken to be in [%g, %g]; --pixels %[2]g,%g gives the range", t.path, low, high)
	}
	if t.network.Metadata(inputsKey) != "" {
		for _, set := range []**data.Set{&sets.Train, &sets.Validation, &sets.Test} {
			*set = (*set).WithTransforms(t.inputs, t.targets)
		}
	}
	switch now := sets.Fingerprints(); {
	case t.data == nil && t.network.Metadata(recipeKey) != "":
		warn("%s does not say which examples it learned from: whether %s still has them is not known", t.path, d.Dataset)
	case t.data == nil || *t.data == now:
	case t.data.Learned() != now.Learned():
		return sets, fmt.Errorf("%s has changed since %s learned from it, and what it learned may be in the test part now: %s; --input scores it on rows that it does not know",
			d.Dataset, t.path, t.data.Changes(now))
	default:
		warn("%s has changed since %s learned from it: %s", d.Dataset, t.path, t.data.Changes(now))
	}
	return sets, nil
}
