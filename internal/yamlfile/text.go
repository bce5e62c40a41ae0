package yamlfile

import (
	"encoding"
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// SetText reads a text as it stands on a command line into the field at a path of the struct
// that into points to: what [Node.DecodeAt] does with YAML. A list has commas between, of
// texts with quotes around one that has a comma, and a mapping is NAME=VALUE,NAME=VALUE.
func SetText(into any, path, text string) error {
	v := reflect.ValueOf(into).Elem()
	for name := range strings.SplitSeq(path, ".") {
		field, ok := fieldOf(v, name)
		if !ok {
			panic("yamlfile: no field at " + path)
		}
		v = field
	}
	n := &Node{kind: scalar, text: text}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); !ok {
		switch v.Kind() {
		case reflect.Slice:
			c := csv.NewReader(strings.NewReader(text))
			c.TrimLeadingSpace = true
			items, err := c.Read()
			if err != nil {
				return fmt.Errorf("must be names with commas between, got %.80q", text)
			}
			n = &Node{kind: list}
			for _, item := range items {
				n.items = append(n.items, &Node{kind: scalar, text: strings.TrimSpace(item)})
			}
		case reflect.Map:
			n = &Node{kind: mapping}
			for field := range strings.SplitSeq(text, ",") {
				name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
				if !ok {
					return fmt.Errorf("must be of the form NAME=VALUE, got %q", field)
				}
				n.pairs = append(n.pairs, Pair{&Node{kind: scalar, text: name}, &Node{kind: scalar, text: value}})
			}
		}
	}
	d := &decoder{places: Places{}}
	d.decode(n, path, v)
	var errs []error
	for _, e := range d.errs {
		errs = append(errs, errors.New(e.Message))
	}
	return errors.Join(errs...)
}
