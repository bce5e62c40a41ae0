package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Colours, as the parameters of ANSI's select graphic rendition.
const (
	bold   = "1"
	red    = "31"
	yellow = "33"
)

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// jsonFlag adds the flag for a result as JSON.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print one JSON object")
}

// showsBars reports whether bars may be drawn on the standard error.
func (a *app) showsBars() bool { return isTerminal(a.stderr) && !a.quiet && !a.verbose }

// paint returns text in a colour where w is a terminal and NO_COLOR is not set
// (https://no-color.org).
func paint(w io.Writer, colour, text string) string {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
