package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"example.com/pcn/internal/bounded"
)

// MaxSize is the most bytes of a file, and maxDepth the most values within each
// other. maxColons bounds its keys: the parser takes time and memory by the square
// of their number.
const (
	MaxSize   = 64 << 10
	maxDepth  = 32
	maxColons = 2000
)

// Read reads the file at path, of which the error is told where it is no YAML
// that this package takes.
func Read(path string) (*Node, error) {
	f, err := bounded.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Parse(path, text)
}

// Parse reads text, which errors call name. The error is of type [Errors].
func Parse(name string, text []byte) (*Node, error) {
	c := &converter{file: name}
	if len(text) > MaxSize {
		c.bad(1, 1, "", "the file is longer than %d bytes", MaxSize)
		return nil, c.errs.Err()
	}
	if c.scan(text); len(c.errs) > 0 {
		return nil, c.errs.Err()
	}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		c.syntax(err)
		return nil, c.errs.Err()
	}
	root := &Node{File: name, Line: 1, Column: 1, kind: null}
	found := false
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if found {
			at := doc.Body.GetToken().Position
			c.bad(at.Line, at.Column, "", "must be one document, got a second")
			break
		}
		root, found = c.convert(doc.Body, "", 0), true
	}
	return root, c.errs.Err()
}

// converter turns what the parser returns into nodes.
type converter struct {
	file string
	errs Errors
}

func (c *converter) bad(line, column int, path, format string, args ...any) {
	c.errs = append(c.errs, Error{c.file, max(line, 1), max(column, 1), path, fmt.Sprintf(format, args...)})
}

// scan finds what the parser would take amiss: tabs in front of a line, and what is
// too deep or too much to be parsed.
func (c *converter) scan(text []byte) {
	if n := bytes.Count(text, []byte(":")); n > maxColons {
		c.bad(1, 1, "", "the file has %d colons, more than %d", n, maxColons)
		return
	}
	line, depth := 0, 0
	for l := range bytes.Lines(text) {
		line++
		indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 && len(bytes.TrimSpace(l)) > 0 {
			c.bad(line, tab+1, "", "must begin with spaces, got a tab")
		}
		if i := bytes.IndexByte(l, 0); i >= 0 {
			c.bad(line, i+1, "", "holds a zero byte: this is no text")
			return
		}
		for i, b := range l {
			switch b {
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
			if depth > maxDepth {
				c.bad(line, i+1, "", "brackets are nested deeper than %d", maxDepth)
				return
			}
		}
		if len(indent) > 8*maxDepth {
			c.bad(line, 1, "", "the line is indented by more than %d", 8*maxDepth)
		}
		if dashes := bytes.Count(l, []byte("- ")) + bytes.Count(l, []byte("? ")); dashes > 8*maxDepth {
			c.bad(line, 1, "", "the line has too many dashes")
		}
	}
}

// syntax enters the parser's error.
func (c *converter) syntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		c.bad(1, 1, "", "%s", strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	p := at.GetToken().Position
	c.bad(p.Line, p.Column, "", "%s", at.GetMessage())
}

// convert returns the node of n, which is at path.
func (c *converter) convert(n ast.Node, path string, depth int) *Node {
	out := &Node{File: c.file, Path: path, kind: null, Line: 1, Column: 1}
	if n == nil {
		return out
	}
	t := n.GetToken()
	if t != nil {
		out.Line, out.Column = t.Position.Line, t.Position.Column
	}
	refuse := func(what string) *Node {
		c.bad(out.Line, out.Column, path, "%s", what)
		return out
	}
	if depth > maxDepth {
		return refuse(fmt.Sprintf("is nested deeper than %d", maxDepth))
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		out.kind = mapping
		if n.IsFlowStyle && n.Start != nil {
			out.Line, out.Column = n.Start.Position.Line, n.Start.Position.Column
		}
		for _, v := range n.Values {
			c.pair(out, v, depth)
		}
		if !n.IsFlowStyle && len(out.pairs) > 0 { // the token is any colon
			out.Line, out.Column = out.pairs[0].Key.Line, out.pairs[0].Key.Column
		}
	case *ast.MappingValueNode:
		out.kind = mapping
		if c.pair(out, n, depth); len(out.pairs) > 0 {
			out.Line, out.Column = out.pairs[0].Key.Line, out.pairs[0].Key.Column
		}
	case *ast.SequenceNode:
		out.kind = list
		for i, v := range n.Values {
			out.items = append(out.items, c.convert(v, fmt.Sprintf("%s[%d]", path, i), depth+1))
		}
	case *ast.StringNode:
		out.kind, out.text = scalar, n.Value
		out.quoted = t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		out.kind, out.text, out.quoted = scalar, n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = scalar, t.Value
	case *ast.AnchorNode, *ast.AliasNode:
		return refuse("anchors and aliases are not taken: write the value out")
	case *ast.MergeKeyNode:
		return refuse("merge keys are not taken: write the values out")
	case *ast.TagNode:
		return refuse("tags are not taken")
	default:
		return refuse("must be a mapping, a list or a value, got " + strings.ToLower(n.Type().YAMLName()))
	}
	return out
}

// pair adds a key and its value to the mapping m.
func (c *converter) pair(m *Node, v *ast.MappingValueNode, depth int) {
	key := c.convert(v.Key, m.Path, depth+1)
	if _, explicit := v.Key.(*ast.MappingKeyNode); explicit || key.kind != scalar && v.Key.Type() != ast.MergeKeyType {
		c.bad(key.Line, key.Column, m.Path, "the key must be a name")
	}
	if key.kind != scalar {
		return
	}
	path := join(m.Path, key.text)
	key.Path = path
	for _, p := range m.pairs {
		if p.Key.text == key.text {
			c.bad(key.Line, key.Column, path, "is given twice, first in line %d", p.Key.Line)
			return
		}
	}
	value := c.convert(v.Value, path, depth+1)
	if value.kind == null { // its token may be elsewhere
		value.Line, value.Column = key.Line, key.Column
	}
	m.pairs = append(m.pairs, Pair{key, value})
}
