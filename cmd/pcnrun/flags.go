package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/graph"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
)

// recipeFlags are the flags of the commands that train. Each of them changes a
// field of the recipe, which is the dataset's own where no flag says otherwise.
type recipeFlags struct {
	flags  *pflag.FlagSet
	name   string // of the recipe
	config string // the file that changes it
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
const recipeHelp = `Each dataset has a tuned recipe for each direction, from which every setting is
taken that no flag and no file gives: the flags marked "recipe's". --config
names a file of settings, which may leave some out; flags come before it.
--recipe article takes exactly the numbers of the article instead, which is
generative, with its two traps: an inference rate without a guard, and stale
errors.

The first Ctrl-C ends training after the batch at hand and leaves the model of
the last full epoch; a second ends pcnrun at once.`

// datasetHelp says where data comes from.
const datasetHelp = `digits (built in, 8×8 pixels) and sine (made up, with noise) need no files. mnist
and fashion-mnist are read from the folder given by --data, with the four IDX
files, plain or .gz; without it, from $PCN_DATA/NAME, data/NAME or, for
fashion-mnist, where Debian's package dataset-fashion-mnist puts it.`

func addRecipeFlags(c *cobra.Command, out string) *recipeFlags {
	f := &recipeFlags{flags: c.Flags()}
	f.flags.SortFlags = false
	dataDirFlag(f.flags)
	recipeFlag(f.flags, "limit", "N", "most training examples to use, 0 for all (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Data.Limit }))
	recipeFlag(f.flags, "validation", "N", "training examples held out to score each epoch (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Data.Validation }))
	recipeFlag(f.flags, "layers", "SIZES", "sizes from data to label in both directions, such as 64,32,10 (recipe's)", setLayers)
	addModelFlags(f.flags, "default discriminative; the article's is generative", "recipe's")
	recipeFlag(f.flags, "epochs", "N", "passes over the training examples (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Learning.Epochs }))
	recipeFlag(f.flags, "batch", "N", "examples of a batch (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Learning.Batch }))
	recipeFlag(f.flags, "rate", "R", "learning rate (recipe's)", positive(func(r *train.Recipe) *float64 { return &r.Learning.Rate }))
	recipeFlag(f.flags, "schedule", "NAME", "course of the learning rate: "+strings.Join(train.Schedules, ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		r.Learning.Schedule = text
		_, err := train.NewSchedule(text)
		return err
	})
	recipeFlag(f.flags, "patience", "N", "end after N epochs without a better validation score, and keep the best model;\n0 for never (recipe's)", whole(0, func(r *train.Recipe) *int { return &r.Learning.Patience }))
	recipeFlag(f.flags, "optimizer", "NAME", strings.Join(train.Optimizers, ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		r.Optimizer = text
		_, err := train.NewOptimizer(text)
		return err
	})
	addInferenceFlags(f.flags)
	recipeFlag(f.flags, "init", "WHERE", "where latents start: top-down, zeros (recipe's)", func(r *train.Recipe, text string) error {
		return r.Inference.Start.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "unguarded", "bool", "take the inference rate as it is, even where latents diverge (recipe's)", func(r *train.Recipe, text string) (err error) {
		r.Inference.Unguarded, err = strconv.ParseBool(text)
		return err
	})
	f.flags.Lookup("unguarded").NoOptDefVal = "true"
	recipeFlag(f.flags, "weight-init", "NAME", "how weights are drawn: xavier, pytorch (recipe's)", func(r *train.Recipe, text string) error {
		return r.Model.WeightInit.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "dtype", "TYPE", "float32 or float64 (recipe's)", func(r *train.Recipe, text string) error {
		return r.Model.Dtype.UnmarshalText([]byte(text))
	})
	recipeFlag(f.flags, "seed", "N", fmt.Sprintf("decides the split or the noise, the weights and the order (default %d)", config.DefaultSeed), func(r *train.Recipe, text string) error {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return errors.New("want a whole number >= 0")
		}
		r.SetSeed(seed)
		return nil
	})
	f.flags.StringVar(&f.config, "config", "", "`FILE` of settings over the recipe's, under those of flags: see 'pcnrun config'")
	f.flags.StringVar(&f.name, "recipe", "default", "`NAME` of the recipe: default or article")
	f.flags.StringVar(&f.out, "out", "", fmt.Sprintf("`DIR` for what is written (default the first of %s,\n%[1]s-2 and so on that holds no run)", out))
	f.flags.BoolVar(&f.force, "force", false, "overwrite the run that the folder holds")
	f.flags.BoolVar(&f.json, "json", false, "print one JSON object on the standard output, all else on the standard error")
	return f
}

func dataDirFlag(flags *pflag.FlagSet) {
	recipeFlag(flags, "data", "DIR", "folder of the IDX files of mnist or fashion-mnist", func(r *train.Recipe, text string) (err error) {
		r.Data.Dir, err = filepath.Abs(text) // eval may run in another folder
		return err
	})
}

// addModelFlags adds the flags for what a model file from elsewhere does not
// say.
func addModelFlags(flags *pflag.FlagSet, direction, otherwise string) {
	recipeFlag(flags, "direction", "DIRECTION", "discriminative or generative ("+direction+")", func(r *train.Recipe, text string) error {
		return r.Model.Direction.UnmarshalText([]byte(text))
	})
	recipeFlag(flags, "activation", "NAME", "of the hidden nodes: "+strings.Join(graph.Activations(), ", ")+"\n("+otherwise+")", activation(func(r *train.Recipe) *string { return &r.Model.Activation }))
	recipeFlag(flags, "top-activation", "NAME", "of the top node ("+otherwise+")", activation(func(r *train.Recipe) *string { return &r.Model.TopActivation }))
}

// addInferenceFlags adds the flags for how latents settle.
func addInferenceFlags(flags *pflag.FlagSet) {
	recipeFlag(flags, "method", "NAME", "how latents move: "+strings.Join(model.Methods(), ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		was := r.Inference.Method
		if err := r.Inference.Method.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		if r.Inference.Method != was && !flags.Changed("inference-rate") {
			r.Inference.Rate = 0 // another method's rate means nothing here
		}
		return nil
	})
	recipeFlag(flags, "steps", "T", "most steps in which latents settle (recipe's)", whole(1, func(r *train.Recipe) *int { return &r.Inference.Steps }))
	recipeFlag(flags, "tolerance", "SHARE", "end settling when this share of the gradient is left, 0 for never (recipe's)", func(r *train.Recipe, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= 0 && x < 1) {
			return errors.New("want a number >= 0 and < 1")
		}
		r.Inference.Tolerance = x
		return nil
	})
	recipeFlag(flags, "inference-rate", "R", "size of a settling step (recipe's)", positive(func(r *train.Recipe) *float64 { return &r.Inference.Rate }))
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
	choice := config.Choice{Recipe: f.name, Fallback: dataset}
	if len(args) > 0 {
		choice.Dataset = args[0]
	}
	if f.flags.Changed("direction") {
		choice.Direction = &given.Model.Direction
	}
	if _, err := train.DefaultRecipe(dataset, model.Discriminative, f.name); err != nil {
		return given, usageError{err}
	}
	r, err := config.Load(f.config, choice)
	if err != nil {
		return r, err
	}
	if err := applyFlags(f.flags, &r); err != nil {
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

// fromFiles reports whether a dataset is read from IDX files.
func fromFiles(dataset string) bool { return dataset != "digits" && dataset != "sine" }

// checkDir refuses a folder for a dataset that is not read from one.
func checkDir(d train.Data) error {
	if d.Dir != "" && !fromFiles(d.Dataset) {
		return usagef("--data: %s needs no files", d.Dataset)
	}
	return nil
}

// setLayers sets the sizes. Precisions of another number of nodes do not apply
// to them.
func setLayers(r *train.Recipe, text string) error {
	r.Model.Layers = nil
	for field := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || size <= 0 {
			return fmt.Errorf("%q is no size, want whole numbers > 0 such as 64,32,10", field)
		}
		r.Model.Layers = append(r.Model.Layers, size)
	}
	if len(r.Model.Precisions) != len(r.Model.Layers) {
		r.Model.Precisions = nil
	}
	return r.Model.Validate()
}

func activation(field func(*train.Recipe) *string) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		*field(r) = text
		_, err := graph.ParseActivation(text)
		return err
	}
}

// whole reads a whole number of at least low.
func whole(low int, field func(*train.Recipe) *int) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < low {
			return fmt.Errorf("want a whole number >= %d", low)
		}
		*field(r) = n
		return nil
	}
}

// positive reads a number above 0.
func positive(field func(*train.Recipe) *float64) func(*train.Recipe, string) error {
	return func(r *train.Recipe, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x > 0) || math.IsInf(x, 0) {
			return errors.New("want a number > 0")
		}
		*field(r) = x
		return nil
	}
}

// wantArgs accepts from low to high arguments.
func wantArgs(low, high int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return fmt.Errorf("want %s, got %d arguments", c.Use, len(args))
		}
		return nil
	}
}

// datasetArgs accepts at most the name of a dataset.
func datasetArgs(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("want one dataset, got %s", strings.Join(args, " "))
	}
	if len(args) == 1 {
		_, err := train.DefaultRecipe(args[0], model.Discriminative, "")
		return err
	}
	return nil
}
