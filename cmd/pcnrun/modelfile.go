package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

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

// open reads a model file. needed says that the dataset must be known.
func (f *modelFlags) open(path string, needed bool) (*trained.Model, error) {
	given := train.Recipe{Model: model.Article}
	if err := applyFlags(f.flags, &given); err != nil {
		return nil, err
	}
	n, err := model.Load(path, given.Model)
	if err != nil {
		return nil, err
	}
	r, err := f.recipeOf(n, path, needed)
	if err != nil {
		return nil, err
	}
	if err := applyFlags(f.flags, &r); err != nil {
		return nil, err
	}
	if err := agree(path, r.Model, n.Config()); err != nil {
		return nil, err
	}
	if err := checkDir(r.Data); err != nil {
		return nil, err
	}
	asked := f.flags.Changed("pixels")
	if asked && n.Metadata(trained.InputsKey) != "" {
		return nil, usagef("--pixels: %s says how its inputs are scaled", path)
	}
	guessed := n.Metadata(trained.RecipeKey) == "" && !asked && !f.flags.Changed("recipe")
	if guessed && f.plain {
		r.Data.Pixels = nil
	}
	t, err := trained.New(path, n, r)
	if err != nil {
		return nil, err
	}
	t.Guessed = guessed
	logModel(path, n, r.Inference)
	return t, nil
}

// recipeOf returns the recipe that a file holds or, where it holds none, the one
// that the flags name.
func (f *modelFlags) recipeOf(n *model.Network, path string, needed bool) (r train.Recipe, err error) {
	switch own, err := trained.RecipeOf(n); {
	case err != nil:
		return r, fmt.Errorf("%s: %w", path, err)
	case own != nil && f.dataset != "" && f.dataset != own.Data.Dataset:
		return r, usagef("--dataset %s: %s learned from %s", f.dataset, path, own.Data.Dataset)
	case own != nil:
		return *own, nil
	case f.dataset == "" && needed:
		return r, usagef("%s has no recipe: give --dataset, and --direction, --activation and --top-activation where they are not the article's", path)
	case f.dataset != "":
		if r, err = train.DefaultRecipe(f.dataset, n.Config().Direction, f.recipe); err != nil {
			return r, usageError{err}
		}
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

// load reads the dataset that t learned from, and says what there is to say of it.
func (a *app) load(t *trained.Model) (train.Sets, error) {
	sets, notes, err := t.Sets()
	for _, note := range notes {
		a.warn("%s", note)
	}
	if err == nil {
		logSets(t.Recipe.Data, sets)
	}
	return sets, err
}
