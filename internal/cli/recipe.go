package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
	"example.com/pcn/train/data"
	"example.com/pcn/train/run"
	"example.com/pcn/train/trained"
)

// RecipeFlags are the flags of the commands that train. Each of them changes a field of the
// recipe, which is the dataset's own where no flag says otherwise.
type RecipeFlags struct {
	Flags  *pflag.FlagSet
	Name   string // of the recipe
	Config string // the file that changes it
	Out    string
	Force  bool
	JSON   bool

	bottom string // form of the bottom node's energy
}

// RecipeHelp explains where a training flag's default comes from.
const RecipeHelp = `Each dataset has a tuned recipe for each direction, and for some networks by name,
from which every setting is taken that no flag and no file gives: the flags marked
"recipe's". --config names a file of settings, which may leave some out; flags come
before it. --recipe article takes exactly the numbers of the article instead, which
is generative, with its two traps: an inference rate without a guard, and stale
errors.

The first Ctrl-C ends training after the batch at hand and leaves the model of
the last full epoch; a second ends pcnrun at once. SIGTERM, SIGHUP, SIGUSR1,
SIGUSR2 and SIGXCPU do as the first, and so does closing the pipe that pcnrun
prints to.`

// DatasetHelp says where data comes from.
const DatasetHelp = `digits (built in, 8×8 pixels), sine (made up, with noise) and tracking (sequences of a
point that moves, seen in noise) need no files.
mnist and fashion-mnist are read from the folder given by --data, with the four IDX
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
resized to the one that --size gives, are turned upright as their EXIF says, and are in
colour where any of them is, or as --colour says.

Columns may hold numbers, also with decimal commas, % or $, yes and no, dates, which
become days, and texts, of which each becomes an input that is 1 or 0. Values may be
missing (empty, NA, ?): each is taken for the mean, and an input says so. What
was decided is said, kept in the model, and the same for the rows of predict and eval.`

// AddRecipeFlags adds the flags of a command that trains, and writes to a folder, by default
// out.
func AddRecipeFlags(c *cobra.Command, out string) *RecipeFlags {
	f := &RecipeFlags{Flags: c.Flags()}
	var names []string
	for _, k := range config.Keys() {
		if k.Flag != "pixels" { // is for files that do not say
			names = append(names, k.Flag)
		}
	}
	AddSettings(f.Flags, Recipes, names...)
	f.Flags.StringVar(&f.bottom, "bottom-energy", "", "`NAME` of the form of the bottom node's energy, that of the label where the network is discriminative and of the data where it is generative: "+strings.Join(model.NodeEnergies(), ", ")+" (recipe's)")
	f.Flags.StringVar(&f.Config, "config", "", "`FILE` of settings over the recipe's, under those of flags: see 'pcnrun config'")
	f.Flags.StringVar(&f.Name, "recipe", "default", "`NAME` of the recipe: default or article")
	f.Flags.StringVar(&f.Out, "out", "", fmt.Sprintf("`DIR` for what is written (default the first of %s, %[1]s-2 and so on that holds no run)", out))
	f.Flags.BoolVar(&f.Force, "force", false, "overwrite the run that the folder holds")
	f.Flags.BoolVar(&f.JSON, "json", false, "print one JSON object on the standard output, all else on the standard error")
	return f
}

// DatasetOf makes dataset, a name or a path, that of d.
func DatasetOf(d train.Data, dataset string) (train.Data, error) {
	d.Dataset = dataset
	if !train.IsPath(dataset) {
		if !slices.Contains(train.Datasets, dataset) {
			_, err := train.DefaultRecipe(dataset, model.Discriminative, "")
			return d, Usagef("dataset: %w", err)
		}
		return d, nil
	}
	var err error
	if d.Dataset, err = filepath.Abs(dataset); err != nil { // eval may run in another folder
		return d, err
	}
	if d.Dir != "" {
		return d, Usagef("--data: %s is a path itself", dataset)
	}
	if err := d.Validate(); err != nil {
		return d, Usage(err)
	}
	return d, nil
}

// ColumnUsage makes a mistake of the command line of the columns that a file does not have.
func ColumnUsage(err error) error {
	var column *data.ColumnError
	if errors.As(err, &column) {
		return Usagef("%w (--label for a class, --target for a regression)", err)
	}
	return err
}

// Recipe returns the recipe for the dataset that args name, with the changes that the file of
// --config and then flags ask for.
func (f *RecipeFlags) Recipe(args []string, dataset string) (train.Recipe, error) {
	var given train.Recipe
	if err := Apply(f.Flags, &given); err != nil {
		return given, err
	}
	if len(args) > 0 {
		dataset = args[0]
	}
	if _, err := DatasetOf(given.Data, dataset); err != nil && (f.Config == "" || len(args) > 0) {
		return given, err
	}
	if _, err := train.DefaultRecipe(config.DefaultDataset, model.Discriminative, f.Name); err != nil {
		return given, Usagef("--recipe: %w", err)
	}
	if f.Name != "default" && train.IsPath(dataset) {
		return given, Usagef("--recipe %s: there is none for data of your own", f.Name)
	}
	choice := config.Choice{Recipe: f.Name, Fallback: dataset, Change: func(r *train.Recipe) {
		if len(args) > 0 {
			r.Data.Dataset = args[0]
		}
		Apply(f.Flags, r, choosing...) // which has been checked
	}}
	r, err := config.Load(f.Config, choice)
	if err != nil {
		return r, ColumnUsage(err)
	}
	if err := Apply(f.Flags, &r); err != nil {
		return r, err
	}
	if err := f.setBottom(&r.Model); err != nil {
		return r, err
	}
	if err := CheckDir(r.Data); err != nil {
		return r, err
	}
	if err := r.Validate(); err != nil {
		return r, Usage(err)
	}
	if r.Inference, err = r.Inference.WithDefaults(); err != nil {
		return r, Usage(err)
	}
	r.Learning, err = r.Learning.WithDefaults()
	return r, err
}

// choosing are the flags that decide the default recipe, or what of it does not apply.
var choosing = []string{"data", "label", "target", "inputs", "drop", "sequence", "test", "size", "colour", "validation", "direction", "network", "layers", "from", "parametrization", "weight-init"}

// setBottom gives the bottom node of c the form of energy that --bottom-energy names,
// whichever end of the sizes it is.
func (f *RecipeFlags) setBottom(c *model.Config) error {
	if f.bottom == "" {
		return nil
	}
	var e model.NodeEnergy
	if err := e.UnmarshalText([]byte(f.bottom)); err != nil {
		return Usagef("--bottom-energy: %v", err)
	}
	if !c.Chain() {
		return Usagef("--bottom-energy: is for a chain of layers, got nodes: give the energy with the prediction")
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

// CheckDir refuses a folder for a dataset that is not read from one.
func CheckDir(d train.Data) error {
	if d.Dir != "" && !d.FromFiles() {
		return Usagef("--data: %s needs no files", d.Dataset)
	}
	return nil
}

// Claim opens the folder for a new run: the one of --out, which must hold no run unless
// --force says that it may go, or else the first of name, name-2, name-3 and so on that holds
// none.
func (f *RecipeFlags) Claim(name string) (*run.Folder, error) {
	open := run.Claim
	if f.Out != "" || f.Force {
		open = run.OpenFolder
	}
	d, err := open(cmp.Or(f.Out, name))
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	switch file := d.Holds(); {
	case file == "":
		return d, nil
	case f.Force:
		return d, d.Clear()
	default:
		d.Release()
		return nil, Usagef("--out %s: holds a run already, of which %s is a part: name another folder, or give --force to overwrite it", d.Dir, file)
	}
}

// LoadSets loads the data of r, which its network must fit.
func LoadSets(r train.Recipe) (train.Sets, error) {
	sets, err := trained.LoadSets(r)
	if err != nil && r.Learning.From != "" { // which opened before
		return sets, Usage(err)
	}
	if err != nil {
		return sets, err
	}
	LogSets(r.Data, sets)
	if err := r.CheckSets(sets); err != nil {
		return sets, Usage(err)
	}
	return sets, nil
}

// Args accepts from low to high arguments.
func Args(low, high int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return fmt.Errorf("arguments: must be %s, got %d", c.Use, len(args))
		}
		return nil
	}
}

// DatasetArgs accepts at most the name, or the path, of a dataset.
func DatasetArgs(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("dataset: must be one, got %s", strings.Join(args, " "))
	}
	if len(args) == 1 {
		_, err := DatasetOf(train.Data{}, args[0])
		return err
	}
	return nil
}
