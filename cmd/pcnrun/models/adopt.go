package models

import (
	"fmt"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/model"
	"example.com/pcn/train/config"
	"example.com/pcn/train/trained"
)

// adopt makes a model of the network that a file of settings and flags say, with the layers
// of a file from elsewhere.
func adopt(a *cli.App, f *cli.ModelFlags, path, settings, namesPath string) (*model.Network, error) {
	of := &cli.RecipeFlags{Flags: f.Flags, Config: settings, Name: "default"}
	if f.Flags.Changed("recipe") {
		of.Name = f.Recipe
	}
	var dataset []string
	switch {
	case f.Dataset != "":
		dataset = []string{f.Dataset}
	case settings == "":
		return nil, cli.Usagef("--network: must be with --dataset, or with --config, which says what it learned from")
	}
	r, err := of.Recipe(dataset, config.DefaultDataset)
	if err != nil {
		return nil, err
	}
	names, err := tensorNames(namesPath)
	if err != nil {
		return nil, err
	}
	sets, err := cli.LoadSets(r)
	if err != nil {
		return nil, err
	}
	n, err := model.New(r.Model)
	if err != nil {
		return nil, err
	}
	adopted, err := n.Adopt(path, names)
	if err != nil {
		return nil, err
	}
	for _, p := range adopted {
		fmt.Fprintln(a.Info(), p)
	}
	return n, trained.Describe(n, r, sets, sets.Fingerprints())
}

// tensorNames reads a file that says which tensor each parameter is made from; none
// without a path.
func tensorNames(path string) (names map[string]string, err error) {
	if path == "" {
		return nil, nil
	}
	root, err := yamlfile.Read(path)
	if err != nil {
		return nil, err
	}
	_, errs := root.Decode(&names)
	return names, errs.Err()
}
