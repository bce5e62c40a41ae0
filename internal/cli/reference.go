package cli

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"example.com/pcn/internal/atomicfile"
)

// WriteMarkdown writes the reference of a command and those below it in Markdown to a folder, with the pages that are of no command.
func WriteMarkdown(root *cobra.Command, dir string) error {
	forReference(root)
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

// WriteMan writes the same as manual pages.
func WriteMan(root *cobra.Command, dir string) error {
	forReference(root)
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
