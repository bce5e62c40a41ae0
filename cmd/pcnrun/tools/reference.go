package tools

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// Man is the command man.
func Man(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages",
		Long: `Write a manual page for each command to a folder, which is made if there is none.
With --markdown they are the reference in Markdown instead, with links from one
command to another.`,
		Example: `  pcnrun man ~/.local/share/man/man1
  pcnrun man --markdown reference`,
		Args: cli.Args(1, 1),
	}
	markdown := c.Flags().Bool("markdown", false, "write Markdown")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := args[0]
		if err := run.MakeFolder(dir); err != nil {
			return err
		}
		pattern, write := "*.1", cli.WriteMan
		if *markdown {
			pattern, write = "*.md", cli.WriteMarkdown
		}
		if err := write(c.Root(), dir); err != nil {
			return err
		}
		pages, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		if *json {
			return cli.PrintJSON(a.Stdout, map[string]any{"dir": dir, "pages": pages})
		}
		_, err = fmt.Fprintf(a.Stdout, "wrote %d pages to %s\n", len(pages), dir)
		return err
	}
	return c
}
