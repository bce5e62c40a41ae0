// Package settings has the commands for files of settings.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
)

// Config is the command config.
func Config(a *cli.App) *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "config",
		Short: "Write, check and print files of settings",
		Long: `Write, check and print files of settings in YAML, as train and compare take with
--config. A file may leave out what it does not change: it lies over the default
recipe of its dataset and direction, and flags lie over it. A run's recipe.yaml is
such a file.

Unknown keys and bad values are refused, with the file, the line and the column.`,
		Example: `  pcnrun config init digits
  pcnrun config check run.yaml
  pcnrun train --config run.yaml --seed 2`,
	}, ConfigInit(a), ConfigCheck(a), ConfigShow(a))
}

// choiceFlags choose a default recipe.
type choiceFlags struct {
	direction string
	recipe    string
	network   *pflag.FlagSet // of commands that take one
}

func (f *choiceFlags) add(c *cobra.Command) {
	c.Flags().SortFlags = false
	c.Flags().StringVar(&f.direction, "direction", "", "`DIRECTION`: discriminative or generative (default the file's, else discriminative)")
	c.Flags().StringVar(&f.recipe, "recipe", "default", "`NAME` of the recipe: default or article")
}

func (f *choiceFlags) choice(dataset string) (config.Choice, error) {
	var direction model.Direction
	if f.direction != "" {
		if err := direction.UnmarshalText([]byte(f.direction)); err != nil {
			return config.Choice{}, cli.Usagef("--direction: %w", err)
		}
	}
	choice := config.Choice{Recipe: f.recipe, Change: func(r *train.Recipe) {
		r.Data.Dataset = cmp.Or(dataset, r.Data.Dataset)
		if f.direction != "" {
			r.Model.Direction = direction
		}
		if f.network != nil {
			cli.Apply(f.network, r) // network, which takes any text
		}
	}}
	if _, err := train.DefaultRecipe(config.DefaultDataset, model.Discriminative, f.recipe); err != nil {
		return choice, cli.Usagef("--recipe: %w", err)
	}
	return choice, nil
}

// ConfigInit is the command config init.
func ConfigInit(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "init [" + strings.Join(train.Datasets, "|") + "]",
		Short: "Write the default settings with a comment for each",
		Long: `Write the default settings of a dataset, digits by default, to a file, with a
comment for each. Lines may be taken out: what is left out is as in the default
recipe.`,
		Example: "  pcnrun config init\n  pcnrun config init mnist --direction generative --out mnist.yaml",
		Args:    cli.DatasetArgs,
	}
	var f choiceFlags
	f.add(c)
	write := a.WriteFlags(c, "run.yaml")
	c.RunE = func(_ *cobra.Command, args []string) error {
		dataset := config.DefaultDataset
		if len(args) > 0 {
			dataset = args[0]
		}
		choice, err := f.choice(dataset)
		if err != nil {
			return err
		}
		r, err := config.Load("", choice)
		if err != nil {
			return err
		}
		text, err := config.Commented(r)
		if err != nil {
			return err
		}
		return write(text)
	}
	return c
}

// ConfigCheck is the command config check.
func ConfigCheck(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say all that is wrong with files of settings",
		Long: `Say all that is wrong with files of settings: a line for each mistake, with the
file, the line, the column, and what was expected, and whether the layers fit the
data where it is here. The exit code is 1 if there is any.`,
		Example: "  pcnrun config check run.yaml",
		Args:    cobra.MinimumNArgs(1),
	}
	var f choiceFlags
	f.add(c)
	json := c.Flags().Bool("json", false, "print one JSON object for each mistake, a line each")
	c.RunE = func(_ *cobra.Command, args []string) error {
		choice, err := f.choice("")
		if err != nil {
			return err
		}
		mistakes := 0
		for _, path := range args {
			found := config.Check(path, choice)
			if mistakes += len(found); len(found) == 0 && !*json {
				fmt.Fprintf(a.Stdout, "%s is right\n", path)
			}
			for _, e := range found {
				if err := printMistake(a, e, *json); err != nil {
					return err
				}
			}
		}
		switch mistakes {
		case 0:
			return nil
		case 1:
			return errors.New("1 mistake")
		}
		return fmt.Errorf("%d mistakes", mistakes)
	}
	return c
}

func printMistake(a *cli.App, e yamlfile.Error, json bool) error {
	if json {
		return cli.PrintJSON(a.Stdout, e)
	}
	_, err := fmt.Fprintln(a.Stdout, e)
	return err
}

// ConfigShow is the command config show.
func ConfigShow(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "show [FILE|" + strings.Join(train.Datasets, "|") + "]",
		Short: "Print the settings that a file, or a dataset's recipe, comes to",
		Long: `Print the settings that train would use with a file, or for a dataset without one:
all of them, those that are left out too. --table prints the network instead: each
node with its shape and what it is predicted from, by which scale and map, with the
numbers that this learns and the multiply-adds that it takes in a step of settling
for an example, both ends clamped. --expand prints a network that has a name by its
nodes and predictions, to copy and change.`,
		Example: "  pcnrun config show run.yaml\n  pcnrun config show sine --recipe article\n  pcnrun config show digits --network \"resnet-mlp depth=4 width=32\" --table",
		Args:    cli.Args(0, 1),
	}
	var f choiceFlags
	f.add(c)
	cli.AddSettings(c.Flags(), "", "network")
	f.network = c.Flags()
	table := c.Flags().Bool("table", false, "print the network as a table of its nodes")
	expand := c.Flags().Bool("expand", false, "print a network that has a name by its nodes and predictions")
	json := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = func(_ *cobra.Command, args []string) error {
		file, dataset := "", ""
		switch {
		case len(args) == 1 && slices.Contains(train.Datasets, args[0]):
			dataset = args[0]
		case len(args) == 1:
			file = args[0]
		}
		choice, err := f.choice(dataset)
		if err != nil {
			return err
		}
		r, err := config.Load(file, choice)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w, and it is no dataset: must be a file or one of %s", err, strings.Join(train.Datasets, ", "))
		}
		if err != nil {
			return err
		}
		if err := r.Validate(); err != nil {
			return cli.Usage(err)
		}
		if *table {
			return printOutline(a, r.Model, *json)
		}
		if *expand {
			if r.Model, err = r.Model.Expanded(); err != nil {
				return err
			}
		}
		if *json {
			return cli.PrintJSON(a.Stdout, r)
		}
		text, err := r.YAML()
		if err != nil {
			return err
		}
		_, err = a.Stdout.Write(text)
		return err
	}
	return c
}
