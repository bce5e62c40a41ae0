package cli

import (
	"slices"

	"github.com/spf13/pflag"

	"example.com/pcn/train"
	"example.com/pcn/train/config"
)

// setting is the value of a flag that gives a setting of a recipe.
type setting struct {
	config.Key
	text string
}

func (s *setting) String() string { return s.text }
func (s *setting) Type() string   { return s.Value }

// Set checks a text on a recipe that is thrown away.
func (s *setting) Set(text string) error {
	s.text = text
	return s.Key.Set(new(train.Recipe), text)
}

// Recipes says that a setting which no flag gives is the recipe's.
const Recipes = "recipe's"

// InferenceFlags are the flags for how latents settle.
var InferenceFlags = []string{"method", "steps", "tolerance", "inference-rate", "node-rates", "node-steps"}

// AddSettings adds flags for settings, by their names. otherwise says what a setting is that
// no flag gives.
func AddSettings(flags *pflag.FlagSet, otherwise string, names ...string) {
	flags.SortFlags = false
	for _, k := range config.Keys() {
		if k.Flag == "" || !slices.Contains(names, k.Flag) {
			continue
		}
		of := otherwise
		if k.Example != "" && of == Recipes {
			of = "" // a recipe leaves it out
		}
		flags.Var(&setting{Key: k}, k.Flag, k.Usage(of))
		if k.Value == "bool" {
			flags.Lookup(k.Flag).NoOptDefVal = "true"
		}
	}
}

// Apply changes r as the settings say that flags give, of these names or, without any, all.
func Apply(flags *pflag.FlagSet, r *train.Recipe, names ...string) error {
	given := map[string]string{}
	flags.Visit(func(f *pflag.Flag) {
		if s, ok := f.Value.(*setting); ok && (len(names) == 0 || slices.Contains(names, f.Name)) {
			given[f.Name] = s.text
		}
	})
	return config.Lay(r, given)
}
