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
was learned, how far it came, and how it scored. Runs in one folder that differ by their
seeds alone, such as of a sweep or of compare --seeds, have one line, with the mean of
their scores ± its standard error; of runs that differ in few settings these are
shown. A run whose process was killed is stopped: pcnrun train --resume goes on with
it. Runs that cannot be read are named at the end, and the exit code is then 1.`,
		Example: "  pcnrun runs\n  pcnrun runs --json | jq .test_accuracy",
		Args:    cli.Args(0, 1),
	}
	each := c.Flags().Bool("each", false, "a line for each run, whatever it differs by from others")
	json := c.Flags().Bool("json", false, "print one JSON object for each run, a line each")
	c.RunE = func(_ *cobra.Command, args []string) error {
		dir := "runs"
		if len(args) > 0 {
			dir = args[0]
		}
		return runs(a, dir, *each, *json)
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

func runs(a *cli.App, dir string, each, json bool) error {
	found, unread, err := run.List(dir)
	if err != nil {
		return err
	}
	if json {
		for _, r := range listed(found) {
			if err := cli.PrintJSON(a.Stdout, r); err != nil {
				return err
			}
		}
		return errors.Join(unread...)
	}
	if len(found) == 0 {
		return errors.Join(append(unread, fmt.Errorf("no runs in %s", dir))...)
	}
	groups, err := run.Groups(found)
	if err != nil {
		return err
	}
	if each {
		groups = run.Alone(groups)
	}
	t := tabwriter.NewWriter(a.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "run\tdataset\tdirection\tepochs\tstatus\tvalidation\ttest\twhen\tseeds\tdiffers by")
	for _, g := range groups {
		r := g.Runs[0].Record
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", g.Name(), r.Result.Dataset, r.Result.Direction, g.EpochsText(),
			g.StatusText(), g.ValidationText(), g.TestText(), r.Started.Local().Format("2006-01-02 15:04"), g.SeedsText(), g.Settings())
	}
	return errors.Join(append(unread, t.Flush())...)
}
