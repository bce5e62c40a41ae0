package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/graph/feature"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// recipeFlags are the flags of the commands that train. Each of them changes a
// field of the recipe, which is the dataset's own where no flag says otherwise.
type recipeFlags struct {
	flags  *pflag.FlagSet
	name   string // of the recipe
	config string // the file that changes it
	bottom string // form of the bottom node's energy
	out    string
	force  bool
	json   bool
}

// override is the value of a flag that changes a recipe: set reads the text that
// the user gave into the field.
type override struct {
	kind string
	text string
	set  func(r *train.Recipe, text string) error
}

func (o *override) String() string { return o.text }
func (o *override) Type() string   { return o.kind }

// Set checks text on a recipe that is thrown away.
func (o *override) Set(text string) error {
	o.text = text
	return o.set(new(train.Recipe), text)
}

// recipeHelp explains where a training flag's default comes from.
const recipeHelp = `Each dataset has a tuned recipe for each direction, and for some networks by name,
from which every setting is taken that no flag and no file gives: the flags marked
"recipe's". --config names a file of settings, which may leave some out; flags come
before it. --recipe article takes exactly the numbers of the article instead, which
is generative, with its two traps: an inference rate without a guard, and stale
errors.

The first Ctrl-C ends training after the batch at hand and leaves the model of
the last full epoch; a second ends pcnrun at once. SIGTERM, SIGHUP, SIGUSR1,
SIGUSR2 and SIGXCPU do as the first, and so does closing the pipe that pcnrun
prints to.`

// datasetHelp says where data comes from.
const datasetHelp = `digits (built in, 8×8 pixels) and sine (made up, with noise) need no files. mnist
and fashion-mnist are read from the folder given by --data, with the four IDX
files, plain or .gz; without it, from $PCN_DATA/NAME, data/NAME, where 'pcnrun
data get' puts it or, for fashion-mnist, where Debian's package
dataset-fashion-mnist does. So are cifar10 and cifar100, of the binary format and
also as their archives unpack; they were tried on files made in that format alone.

The path of a file or folder is data of your own: a CSV file (.csv, .tsv) with commas,
semicolons, tabs or bars, or JSON objects (.jsonl), plain or .gz, with --label or
--target, which name a column by the header or, without one, by its place from 1; an
NPZ file, or a folder of NPY files, with arrays x and y or x_train, y_train, x_test and
y_test, or others that --inputs and --label or --target name;
a folder with a folder of PNG or JPEG images for each class, or train and test folders
of such; or a folder of IDX or CIFAR files. Images of a folder have one size, or are
resized to the one that --size gives, and are in colour where any of them is, or as
--colour says.

Columns may hold numbers, also with decimal commas, yes and no, dates, which become
days, and texts, of which each becomes an input that is 1 or 0. Values may be missing
(empty, NA, ?): each is taken for the mean, and an input says that it is missing. What
was decided is said, kept in the model, and the same for the rows of predict and eval.`

func addRecipeFlags(c *cobra.Command, out string) *recipeFlags {
	f := &recipeFlags{flags: c.Flags()}
	f.flags.SortFlags = false
	dataDirFlag(f.flags)
	addColumnFlags(f.flags)
	addImageFlags(f.flags)
	recipeFlag(f.flags, "limit", "N", "most training examples to use, 0 for all (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Data.Limit }))
	recipeFlag(f.flags, "validation", "N", "training examples held out to score each epoch (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Data.Validation }))
	standardizeFlag(f.flags)
	augmentFlag(f.flags, " (recipe's)")
	recipeFlag(f.flags, "layers", "SIZES", "sizes from data to label in both directions, such as 64,32,10 (recipe's)", setLayers(f.flags))
	networkFlag(f.flags)
	addModelFlags(f.flags, "default discriminative; the article's is generative", "recipe's", "recipe's")
	f.flags.StringVar(&f.bottom, "bottom-energy", "", "`NAME` of the form of the bottom node's energy, that of the label where the\nnetwork is discriminative and of the data where it is generative:\n"+strings.Join(model.NodeEnergies(), ", ")+" (recipe's)")
	recipeFlag(f.flags, "energies", "NAMES", "the same of all nodes from data to label, the top one gaussian, such as\ngaussian,gaussian-learned,cross-entropy (recipe's)", func(r *train.Recipe, text string) error {
		r.Model.Energies = nil
		for field := range strings.SplitSeq(text, ",") {
			var e model.NodeEnergy
			if err := e.UnmarshalText([]byte(strings.TrimSpace(field))); err != nil {
				return err
			}
			r.Model.Energies = append(r.Model.Energies, e)
		}
		return nil
	})
	recipeFlag(f.flags, "precisions", "NUMBERS", "precision of the nodes from data to label, such as 1,10,1 (recipe's)", func(r *train.Recipe, text string) error {
		r.Model.Precisions = nil
		for field := range strings.SplitSeq(text, ",") {
			p, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
			if err != nil || !(p > 0) || math.IsInf(p, 0) {
				return fmt.Errorf("must be numbers > 0 such as 1,10,1, got %q", field)
			}
			r.Model.Precisions = append(r.Model.Precisions, p)
		}
		return nil
	})
	recipeFlag(f.flags, "weight-decay", "L", "energy of weights, ½ L ‖W‖²; the optimizer adamw decays them beside the\nenergy (recipe's)", notNegative(func(r *train.Recipe) *float64 { return &r.Model.WeightDecay }))
	recipeFlag(f.flags, "activity-prior", "A", "energy of hidden latents, ½ A ‖v‖²; predictions then settle in both\ndirections (recipe's)", notNegative(func(r *train.Recipe) *float64 { return &r.Model.ActivityPrior }))
	recipeFlag(f.flags, "rule", "NAME", "how a batch moves the weights: "+strings.Join(rule.Names(), ", ")+"\n(recipe's), with settings such as 'fpa steps=50'; epc takes the\nmethod error-coordinates, mcpc gradient, where --method gives none", func(r *train.Recipe, text string) error {
		r.Learning.Rule = text
		if m, wanted := rule.Method(text); wanted && !f.flags.Changed("method") {
			setMethod(f.flags, r, m)
		}
		_, err := rule.New(text)
		return err
	})
	recipeFlag(f.flags, "epochs", "N", "passes over the training examples (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Learning.Epochs }))
	recipeFlag(f.flags, "batch", "N", "examples of a batch (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Learning.Batch }))
	recipeFlag(f.flags, "rate", "R", "learning rate (recipe's)", positive(func(r *train.Recipe) *float64 { return &r.Learning.Rate }))
	recipeFlag(f.flags, "schedule", "NAME", "course of the learning rate: "+strings.Join(train.Schedules(), ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		r.Learning.Schedule = text
		_, err := train.NewSchedule(text)
		return err
	})
	recipeFlag(f.flags, "patience", "N", "end after N epochs without a lower squared error on the validation part, and\nkeep the best model; 0 for never (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Learning.Patience }))
	recipeFlag(f.flags, "optimizer", "NAME", strings.Join(train.Optimizers(), ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		r.Optimizer = text
		_, err := train.NewOptimizer(text)
		return err
	})
	addInferenceFlags(f.flags)
	lagFlag(f.flags)
	recipeFlag(f.flags, "init", "WHERE", "where latents start: "+strings.Join(model.Starts(), ", ")+" (recipe's);\nwarm is where the same example settled last", func(r *train.Recipe, text string) error {
		return r.Inference.Start.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "unguarded", "bool", "take the inference rate as it is, even where latents diverge (recipe's)", func(r *train.Recipe, text string) (err error) {
		r.Inference.Unguarded, err = strconv.ParseBool(text)
		return err
	})
	f.flags.Lookup("unguarded").NoOptDefVal = "true"
	recipeFlag(f.flags, "parametrization", "NAME", "of edges: standard, or mupc, scales by width and depth for deep networks\n(recipe's, or the network's)", func(r *train.Recipe, text string) error {
		return r.Model.Parametrization.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "weight-init", "NAME", "how weights are drawn: "+strings.Join(model.WeightInits(), ", ")+"\n(recipe's)", func(r *train.Recipe, text string) error {
		return r.Model.WeightInit.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "dtype", "TYPE", "float32 or float64 (recipe's)", func(r *train.Recipe, text string) error {
		return r.Model.Dtype.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "seed", "N", fmt.Sprintf("decides the weights and the order of the examples (default %d)", config.DefaultSeed), seed((*train.Recipe).SetSeed))
	recipeFlag(f.flags, "split-seed", "N", fmt.Sprintf("decides which examples are kept for validation and the test, and the sine's\nnoise: the same for all runs to compare (default %d)", train.DefaultSplit), seed(func(r *train.Recipe, n uint64) { r.Data.Seed = n }))
	f.flags.StringVar(&f.config, "config", "", "`FILE` of settings over the recipe's, under those of flags: see 'pcnrun config'")
	f.flags.StringVar(&f.name, "recipe", "default", "`NAME` of the recipe: default or article")
	f.flags.StringVar(&f.out, "out", "", fmt.Sprintf("`DIR` for what is written (default the first of %s,\n%[1]s-2 and so on that holds no run)", out))
	f.flags.BoolVar(&f.force, "force", false, "overwrite the run that the folder holds")
	f.flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	return f
}

// datasetOf makes dataset, a name or a path, that of d.
func datasetOf(d train.Data, dataset string) (train.Data, error) {
	d.Dataset = dataset
	if !train.IsPath(dataset) {
		if !slices.Contains(train.Datasets, dataset) {
			return d, unknownDataset(dataset)
		}
		return d, nil
	}
	var err error
	if d.Dataset, err = filepath.Abs(dataset); err != nil { // eval may run in another folder
		return d, err
	}
	if d.Dir != "" {
		return d, usagef("--data: %s is a path itself", dataset)
	}
	if err := d.Validate(); err != nil {
		return d, usageError{err}
	}
	return d, nil
}

func unknownDataset(name string) error {
	_, err := train.DefaultRecipe(name, model.Discriminative, "")
	return usagef("dataset: %w", err)
}

// columnUsage makes a mistake of the command line of the columns that a file does
// not have.
func columnUsage(err error) error {
	var column *data.ColumnError
	if errors.As(err, &column) {
		return usagef("%w (--label for a class, --target for a regression)", err)
	}
	return err
}

// networkFlag adds the flag that names a network. What a recipe has of a chain does not
// apply to it: see package config.
func networkFlag(flags *pflag.FlagSet) {
	recipeFlag(flags, "network", "TEXT", "a network by name, with its settings, in place of a chain:\n"+strings.Join(model.Networks(), "\n")+"\nor by its layers from the first hidden node on, such as\n\"conv 32 5x5, gelu, max-pool 2; dense 64, tanh; dense\"", func(r *train.Recipe, text string) error {
		r.Model.Network = text
		return nil
	})
}

// addModelFlags adds the flags for what a model file from elsewhere does not
// say.
func addModelFlags(flags *pflag.FlagSet, direction, hidden, top string) {
	recipeFlag(flags, "direction", "DIRECTION", "discriminative or generative ("+direction+")", func(r *train.Recipe, text string) error {
		return r.Model.Direction.UnmarshalText([]byte(text))
	})
	recipeFlag(flags, "activation", "NAME", "of the hidden nodes: "+strings.Join(feature.Activations(), ", ")+"\n("+hidden+")", activation(func(r *train.Recipe) *string { return &r.Model.Activation }))
	recipeFlag(flags, "top-activation", "NAME", "of the top node ("+top+")", activation(func(r *train.Recipe) *string { return &r.Model.TopActivation }))
}

// setMethod gives r a method. Where that is another than it has, steps and rates that no flag
// gives are the method's own.
func setMethod(flags *pflag.FlagSet, r *train.Recipe, m model.Method) {
	if r.Inference.Method == m {
		return
	}
	r.Inference.Method = m
	if !flags.Changed("inference-rate") {
		r.Inference.Rate = 0
	}
	if !flags.Changed("node-rates") {
		r.Inference.NodeRates = nil
	}
	if !flags.Changed("steps") {
		r.Inference.Steps = 0
	}
}

// lagFlag adds the flag for what learning alone does while latents settle.
func lagFlag(flags *pflag.FlagSet) {
	recipeFlag(flags, "lag", "SHARE", "how far weights may move before H⁻¹ is made of them anew, as a share of their norm,\nunder methods that have it; next to 0, such as 1e-9, for after each change (recipe's)", positive(func(r *train.Recipe) *float64 { return &r.Inference.Lag }))
}

// addInferenceFlags adds the flags for how latents settle.
func addInferenceFlags(flags *pflag.FlagSet) {
	recipeFlag(flags, "method", "NAME", "how latents move: "+strings.Join(model.Methods(), ", ")+" (recipe's);\nanother than the recipe's has its own steps and rate", func(r *train.Recipe, text string) error {
		var m model.Method
		err := m.UnmarshalText([]byte(text))
		if err == nil {
			setMethod(flags, r, m)
		}
		return err
	})
	recipeFlag(flags, "steps", "T", "most steps in which latents settle (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Inference.Steps }))
	recipeFlag(flags, "tolerance", "SHARE", "end settling when this share of the gradient is left, 0 for never (recipe's)", func(r *train.Recipe, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= 0 && x < 1) {
			return errors.New("must be a number >= 0 and < 1")
		}
		r.Inference.Tolerance = x
		return nil
	})
	recipeFlag(flags, "inference-rate", "R", "size of a settling step (recipe's)", positive(func(r *train.Recipe) *float64 { return &r.Inference.Rate }))
	recipeFlag(flags, "node-rates", "LIST", "what the inference rate is multiplied by at some nodes, such as hidden1=0.5,target=2", func(r *train.Recipe, text string) (err error) {
		r.Inference.NodeRates, err = named(text, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
		return err
	})
	recipeFlag(flags, "node-steps", "LIST", "most steps in which some nodes move, such as hidden1=5", func(r *train.Recipe, text string) (err error) {
		r.Inference.NodeSteps, err = named(text, strconv.Atoi)
		return err
	})
}

func recipeFlag(flags *pflag.FlagSet, name, kind, usage string, set func(*train.Recipe, string) error) {
	flags.Var(&override{kind: kind, set: set}, name, usage)
}

// applyFlags changes r as the flags say that were given.
func applyFlags(flags *pflag.FlagSet, r *train.Recipe) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		if o, ok := f.Value.(*override); ok {
			errs = append(errs, o.set(r, o.text))
		}
	})
	return errors.Join(errs...)
}

// recipe returns the recipe for the dataset that args name, with the changes
// that the file of --config and then flags ask for.
func (f *recipeFlags) recipe(args []string, dataset string) (train.Recipe, error) {
	var given train.Recipe
	if err := applyFlags(f.flags, &given); err != nil {
		return given, err
	}
	if len(args) > 0 {
		dataset = args[0]
	}
	if _, err := datasetOf(given.Data, dataset); err != nil && (f.config == "" || len(args) > 0) {
		return given, err
	}
	if _, err := train.DefaultRecipe(config.DefaultDataset, model.Discriminative, f.name); err != nil {
		return given, usagef("--recipe: %w", err)
	}
	if f.name != "default" && train.IsPath(dataset) {
		return given, usagef("--recipe %s: there is none for data of your own", f.name)
	}
	choice := config.Choice{Recipe: f.name, Fallback: dataset, Change: func(r *train.Recipe) { f.choose(r, args) }}
	r, err := config.Load(f.config, choice)
	if err != nil {
		return r, columnUsage(err)
	}
	if err := applyFlags(f.flags, &r); err != nil {
		return r, err
	}
	if err := f.setBottom(&r.Model); err != nil {
		return r, err
	}
	if err := checkDir(r.Data); err != nil {
		return r, err
	}
	if err := r.Validate(); err != nil {
		return r, usageError{err}
	}
	if r.Inference, err = r.Inference.WithDefaults(); err != nil {
		return r, usageError{err}
	}
	r.Learning, err = r.Learning.WithDefaults()
	return r, err
}

// setBottom gives the bottom node of c the form of energy that --bottom-energy
// names, whichever end of the sizes it is.
func (f *recipeFlags) setBottom(c *model.Config) error {
	if f.bottom == "" {
		return nil
	}
	var e model.NodeEnergy
	if err := e.UnmarshalText([]byte(f.bottom)); err != nil {
		return usagef("--bottom-energy: %v", err)
	}
	if !c.Chain() {
		return usagef("--bottom-energy: is for a chain of layers, got nodes: give the energy with the prediction")
	}
	if len(c.Energies) == 0 {
		c.Energies = make([]model.NodeEnergy, len(c.Layers))
	}
	bottom := len(c.Energies) - 1
	if c.Direction == model.Generative {
		bottom = 0
	}
	c.Energies[bottom] = e
	return nil
}

// choose makes the changes that flags and arguments ask for and that decide the
// default recipe.
func (f *recipeFlags) choose(r *train.Recipe, args []string) {
	if len(args) > 0 {
		r.Data.Dataset = args[0]
	}
	f.flags.Visit(func(flag *pflag.Flag) {
		if o, ok := flag.Value.(*override); ok && slices.Contains(choosing, flag.Name) {
			o.set(r, o.text) // which has been checked
		}
	})
}

// choosing are the flags that decide the default recipe, or what of it does not apply.
var choosing = []string{"data", "label", "target", "inputs", "drop", "sequence", "test", "size", "colour", "validation", "direction", "network", "parametrization", "weight-init"}

// fromFiles reports whether a known dataset is read from files.
func fromFiles(dataset string) bool {
	return dataset != "digits" && dataset != "sine" && !train.IsPath(dataset)
}

// checkDir refuses a folder for a dataset that is not read from one.
func checkDir(d train.Data) error {
	if d.Dir != "" && !fromFiles(d.Dataset) {
		return usagef("--data: %s needs no files", d.Dataset)
	}
	return nil
}
