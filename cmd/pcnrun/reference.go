package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

//go:generate go run . man --markdown doc

func (a *app) manCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages",
		Long: `Write a manual page for each command to a folder, which is made if there is none.
With --markdown they are the reference in Markdown instead, with links from one
command to another.`,
		Example: `  pcnrun man ~/.local/share/man/man1
  pcnrun man --markdown reference`,
		Args: wantArgs(1, 1),
	}
	markdown := c.Flags().Bool("markdown", false, "write Markdown")
	json := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := args[0]
		if err := makeFolder(dir); err != nil {
			return err
		}
		pattern, write := "*.1", writeManPages
		if *markdown {
			pattern, write = "*.md", doc.GenMarkdownTree
		}
		if err := write(c.Root(), dir); err != nil {
			return err
		}
		pages, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		if *json {
			return printJSON(a.stdout, map[string]any{"dir": dir, "pages": pages})
		}
		_, err = fmt.Fprintf(a.stdout, "wrote %d pages to %s\n", len(pages), dir)
		return err
	}
	return c
}

// writeManPages writes manual pages. Of the same commands the same bytes come.
func writeManPages(root *cobra.Command, dir string) error {
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: root.Name(), Manual: "pcn", Date: new(time.Time)}, dir)
}
