// Package terminal is what commands print to: it keeps foreign text from steering a terminal,
// paints and shows bars where there is one, and hears the signals that end a process.
package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// Colours, as the parameters of ANSI's select graphic rendition.
const (
	Bold   = "1"
	Red    = "31"
	Yellow = "33"
)

// Screen is the standard output or the standard error. All that the commands print
// goes through one, and much of it is foreign: names of classes, columns, datasets
// and folders. What would steer a terminal is written as a Go or JSON string has
// it, \u001b; so a JSON object stays one, of the same value. Its own sequences pcnrun
// writes to raw.
type Screen struct {
	Raw     io.Writer
	Unread  func() // called where Raw is a pipe that nobody reads any more; nil for nothing
	mu      sync.Mutex
	partial []byte // the beginning of a character that the next Write ends
	text    []byte // scratch
}

// Write writes p, or all of it but the beginning of a last character.
func (s *Screen) Write(p []byte) (int, error) {
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
	if _, err := s.Raw.Write(s.text); err != nil {
		if s.Unread != nil && errors.Is(err, syscall.EPIPE) {
			s.Unread()
		}
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was to be the beginning of a character, and is not.
func (s *Screen) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.partial {
		fmt.Fprintf(s.Raw, `\x%02x`, b)
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

// Raw returns what a Screen writes to, for a progress bar.
func Raw(w io.Writer) io.Writer {
	if s, ok := w.(*Screen); ok {
		return s.Raw
	}
	return w
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := Raw(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Paint writes text, in a colour where w is a terminal and NO_COLOR is not set
// (https://no-color.org).
func Paint(w io.Writer, colour, text string) {
	if !IsTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		io.WriteString(w, text)
		return
	}
	fmt.Fprintf(Raw(w), "\x1b[%sm", colour)
	io.WriteString(w, text)
	io.WriteString(Raw(w), "\x1b[0m")
}
