package train

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Recipe is all that decides a training run, as one value that reads and writes
// YAML.
type Recipe struct {
	Data      Data            `yaml:"data" json:"data"`
	Model     model.Config    `yaml:"model" json:"model"`
	Inference model.Inference `yaml:"inference" json:"inference"`
	Learning  Learning        `yaml:"learning" json:"learning"`
	// Optimizer moves the weights along their local updates, by name: see
	// [NewOptimizer]. Default adam.
	Optimizer string `yaml:"optimizer" json:"optimizer"`
}

//go:embed recipes/*.yaml
var recipes embed.FS

// ArticleRecipe names the recipe with exactly the article's numbers.
const ArticleRecipe = "article"

// DefaultSplit is the Data.Seed of default recipes: one split for all runs.
const DefaultSplit = 1

// DefaultRecipe returns the tuned recipe for a dataset and a direction, or with
// name "article" the article's own numbers, which are generative. It returns an
// error that lists what there is when the dataset or the name is unknown.
func DefaultRecipe(dataset string, direction model.Direction, name string) (Recipe, error) {
	if err := knownDataset(dataset); err != nil {
		return Recipe{}, err
	}
	file := fmt.Sprintf("%s-%v.yaml", dataset, direction)
	switch name {
	case "", "default":
	case ArticleRecipe:
		file = fmt.Sprintf("%s-article.yaml", dataset)
	default:
		return Recipe{}, fmt.Errorf("must be default or %s, got %q", ArticleRecipe, name)
	}
	return readRecipe(file)
}

// imageNetworks are networks by name that classify images, and imageRecipe has what they all
// learn by.
var imageNetworks = []string{"lenet", "vgg5", "vgg7"}

const imageRecipe = "images.yaml"

// ForNetwork returns the tuned recipe for a network by name, as model.Config.Network has it,
// whatever its settings, on the data whose default recipe is r. ok is false where there is
// none.
func (r Recipe) ForNetwork(network string) (of Recipe, ok bool) {
	name, _, _ := strings.Cut(network, " ")
	if slices.Contains(imageNetworks, name) {
		return r, layRecipe(imageRecipe, &r) == nil
	}
	of, err := readRecipe(fmt.Sprintf("%s-%s.yaml", r.Data.Dataset, name))
	return of, err == nil && name != "" && of.Model.Network == name
}

// readRecipe reads one of the recipes that are built in.
func readRecipe(file string) (r Recipe, err error) {
	r.Data.Seed = DefaultSplit
	err = layRecipe(file, &r)
	return r, err
}

// layRecipe lays one of the recipes that are built in over r.
func layRecipe(file string, r *Recipe) error {
	text, err := recipes.ReadFile(path.Join("recipes", file))
	if err != nil {
		return fmt.Errorf("train: recipe: must be one that is built in, got %s", file)
	}
	return r.lay(text)
}

// SettlesByDefault reports whether latents settle as a default recipe for the
// dataset and the direction says, the article's included, and nothing about it was
// chosen otherwise.
func (r Recipe) SettlesByDefault() bool {
	files := []string{fmt.Sprintf("%s-%v.yaml", r.Data.Dataset, r.Model.Direction), fmt.Sprintf("%s-%s.yaml", r.Data.Dataset, ArticleRecipe)}
	if r.Data.Own() {
		files = []string{ownFile(r.Model.Direction), ownImages}
	}
	is, err := r.Inference.WithDefaults()
	if err != nil {
		return false
	}
	var defaults []Recipe
	if of, ok := r.ForNetwork(r.Model.Network); ok {
		defaults = append(defaults, of)
	}
	for _, file := range files {
		of, err := readRecipe(file)
		if err != nil {
			return false
		}
		defaults = append(defaults, of)
	}
	return slices.ContainsFunc(defaults, func(of Recipe) bool {
		full, err := of.Inference.WithDefaults()
		return err == nil && reflect.DeepEqual(full, is)
	})
}

// ParseRecipe reads a recipe from YAML, in which a field that is left out is zero:
// see package config for files that lie over a default recipe. An unknown key or a
// value of a wrong type is an error that names its line.
func ParseRecipe(text []byte) (r Recipe, err error) {
	err = r.lay(text)
	return r, err
}

// lay lays the fields that text has over those of r.
func (r *Recipe) lay(text []byte) error {
	root, err := yamlfile.Parse("recipe", text)
	if err != nil {
		return err
	}
	_, errs := root.Decode(r)
	return errs.Err()
}

// YAML returns the recipe as a file that [ParseRecipe] reads.
func (r Recipe) YAML() ([]byte, error) { return yaml.Marshal(r) }

// SetSeed makes seed decide what a run draws at random: the weights and the order
// of the examples. Which examples these are is for Data.Seed.
func (r *Recipe) SetSeed(seed uint64) {
	r.Model.Seed, r.Learning.Seed = seed, seed
}

// Validate returns all that is wrong with the recipe, each error naming its
// field.
func (r Recipe) Validate() error {
	var errs []error
	under := func(field string, err error) {
		if err == nil {
			return
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			errs = append(errs, fmt.Errorf("%s.%s", field, line))
		}
	}
	under("data", r.Data.Validate())
	under("model", r.Model.Validate())
	_, err := r.Inference.WithDefaults()
	under("inference", err)
	if !r.Model.Chain() && len(errs) == 0 { // a chain allows all
		input, target := cmp.Or(r.Model.Input, "input"), cmp.Or(r.Model.Target, "target")
		full, _ := r.Model.Expanded() // validated
		for i, p := range full.Predictions {
			if !p.Energy.Form().Settles() && p.Of != input && p.Of != target {
				errs = append(errs, fmt.Errorf("model.predictions[%d].energy: must be one that settles, for in learning node %s is free, got %v", i, p.Of, p.Energy))
			}
		}
		if err := r.Model.Allows(r.Inference.Method); err != nil {
			errs = append(errs, fmt.Errorf("inference.method: %w", err))
		}
	}
	nodes := r.Model.NodeNames()
	for field, names := range map[string][]string{"node_rates": slices.Sorted(maps.Keys(r.Inference.NodeRates)), "node_steps": slices.Sorted(maps.Keys(r.Inference.NodeSteps))} {
		for _, name := range names {
			if !slices.Contains(nodes, name) {
				errs = append(errs, fmt.Errorf("inference.%s: must be of nodes %s, got %q", field, strings.Join(nodes, ", "), name))
			}
		}
	}
	sound := len(errs) == 0
	_, err = r.Learning.WithDefaults()
	under("learning", err)
	if sound && err == nil {
		if _, err := r.settling(); err != nil {
			errs = append(errs, fmt.Errorf("learning.rule: %s: %w", r.Learning.Rule, err))
		}
	}
	if r.Learning.Patience > 0 && r.Data.Validation == 0 {
		errs = append(errs, errors.New("learning.patience: needs data.validation > 0"))
	}
	if _, err := NewOptimizer(r.optimizer()); err != nil {
		errs = append(errs, fmt.Errorf("optimizer: %w", err))
	}
	return errors.Join(errs...)
}

func (r Recipe) optimizer() string { return cmp.Or(r.Optimizer, "adam") }

// settling returns how latents settle under the rule, or why that is not for the network.
func (r Recipe) settling() (model.Inference, error) {
	by, err := rule.New(r.Learning.Rule)
	if err != nil {
		return r.Inference, err
	}
	return by.Prepare(r.Model, r.Inference)
}

// Track returns how n, which has learned by the recipe, follows a sequence.
func (r Recipe) Track(n *model.Network) (*model.Tracking, error) {
	inf, err := r.settling()
	if err != nil {
		return nil, err
	}
	return n.Track(inf), nil
}

// PCN returns a network, new or with the weights of Learning.From, and its learner, by the
// recipe's rule.
func (r Recipe) PCN() (*PCN, error) {
	n, err := model.New(r.Model)
	if err != nil {
		return nil, err
	}
	if path := r.Learning.From; path != "" {
		from, err := model.Load(path, model.Config{})
		if err == nil {
			err = n.SetState(from.State())
		}
		if err != nil {
			return nil, fmt.Errorf("train: learning.from: %s: must be of the network %v: %w", path, n, err)
		}
	}
	opt, err := NewOptimizer(r.optimizer())
	if err != nil {
		return nil, err
	}
	by, err := rule.New(r.Learning.Rule)
	if err != nil {
		return nil, fmt.Errorf("train: rule: %w", err)
	}
	return NewPCN(n, by, r.Inference, opt)
}

// Baseline returns the recipe of the same network trained by backpropagation: of a chain the
// multilayer perceptron of the same sizes, activations and optimiser, in the discriminative
// direction, which is a perceptron's only one. Of a discriminative recipe it has the form of
// the label's energy for its loss; precisions and an activity prior it has not.
func (r Recipe) Baseline() Recipe {
	r.Learning.Rule = rule.Backprop{}.String()
	sizes := r.Model.Layers
	if !r.Model.Chain() || len(sizes) == 0 { // another network is taken as it is
		return r
	}
	labels := model.Gaussian
	if k := len(r.Model.Energies); k > 0 && r.Model.Direction == model.Discriminative {
		labels = r.Model.Energies[k-1]
	}
	r.Model.Energies = nil
	if labels != model.Gaussian && labels != model.GaussianLearned {
		r.Model.Energies = make([]model.NodeEnergy, len(sizes))
		r.Model.Energies[len(sizes)-1] = labels
	}
	r.Model.Direction, r.Model.Precisions, r.Model.ActivityPrior = model.Discriminative, nil, 0
	return r
}

// Sets are the three parts of a dataset. The test part is for one score, at the
// end.
type Sets struct {
	Train, Validation, Test *data.Set
}

// Apart returns the validation part or, where there is none, the part that is learned from:
// examples to look at that do not touch the test part; nil without data.
func (s Sets) Apart() *data.Set {
	if s.Validation == nil || s.Validation.Len() == 0 {
		return s.Train
	}
	return s.Validation
}

// Remarks returns what was taken for granted when the data was read, see
// [data.Set.Remarks], of the test part where that was read by itself.
func (s Sets) Remarks() []string {
	all := s.Train.Remarks()
	for _, text := range s.Test.Remarks() {
		if !slices.Contains(all, text) {
			all = append(all, "test part: "+text)
		}
	}
	return all
}
