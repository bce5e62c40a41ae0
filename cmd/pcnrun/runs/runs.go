// Package runs has the commands that list and report training runs.
package runs

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// Runs is the command runs.
func Runs(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "runs [DIR]",
		Short: "List training runs",
		Long: `List the training runs in a folder, runs by default, and in the folders within: what
was learned, how far it came, and how it scored. A run whose process was killed is
stopped: pcnrun train --resume goes on with it. Runs that cannot be read are named
at the end, and the exit code is then 1.`,
		Example: "  pcnrun runs\n  pcnrun runs --json | jq .test_accuracy",
		Args:    cli.Args(0, 1),
	}
	json := c.Flags().Bool("json", false, "print one JSON object for each run, a line each")
	c.RunE = func(_ *cobra.Command, args []string) error {
		dir := "runs"
		if len(args) > 0 {
			dir = args[0]
		}
		return runs(a, dir, *json)
	}
	return c
}

// listedRun is what --json prints of a run.
type listedRun struct {
	Dir     string    `json:"dir"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Command string    `json:"command"`
	run.Result
}

func listed(runs []*run.Past) []listedRun {
	var list []listedRun
	for _, r := range runs {
		list = append(list, listedRun{r.Dir, r.Record.Started, r.Record.Updated, r.Record.Command, r.Record.Result})
	}
	return list
}

func runs(a *cli.App, dir string, json bool) error {
	found, unread, err := run.List(dir)
	if err != nil {
		return err
	}
	list := listed(found)
	if json {
		for _, r := range list {
			if err := cli.PrintJSON(a.Stdout, r); err != nil {
				return err
			}
		}
		return errors.Join(unread...)
	}
	if len(list) == 0 {
		return errors.Join(append(unread, fmt.Errorf("no runs in %s", dir))...)
	}
	t := tabwriter.NewWriter(a.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "run\tdataset\tdirection\tepochs\tstatus\tvalidation\ttest\twhen")
	for i, r := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d/%d\t%s\t%s\t%s\t%s\n", r.Dir, r.Dataset, r.Direction, r.Epochs, found[i].Record.Recipe.Learning.Epochs,
			r.StatusText(), r.ValidationText(), r.TestText(), r.Started.Local().Format("2006-01-02 15:04"))
	}
	return errors.Join(append(unread, t.Flush())...)
}
