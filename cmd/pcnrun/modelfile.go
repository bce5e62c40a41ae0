package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// What a model file holds beside the network, by key.
const (
	recipeKey = "pcn.recipe"          // the recipe as YAML
	inputsKey = "pcn.input_transform" // the data.Transform of its inputs as JSON
)

// describeModel attaches to n what is needed to use it without the data it
// learned from.
func describeModel(n *model.Network, e *experiment) error {
	recipe, err := e.recipeText(n)
	if err != nil {
		return err
	}
	inputs, err := json.Marshal(e.sets.Train.InputTransform())
	if err != nil {
		return err
	}
	if err := n.SetMetadata(recipeKey, string(recipe)); err != nil {
		return err
	}
	return n.SetMetadata(inputsKey, string(inputs))
}

// modelFlags are the flags of the commands that use a model file: what a file
// does not say that pcnrun did not write.
type modelFlags struct {
	flags   *pflag.FlagSet
	dataset string
	recipe  string
}

const modelHelp = `A model file that pcnrun wrote says all that is needed. One from elsewhere, such
as PyTorch, with tensors named layers.0.W.weight, layers.0.W.bias and so on from
the bottom, does not: --dataset says what it learned from, and the rest is as in
the article (generative, tanh throughout, pixels in [-1, 1]) where no flag says
otherwise. Its inputs are taken as they are by predict. 'pcnrun import' makes a model
of it that says all.`

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
	network *model.Network
	recipe  train.Recipe
	inputs  data.Transform
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
	t := &trained{network: n}
	if t.recipe, err = f.recipeOf(n, path, needed); err != nil {
		return nil, err
	}
	if err := applyFlags(f.flags, &t.recipe); err != nil {
		return nil, err
	}
	if err := agree(path, t.recipe.Model, n.Config()); err != nil {
		return nil, err
	}
	if text := n.Metadata(inputsKey); text != "" {
		if err := json.Unmarshal([]byte(text), &t.inputs); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, inputsKey, err)
		}
		if err := t.inputs.Check(n.Size(n.InputNode())); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, inputsKey, err)
		}
	}
	return t, nil
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
		if field.asked != field.is {
			return usagef("--%s %s: %s says %s", field.flag, field.asked, path, field.is)
		}
	}
	return nil
}

// classes reports whether the targets are classes and not numbers to regress on.
func (t *trained) classes() bool {
	return t.recipe.Data.Dataset != "sine" && t.network.Size(t.network.TargetNode()) > 1
}

// load reads the dataset that the network learned from, cut as it was then.
func (t *trained) load() (train.Sets, error) {
	if err := checkDir(t.recipe.Data); err != nil {
		return train.Sets{}, err
	}
	return t.recipe.Data.Load()
}
