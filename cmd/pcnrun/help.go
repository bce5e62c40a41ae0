package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Headings of groups of flags, in the order in which help shows them.
const (
	settingsFlags = "Settings"
	dataFlags     = "Data"
	networkFlags  = "Network"
	learningFlags = "Learning"
	settlingFlags = "Settling"
	outputFlags   = "Output"
)

var flagGroups = []string{settingsFlags, dataFlags, networkFlags, learningFlags, settlingFlags, outputFlags}

// flagsUnder are the flags of each group, on whichever command they are.
var flagsUnder = map[string][]string{
	settingsFlags: {"config", "names", "recipe", "seed"},
	dataFlags:     {"data", "dataset", "label", "target", "sequence", "test", "size", "colour", "limit", "validation", "standardize", "augment", "input", "format", "mask", "denoise"},
	networkFlags:  {"layers", "network", "direction", "activation", "top-activation", "bottom-energy", "energies", "precisions", "weight-decay", "activity-prior", "parametrization", "weight-init", "dtype"},
	learningFlags: {"rule", "epochs", "batch", "rate", "schedule", "patience", "optimizer"},
	settlingFlags: {"method", "steps", "tolerance", "inference-rate", "lag", "node-rates", "node-steps", "init", "unguarded", "by", "temperature"},
}

// columns is where lines of help break.
const columns = 100

// fewFlags is how many flags need no headings.
const fewFlags = 8

// groupOf returns the heading of a flag.
func groupOf(f *pflag.Flag) string {
	for _, group := range flagGroups {
		if slices.Contains(flagsUnder[group], f.Name) {
			return group
		}
	}
	return outputFlags
}

// flagsText lists a command's own flags, under headings where there are many.
func flagsText(c *cobra.Command) string {
	groups := map[string]*pflag.FlagSet{}
	n := 0
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || c.PersistentFlags().Lookup(f.Name) != nil {
			return
		}
		n++
		group := groupOf(f)
		if groups[group] == nil {
			groups[group] = pflag.NewFlagSet(group, pflag.ContinueOnError)
			groups[group].SortFlags = false
		}
		groups[group].AddFlag(f)
	})
	if n == 0 {
		return ""
	}
	if n <= fewFlags || len(groups) == 1 {
		own := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
		own.SortFlags = false
		for _, group := range flagGroups {
			own.AddFlagSet(groups[group])
		}
		return "\nFlags:\n" + own.FlagUsagesWrapped(columns)
	}
	var b strings.Builder
	for _, group := range flagGroups {
		if flags := groups[group]; flags != nil {
			fmt.Fprintf(&b, "\n%s:\n%s", group, flags.FlagUsagesWrapped(columns))
		}
	}
	return b.String()
}

// globalFlagsText lists the flags that all commands have.
func globalFlagsText(c *cobra.Command) string {
	flags := c.InheritedFlags()
	if !c.HasParent() {
		flags = c.PersistentFlags()
	}
	return flags.FlagUsagesWrapped(columns)
}

// usageTemplate is cobra's, with flags under headings.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$c := .}}{{range .Groups}}

{{.Title}}:{{$id := .ID}}{{range $c.Commands}}{{if and .IsAvailableCommand (eq .GroupID $id)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if not .Groups}}

Commands:{{end}}{{range .Commands}}{{if and .IsAvailableCommand (eq .GroupID "")}}{{if $c.Groups}}{{else}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{if .HasHelpSubCommands}}

Pages:{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{ownFlags .}}
Flags of all commands:
{{globalFlags .}}{{if .HasAvailableSubCommands}}
'{{.CommandPath}} [command] --help' says more about a command.
{{end}}`

func init() {
	cobra.EnableCommandSorting = false
	cobra.AddTemplateFunc("ownFlags", flagsText)
	cobra.AddTemplateFunc("globalFlags", globalFlagsText)
}

// Groups of commands.
const (
	learnGroup = "learn"
	useGroup   = "use"
	otherGroup = "other"
)

// addGroups puts the commands of root under headings.
func addGroups(root *cobra.Command) {
	root.AddGroup(
		&cobra.Group{ID: learnGroup, Title: "Train"},
		&cobra.Group{ID: useGroup, Title: "Use a model"},
		&cobra.Group{ID: otherGroup, Title: "More"},
	)
	groups := map[string]string{}
	for _, name := range []string{"train", "compare", "sweep", "reproduce", "config", "data", "runs", "report"} {
		groups[name] = learnGroup
	}
	for _, name := range []string{"eval", "predict", "classify", "generate", "complete", "play", "inspect", "export", "import"} {
		groups[name] = useGroup
	}
	for _, c := range root.Commands() {
		if c.GroupID = groups[c.Name()]; c.GroupID == "" {
			c.GroupID = otherGroup
		}
	}
	root.SetHelpCommandGroupID(otherGroup)
}
