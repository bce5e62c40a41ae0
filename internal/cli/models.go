package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// ModelFlags are the flags of the commands that use a model file: what a file does not say
// that pcnrun did not write.
type ModelFlags struct {
	Flags   *pflag.FlagSet
	Dataset string
	Recipe  string
	Plain   bool // pixels are in [0, 1] where no flag says otherwise
}

// ModelHelp says what a model file says of itself.
const ModelHelp = `A model file that pcnrun wrote says all that is needed. One from elsewhere, such
as PyTorch, with tensors named layers.0.W.weight, layers.0.W.bias and so on from
the bottom, does not: --dataset says what it learned from, and the rest is as in
the article (generative, tanh throughout, pixels in [-1, 1]) where no flag says
otherwise. Its inputs are taken as they are by predict. 'pcnrun import' makes a model
of it that says all.`

// ModelExtensions are those of the files that a network can be written to, and read from.
var ModelExtensions = []string{".safetensors", ".npz"}

// AddModelFlags adds the flags, with what the file's shape is where they are not given, and
// those of settings by name.
func AddModelFlags(flags *pflag.FlagSet, otherwise string, settings ...string) *ModelFlags {
	f := &ModelFlags{Flags: flags}
	flags.SortFlags = false
	flags.StringVar(&f.Dataset, "dataset", "", "`NAME` of what a file without a recipe learned from: "+strings.Join(train.Datasets, ", "))
	flags.StringVar(&f.Recipe, "recipe", train.ArticleRecipe, "`NAME` of the recipe of a file without one: article or default")
	AddSettings(flags, otherwise, "direction", "activation", "top-activation")
	AddSettings(flags, Recipes, settings...)
	return f
}

// Foreign is what the shape of a file from elsewhere is where no flag says it.
const Foreign = "the file's, else the article's"

// UseFlags are the settings of the commands that settle a model on its dataset.
var UseFlags = append([]string{"data", "pixels"}, InferenceFlags...)

// Open reads a model file. needed says that the dataset must be known.
func (f *ModelFlags) Open(path string, needed bool) (*trained.Model, error) {
	given := train.Recipe{Model: model.Article}
	if err := Apply(f.Flags, &given); err != nil {
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
	if err := Apply(f.Flags, &r); err != nil {
		return nil, err
	}
	if err := agree(path, r.Model, n.Config()); err != nil {
		return nil, err
	}
	if err := CheckDir(r.Data); err != nil {
		return nil, err
	}
	asked := f.Flags.Changed("pixels")
	if asked && n.Metadata(trained.InputsKey) != "" {
		return nil, Usagef("--pixels: %s says how its inputs are scaled", path)
	}
	guessed := n.Metadata(trained.RecipeKey) == "" && !asked && !f.Flags.Changed("recipe")
	if guessed && f.Plain {
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

// recipeOf returns the recipe that a file holds or, where it holds none, the one that the
// flags name.
func (f *ModelFlags) recipeOf(n *model.Network, path string, needed bool) (r train.Recipe, err error) {
	switch own, err := trained.RecipeOf(n); {
	case err != nil:
		return r, fmt.Errorf("%s: %w", path, err)
	case own != nil && f.Dataset != "" && f.Dataset != own.Data.Dataset:
		return r, Usagef("--dataset %s: %s learned from %s", f.Dataset, path, own.Data.Dataset)
	case own != nil:
		return *own, nil
	case f.Dataset == "" && needed:
		return r, Usagef("%s has no recipe: give --dataset, and --direction, --activation and --top-activation where they are not the article's", path)
	case f.Dataset != "":
		if r, err = train.DefaultRecipe(f.Dataset, n.Config().Direction, f.Recipe); err != nil {
			return r, Usage(err)
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
			return Usagef("--%s %s: %s is of nodes and predictions, which say so themselves", field.flag, field.asked, path)
		default:
			return Usagef("--%s %s: %s says %s", field.flag, field.asked, path, field.is)
		}
	}
	return nil
}

// Load reads the dataset that t learned from, and says what there is to say of it.
func (a *App) Load(t *trained.Model) (train.Sets, error) {
	sets, notes, err := t.Sets()
	for _, note := range notes {
		a.Warn("%s", note)
	}
	if err == nil {
		LogSets(t.Recipe.Data, sets)
	}
	return sets, err
}
