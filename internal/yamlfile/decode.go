package yamlfile

import (
	"encoding"
	"encoding/csv"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Places are the values that a file gives, by their path in the Go value that
// they were read into: model.layers[1].
type Places map[string]*Node

// Locate gives each line of err, which begins with a path and a colon, the place
// of the value at that path, or of the innermost one around it, or of otherwise.
// A value that is named in known already is left out.
func (p Places) Locate(err error, otherwise *Node, known Errors) Errors {
	if err == nil {
		return nil
	}
	var out Errors
	for line := range strings.SplitSeq(err.Error(), "\n") {
		path, message, ok := strings.Cut(line, ": ")
		if !ok || strings.Contains(path, " ") {
			path, message = "", line
		}
		at := otherwise
		for around := path; around != ""; around = parent(around) {
			if n, ok := p[around]; ok {
				at = n
				break
			}
		}
		e := at.Errorf("%s", message)
		e.Path = path
		if !slices.ContainsFunc(known, func(k Error) bool { return k.Line == e.Line && k.Column == e.Column }) {
			out = append(out, e)
		}
	}
	return out
}

// parent returns the path of what the value at path is in.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// Decode reads n into the struct that into points to, and leaves fields alone
// that n does not give. Keys are the fields' yaml tags. A field of type *[Node]
// takes any value.
//
// The errors are all that is wrong: unknown keys, and values of another type than
// the field's. Fields without an error are set.
func (n *Node) Decode(into any) (Places, Errors) {
	d := &decoder{places: Places{}}
	d.decode(n, "", reflect.ValueOf(into).Elem())
	return d.places, d.errs
}

// DecodeAt reads n into the field at a path of names with dots in the struct that
// into points to. The error of a path that does not lead to a field is at key.
func (n *Node) DecodeAt(into any, path string, key *Node) (Places, Errors) {
	d := &decoder{places: Places{}}
	v := reflect.ValueOf(into).Elem()
	for name := range strings.SplitSeq(path, ".") {
		field, ok := fieldOf(v, name)
		if !ok {
			e := key.Errorf("unknown key%s", suggest(path, Paths(into)))
			e.Path = path
			return d.places, Errors{e}
		}
		v = field
	}
	d.decode(n, path, v)
	return d.places, d.errs
}

// Paths returns the paths of the plain values and lists in the struct that into
// points to, such as learning.rate.
func Paths(into any) []string {
	var paths []string
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(textUnmarshaler) {
			paths = append(paths, path)
			return
		}
		for _, name := range names(t) {
			f, _ := fieldOf(reflect.New(t).Elem(), name)
			walk(f.Type(), join(path, name))
		}
	}
	walk(reflect.TypeOf(into).Elem(), "")
	return paths
}

type decoder struct {
	places Places
	errs   Errors
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeType        = reflect.TypeFor[*Node]()
)

func (d *decoder) bad(n *Node, path, format string, args ...any) {
	e := n.Errorf(format, args...)
	e.Path = path
	d.errs = append(d.errs, e)
}

// decode reads n into v, which is at path.
func (d *decoder) decode(n *Node, path string, v reflect.Value) {
	if path != "" {
		d.places[path] = n
	}
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text, ok := n.flat(); !ok {
			d.bad(n, path, "must be a name, got %s", n.got())
		} else if err := u.UnmarshalText([]byte(text)); err != nil {
			d.bad(n, path, "%v", err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, path, v)
	case reflect.Slice:
		d.list(n, path, v)
	case reflect.Map:
		d.named(n, path, v)
	default:
		d.scalar(n, path, v)
	}
}

func (d *decoder) mapping(n *Node, path string, v reflect.Value) {
	if n.kind == null {
		return // all is left out
	}
	if n.kind != mapping {
		d.bad(n, path, "must be a mapping with the keys %s, got %s", strings.Join(names(v.Type()), ", "), n.got())
		return
	}
	for _, p := range n.pairs {
		at := join(path, p.Key.text)
		field, ok := fieldOf(v, p.Key.text)
		if !ok {
			d.bad(p.Key, at, "unknown key%s", suggest(p.Key.text, names(v.Type())))
			continue
		}
		d.decode(p.Value, at, field)
	}
}

// named reads a mapping with any keys.
func (d *decoder) named(n *Node, path string, v reflect.Value) {
	if n.kind != mapping {
		d.bad(n, path, "must be a mapping, got %s", n.got())
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, p := range n.pairs {
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(p.Value, join(path, p.Key.text), value)
		out.SetMapIndex(reflect.ValueOf(p.Key.text), value)
	}
	v.Set(out)
}

func (d *decoder) list(n *Node, path string, v reflect.Value) {
	if n.kind != list {
		d.bad(n, path, "must be a list, got %s", n.got())
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.decode(item, path+"["+strconv.Itoa(i)+"]", out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) scalar(n *Node, path string, v reflect.Value) {
	want := ""
	plain := n.kind == scalar && !n.quoted
	switch v.Kind() {
	case reflect.String:
		want = "a text"
		if text, ok := n.named(); ok {
			v.SetString(text)
			return
		}
		if n.kind == mapping {
			want = "a text, or a mapping of a name and its settings"
		}
	case reflect.Bool:
		if want = "true or false"; plain && (n.text == "true" || n.text == "false") {
			v.SetBool(n.text == "true")
			return
		}
	case reflect.Int:
		want = "a whole number"
		if x, err := strconv.ParseInt(n.text, 10, v.Type().Bits()); plain && err == nil {
			v.SetInt(x)
			return
		}
	case reflect.Uint64:
		want = "a whole number >= 0"
		if x, err := strconv.ParseUint(n.text, 10, 64); plain && err == nil {
			v.SetUint(x)
			return
		}
	case reflect.Float64:
		want = "a number"
		if x, err := strconv.ParseFloat(n.text, 64); plain && err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
			v.SetFloat(x)
			return
		}
	default:
		panic("yamlfile: a field of type " + v.Type().String())
	}
	d.bad(n, path, "must be %s, got %s", want, n.got())
}

// named returns the text of a plain value; that of a mapping of a name and its settings is
// NAME KEY=VALUE KEY=VALUE.
func (n *Node) named() (string, bool) {
	if n.kind == scalar {
		return n.text, true
	}
	name, settings := "", ""
	for _, p := range n.pairs {
		switch {
		case p.Value.kind != scalar:
			return "", false
		case p.Key.text == "name":
			name = p.Value.text
		default:
			settings += " " + p.Key.text + "=" + p.Value.text
		}
	}
	return name + settings, name != ""
}

// flat returns the text of a plain value, or that of a mapping as it stands on a command line:
// see [SetText].
func (n *Node) flat() (string, bool) {
	if n.kind != mapping {
		return n.text, n.kind == scalar
	}
	var fields []string
	for _, p := range n.pairs {
		if p.Value.kind != scalar {
			return "", false
		}
		fields = append(fields, p.Key.text+"="+p.Value.text)
	}
	var text strings.Builder
	c := csv.NewWriter(&text)
	c.Write(fields)
	c.Flush()
	return strings.TrimSuffix(text.String(), "\n"), true
}

// names returns the keys of a struct.
func names(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if name := keyOf(t.Field(i)); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// keyOf returns the key of a field, "" if it has none.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	if v.Kind() != reflect.Struct || name == "" {
		return v, false
	}
	for i := range v.NumField() {
		if keyOf(v.Type().Field(i)) == name {
			return v.Field(i), true
		}
	}
	return v, false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// suggest says which of the known names may have been meant.
func suggest(name string, known []string) string {
	best, nearest := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := distance(name, k); d < nearest {
			best, nearest = k, d
		}
	}
	switch {
	case best != "":
		return ", did you mean " + best + "?"
	case len(known) > 12:
		return ""
	}
	return ", must be one of " + strings.Join(known, ", ")
}

// distance is the number of letters to insert, remove, exchange or swap with
// their neighbour that leads from a to b (optimal string alignment). Names longer
// than any key are far from all.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			exchange := last[j-1]
			if a[i-1] != b[j-1] {
				exchange++
			}
			row[j] = min(exchange, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
