// Package quoted writes names and words so that errors, tables, CSV and shells can hold them.
package quoted

import (
	"fmt"
	"strconv"
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

// CSV writes texts as fields of a line of CSV, with commas between them.
func CSV(texts ...string) string {
	fields := make([]string, len(texts))
	for i, text := range texts {
		if strings.ContainsAny(text, ",\"\r\n") {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		fields[i] = text
	}
	return strings.Join(fields, ",")
}

// Printable returns a text as a cell of a table on a terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
