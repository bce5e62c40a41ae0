package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/pcn/internal/jsonfloat"
)

// Colours, as the parameters of ANSI's select graphic rendition.
const (
	bold   = "1"
	red    = "31"
	yellow = "33"
)

// screen is the standard output or the standard error. All that the commands print
// goes through one, and much of it is foreign: names of classes, columns, datasets
// and folders. What would steer a terminal is written as a Go or JSON string has
// it, \u001b; so a JSON object stays one, of the same value. Its own sequences pcnrun
// writes to raw.
type screen struct {
	raw     io.Writer
	mu      sync.Mutex
	partial []byte // the beginning of a character that the next Write ends
	text    []byte // scratch
	unread  func() // called where raw is a pipe that nobody reads any more; nil for nothing
}

// Write writes p, or all of it but the beginning of a last character.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := append(s.partial, p...)
	s.text = s.text[:0]
	for len(rest) > 0 && utf8.FullRune(rest) {
		r, size := utf8.DecodeRune(rest)
		s.text = appendHarmless(s.text, r, rest[:size])
		rest = rest[size:]
	}
	s.partial = append(s.partial[:0], rest...)
	if _, err := s.raw.Write(s.text); err != nil {
		if s.unread != nil && errors.Is(err, syscall.EPIPE) {
			s.unread()
		}
		return 0, err
	}
	return len(p), nil
}

// flush writes what was to be the beginning of a character, and is not.
func (s *screen) flush() {
	for _, b := range s.partial {
		fmt.Fprintf(s.raw, `\x%02x`, b)
	}
	s.partial = nil
}

// appendHarmless appends the character r, which p encodes, or its number where it
// would steer a terminal: control characters but for line ends and tabs, and those
// that turn the direction of writing. What is no UTF-8 may be a control character of
// an older code.
func appendHarmless(text []byte, r rune, p []byte) []byte {
	switch {
	case r == utf8.RuneError && len(p) == 1:
		return fmt.Appendf(text, `\x%02x`, p[0])
	case r < ' ' && r != '\n' && r != '\t', 0x7f <= r && r <= 0x9f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return fmt.Appendf(text, `\u%04x`, r)
	}
	return append(text, p...)
}

// rawOf returns what a screen writes to, for a progress bar.
func rawOf(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s.raw
	}
	return w
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := rawOf(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// number is null in JSON where it is not finite.
type number = jsonfloat.Float

// printJSON prints v as one line.
func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// jsonFlag adds the flag for a result as JSON.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print one JSON object")
}

// showsBars reports whether bars may be drawn on the standard error.
func (a *app) showsBars() bool { return isTerminal(a.stderr) && !a.quiet && !a.verbose }

// paint writes text, in a colour where w is a terminal and NO_COLOR is not set
// (https://no-color.org).
func paint(w io.Writer, colour, text string) {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		io.WriteString(w, text)
		return
	}
	fmt.Fprintf(rawOf(w), "\x1b[%sm", colour)
	io.WriteString(w, text)
	io.WriteString(rawOf(w), "\x1b[0m")
}
