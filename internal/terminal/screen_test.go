package terminal

import (
	"bytes"
	"testing"
)

// TestScreen writes texts byte by byte and at once: what steers a terminal is written
// out, the rest is as it was.
func TestScreen(t *testing.T) {
	for text, want := range map[string]string{
		"plain, naïve 784×128 日本 👍\tand a line\n": "plain, naïve 784×128 日本 👍\tand a line\n",
		"\x1b]0;title\a\x00\r\x7f":                `\u001b]0;title\u0007\u0000\u000d\u007f`,
		"\u0080\u009b31m\u00a0":                   `\u0080\u009b31m` + "\u00a0",
		"\u202a\u202e\u2066\u2069\u200f\ufffd":    `\u202a\u202e\u2066\u2069` + "\u200f\ufffd",
		"\x9b31m caf\xe9 \xc3(\xe6\x97":           `\x9b31m caf\xe9 \xc3(\xe6\x97`,
	} {
		for _, size := range []int{1, 2, 3, len(text)} {
			var b bytes.Buffer
			s := &Screen{Raw: &b}
			for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				if n, err := s.Write(rest[:min(size, len(rest))]); err != nil || n != min(size, len(rest)) {
					t.Fatal(n, err)
				}
			}
			s.Flush()
			if b.String() != want {
				t.Errorf("%q in pieces of %d: got %q, want %q", text, size, b.String(), want)
			}
		}
	}
}
