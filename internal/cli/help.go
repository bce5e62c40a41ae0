package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/train/config"
)

// outputFlags is the heading of flags of no other group.
const outputFlags = "Output"

// flagGroups are the headings of groups of flags, in the order in which help shows them.
var flagGroups = append(slices.Clone(config.Groups), outputFlags)

// groups are those of flags that are no settings.
var groups = map[string]string{
	"config": config.OfSettings, "names": config.OfSettings, "recipe": config.OfSettings,
	"dataset": config.OfData, "input": config.OfData, "format": config.OfData, "mask": config.OfData, "denoise": config.OfData,
	"bottom-energy": config.OfNetwork, "by": config.OfSettling, "temperature": config.OfSettling,
}

// columns is where lines of help break.
const columns = 100

// fewFlags is how many flags need no headings.
const fewFlags = 8

// groupOf returns the heading of a flag.
func groupOf(f *pflag.Flag) string {
	if s, ok := f.Value.(*setting); ok {
		return s.Group
	}
	return cmp.Or(groups[f.Name], outputFlags)
}

// flagsText lists a command's own flags, under headings where there are many.
func flagsText(c *cobra.Command) string {
	under := map[string]*pflag.FlagSet{}
	n := 0
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || c.PersistentFlags().Lookup(f.Name) != nil {
			return
		}
		n++
		group := groupOf(f)
		if under[group] == nil {
			under[group] = pflag.NewFlagSet(group, pflag.ContinueOnError)
			under[group].SortFlags = false
		}
		under[group].AddFlag(f)
	})
	if n == 0 {
		return ""
	}
	if n <= fewFlags || len(under) == 1 {
		own := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
		own.SortFlags = false
		for _, group := range flagGroups {
			own.AddFlagSet(under[group])
		}
		return "\nFlags:\n" + own.FlagUsagesWrapped(columns)
	}
	var b strings.Builder
	for _, group := range flagGroups {
		if flags := under[group]; flags != nil {
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
