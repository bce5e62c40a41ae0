// Package quoted writes lists of names for errors, and words for a shell.
package quoted

import (
	"fmt"
	"strings"
)

// List writes names in quotes, with commas between them: not more than anyone
// would read.
func List(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", strings.TrimSpace(name))
	}
	return b.String()
}

// Shell writes words as bash, and as sbatch, takes them as they are.
func Shell(words ...string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-=:,+@", r)
	}
	written := make([]string, len(words))
	for i, word := range words {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		written[i] = word
	}
	return strings.Join(written, " ")
}
