package main

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

func dataDirFlag(flags *pflag.FlagSet) {
	recipeFlag(flags, "data", "DIR", "folder of the files of mnist, fashion-mnist, cifar10 or cifar100", func(r *train.Recipe, text string) (err error) {
		r.Data.Dir, err = filepath.Abs(text) // eval may run in another folder
		return err
	})
}

// addColumnFlags adds the flags for data of one's own.
func addColumnFlags(flags *pflag.FlagSet) {
	names := func(field func(r *train.Recipe) *[]string) func(r *train.Recipe, text string) error {
		return func(r *train.Recipe, text string) (err error) {
			*field(r), err = data.ParseNames(text)
			return err
		}
	}
	recipeFlag(flags, "label", "COLUMN", "of your own data: the column, or array, that holds the class", func(r *train.Recipe, text string) error {
		r.Data.Label = text
		return nil
	})
	recipeFlag(flags, "target", "COLUMNS", "of your own data: the columns to regress on, separated by commas, or array;\na name with a comma in quotes, as in CSV", names(func(r *train.Recipe) *[]string { return &r.Data.Target }))
	recipeFlag(flags, "inputs", "COLUMNS", "of your own data: the columns that are inputs, or array (default all that are not\nlearned)", names(func(r *train.Recipe) *[]string { return &r.Data.Inputs }))
	recipeFlag(flags, "drop", "COLUMNS", "of your own data: columns that are no inputs", names(func(r *train.Recipe) *[]string { return &r.Data.Drop }))
	recipeFlag(flags, "sequence", "ROWS", "of your own data: rows in their order make sequences, of so many such as 50, of a\ncolumn that tells them apart, or both, run 50; without --target the next row is\nlearned (default 20 for a network that remembers)", func(r *train.Recipe, text string) error {
		return r.Data.Sequence.UnmarshalText([]byte(text))
	})
	recipeFlag(flags, "test", "SHARE|PATH", "of your own data: what is kept for the test (default 0.15, or its own part)", func(r *train.Recipe, text string) (err error) {
		r.Data.Test = text
		if _, number := strconv.ParseFloat(text, 64); number != nil {
			r.Data.Test, err = filepath.Abs(text)
		}
		return err
	})
}

// augmentFlag adds the flag for how training images are varied.
func augmentFlag(flags *pflag.FlagSet, otherwise string) {
	recipeFlag(flags, "augment", "LIST", "vary training images each time that they are learned from: flip mirrors them,\nshift=N moves them by up to N pixels, crop=N cuts them out of a black border of\nN pixels; such as flip,crop=4, or none"+otherwise, func(r *train.Recipe, text string) error {
		return r.Data.Augment.UnmarshalText([]byte(text))
	})
}

// addImageFlags adds the flags for folders of images.
func addImageFlags(flags *pflag.FlagSet) {
	recipeFlag(flags, "size", "SIZE", "of your own folder of images: resize them to WIDTHxHEIGHT such as 32x24, or one\nnumber for a square (default their own, which must be the same)", func(r *train.Recipe, text string) error {
		return r.Data.Size.UnmarshalText([]byte(text))
	})
	recipeFlag(flags, "colour", "NAME", "of your own folder of images: "+strings.Join(data.Colours, " or ")+" (default rgb where any has colours)", func(r *train.Recipe, text string) error {
		return r.Data.Colour.UnmarshalText([]byte(text))
	})
}

// standardizeFlag adds the flag for how inputs are scaled.
func standardizeFlag(flags *pflag.FlagSet) {
	recipeFlag(flags, "standardize", "PER", "give each column, or each channel of images, zero mean and unit variance over\nthe training part: "+strings.Join(data.Pers, ", ")+" (recipe's)", func(r *train.Recipe, text string) error {
		return r.Data.Standardize.UnmarshalText([]byte(text))
	})
}
