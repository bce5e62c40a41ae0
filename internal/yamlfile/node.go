package yamlfile

import (
	"fmt"
	"strings"
)

type kind int

const (
	null kind = iota
	scalar
	list
	mapping
)

// Node is a value in a file.
type Node struct {
	File         string
	Line, Column int
	Path         string // from the root: model.layers[1]

	kind   kind
	text   string // of a scalar
	quoted bool
	items  []*Node // of a list
	pairs  []Pair  // of a mapping
}

// Pair is a key of a mapping with its value.
type Pair struct{ Key, Value *Node }

// Text returns the text of a plain value, which may be null.
func (n *Node) Text() string { return n.text }

// IsNull reports whether nothing is there.
func (n *Node) IsNull() bool { return n.kind == null }

// List returns the values of a list, and whether n is one.
func (n *Node) List() ([]*Node, bool) { return n.items, n.kind == list }

// Mapping returns the keys of a mapping with their values, in the order of the
// file, and whether n is one.
func (n *Node) Mapping() ([]Pair, bool) { return n.pairs, n.kind == mapping }

// String returns the value as YAML on one line.
func (n *Node) String() string {
	switch n.kind {
	case scalar:
		return n.text
	case list:
		texts := make([]string, len(n.items))
		for i, item := range n.items {
			texts[i] = item.String()
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case mapping:
		texts := make([]string, len(n.pairs))
		for i, p := range n.pairs {
			texts[i] = p.Key.text + ": " + p.Value.String()
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return "null"
}

// Plain returns a plain value at the place of n, in place of n.
func (n *Node) Plain(text string) *Node {
	return &Node{File: n.File, Line: n.Line, Column: n.Column, Path: n.Path, kind: scalar, text: text}
}

// Null returns nothing at the place of n, in place of n.
func (n *Node) Null() *Node {
	return &Node{File: n.File, Line: n.Line, Column: n.Column, Path: n.Path}
}

// Errorf returns an error at the place of n.
func (n *Node) Errorf(format string, args ...any) Error {
	return Error{n.File, n.Line, n.Column, n.Path, fmt.Sprintf(format, args...)}
}

// got names the value in an error.
func (n *Node) got() string {
	switch n.kind {
	case scalar:
		return fmt.Sprintf("%.40q", n.text)
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	}
	return "nothing"
}
