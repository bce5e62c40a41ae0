package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is a mistake in a file.
type Error struct {
	File    string `json:"file"`
	Line    int    `json:"line"`           // from 1; 0 where it is of the whole file
	Column  int    `json:"column"`         // from 1, in characters
	Path    string `json:"path,omitempty"` // of the value, such as model.layers[1]
	Message string `json:"message"`
}

// Error returns "file:line:column: path: message", as far as they are known.
func (e Error) Error() string {
	text := e.File + ": "
	if e.Line > 0 {
		text = fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Path != "" {
		text += e.Path + ": "
	}
	return text + e.Message
}

// Errors are the mistakes in a file, in the order of the file.
type Errors []Error

// Error returns the errors, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns e in order and without repetitions, or nil if it is empty.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	sorted := slices.Clone(e)
	slices.SortStableFunc(sorted, func(a, b Error) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	return slices.Compact(sorted)
}
