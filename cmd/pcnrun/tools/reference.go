package tools

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"example.com/pcn/internal/atomicfile"
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
		pattern, write := "*.1", writeManPages
		if *markdown {
			pattern, write = "*.md", writeMarkdown
		}
		forReference(c.Root())
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

// writeMarkdown writes the reference in Markdown, with the pages that are of no command.
func writeMarkdown(root *cobra.Command, dir string) error {
	for _, c := range root.Commands() {
		if !c.IsAdditionalHelpTopicCommand() {
			continue
		}
		err := atomicfile.Write(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "_")+".md"), func(w io.Writer) error {
			return doc.GenMarkdown(c, w)
		})
		if err != nil {
			return err
		}
	}
	return doc.GenMarkdownTree(root, dir)
}

// writeManPages writes manual pages.
func writeManPages(root *cobra.Command, dir string) error {
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: root.Name(), Manual: "pcn"}, dir)
}

// forReference makes the long help of c, and of the commands below it, Markdown.
func forReference(c *cobra.Command) {
	c.DisableAutoGenTag = true // it would have the date
	c.Long = markdownText(c.Long)
	for _, child := range c.Commands() {
		forReference(child)
	}
}

// markdownText makes text Markdown: blocks of indented lines are code.
func markdownText(text string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(text) {
		if indented := strings.HasPrefix(line, "  "); indented != code && strings.TrimSpace(line) != "" {
			code = indented
			b.WriteByte('\n') // between prose and code
		}
		if code {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
