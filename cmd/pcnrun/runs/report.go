package runs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
)

// Report is the command report.
func Report(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "report DIR...",
		Short: "Write a page about a run, or compare several",
		Long: `Write report.html in the folder of a run: one file with its curves, its confusion
matrix, images that are taken for another class, what a generative network generates
and completes, how it settles, the weights next to images, the feature maps of one as it
settles, the machine, and the command that gives it again.

Of several folders, or one with runs within, such as of a sweep or of compare, a page
is written that compares their runs, in a table of what differs and in curves. Runs in
one folder that differ by their seeds alone are averaged. A folder among several that
holds no run is left out.

Examples come from the validation part. The test part is not touched: its score is
the one that the run itself recorded.`,
		Example: `  pcnrun report runs/digits
  pcnrun report runs/digits runs/digits-2 --out compare.html
  pcnrun report runs/sweep`,
		Args: cobra.MinimumNArgs(1),
	}
	c.Flags().SortFlags = false
	out := c.Flags().String("out", "", "HTML `FILE` (default report.html in DIR; of several DIR, compare.html)")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var runs []*run.Past
		for _, dir := range args {
			within, err := run.Within(dir)
			if info, _ := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && info != nil && info.IsDir() && len(args) > 1 {
				a.Warn("%v: left out", err)
				continue
			}
			if err != nil {
				return err
			}
			runs = append(runs, within...)
		}
		if len(runs) == 0 {
			return fmt.Errorf("none of %s holds a run", strings.Join(args, ", "))
		}
		path := "compare.html"
		if len(args) == 1 {
			path = filepath.Join(args[0], run.ReportFile)
		}
		path = cmp.Or(*out, path)
		var p *report.Page
		var err error
		if len(runs) > 1 {
			if p, err = run.ComparePage(runs); err != nil {
				err = cli.Usage(err)
			}
		} else {
			p, err = runs[0].Page(c.Context())
		}
		if err != nil {
			return err
		}
		if err := p.Save(path); err != nil {
			return err
		}
		if *json {
			return cli.PrintJSON(a.Stdout, map[string]any{"report": path, "runs": listed(runs)})
		}
		_, err = fmt.Fprintf(a.Stdout, "wrote %s\n", path)
		return err
	}
	return c
}
