package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/pcn/internal/quoted"
)

// jsonRecords turns JSON arrays and objects into records, as lines of CSV are. An
// array is a record without a header. An object has its inputs as an array "input"
// or "x", and what is to be learned as "label", "target" or "y"; or it has a member
// for each column.
type jsonRecords struct {
	decoder *json.Decoder
	value   json.RawMessage
	fields  []string
}

func newJSONRecords(r io.Reader) *jsonRecords {
	return &jsonRecords{decoder: json.NewDecoder(r)}
}

func (j *jsonRecords) offset() int64 { return j.decoder.InputOffset() }

// next returns the next record, and where its numbers are.
func (j *jsonRecords) next(s *rowReader) ([]string, *layout, error) {
	s.position = position{"row", s.at + 1, s.at + 1}
	err := j.decoder.Decode(&j.value)
	var syntax *json.SyntaxError
	switch {
	case err == io.EOF:
		return nil, nil, err
	case errors.As(err, &syntax) || err == io.ErrUnexpectedEOF:
		return nil, nil, fmt.Errorf("must be a JSON array or object: %w", err)
	case err != nil:
		return nil, nil, err
	}
	j.fields = j.fields[:0]
	switch j.value[0] {
	case '[':
		if err := j.append(j.value); err != nil {
			return nil, nil, err
		}
		if s.layout == nil {
			if s.layout, err = s.arrange(nil, len(j.fields), s.Width, s.Outputs); err != nil {
				return nil, nil, err
			}
			s.Width = len(s.layout.inputs)
		}
		return j.fields, s.layout, nil
	case '{':
		l, err := j.object(s)
		return j.fields, l, err
	}
	return nil, nil, fmt.Errorf("must be a JSON array or object, got %.40s", j.value)
}

// append appends the elements of an array, or a single value.
func (j *jsonRecords) append(value json.RawMessage) error {
	if value[0] != '[' {
		j.fields = append(j.fields, jsonField(value))
		return nil
	}
	if bytes.ContainsAny(value[1:], `"[{`) {
		var elements []json.RawMessage
		if err := json.Unmarshal(value, &elements); err != nil {
			return err
		}
		for _, e := range elements {
			j.fields = append(j.fields, jsonField(e))
		}
		return nil
	}
	text := strings.TrimSpace(string(value[1 : len(value)-1])) // at once, and no number by itself
	if text == "" {
		return nil
	}
	for field := range strings.SplitSeq(text, ",") {
		if field = strings.TrimSpace(field); field == "null" {
			field = ""
		}
		j.fields = append(j.fields, field)
	}
	return nil
}

// jsonField returns a JSON value as a field of CSV has it.
func jsonField(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil { // null is the empty text
		return string(value)
	}
	return text
}

func isArray(value json.RawMessage) bool { return len(value) > 0 && value[0] == '[' }

// object appends the fields of an object: the inputs, then what is learned.
func (j *jsonRecords) object(s *rowReader) (*layout, error) {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(j.value, &of); err != nil {
		return nil, err
	}
	if s.Width == 0 && len(s.Inputs) == 0 && !isArray(of["input"]) && !isArray(of["x"]) { // the first tells the inputs
		if err := j.inputsOf(s); err != nil {
			return nil, err
		}
	}
	names, err := j.inputs(of, s)
	if err != nil {
		return nil, err
	}
	inputs := len(j.fields)
	if s.Width == 0 {
		s.Width = inputs
	}
	if s.Outputs > 0 {
		if err := j.targets(of, s, names); err != nil {
			return nil, err
		}
	}
	if inputs != s.Width || len(j.fields)-inputs != s.Outputs {
		return nil, fmt.Errorf("must have %s, got %d and %d", s.wish(s.Width, s.Outputs), inputs, len(j.fields)-inputs)
	}
	l := &layout{fields: len(j.fields), header: names}
	for at := range j.fields {
		if at < inputs {
			l.inputs = append(l.inputs, at)
		} else {
			l.targets = append(l.targets, at)
		}
	}
	return l, nil
}

// inputsOf takes the members of the first object, in their order, for the inputs, but
// for those to be learned.
func (j *jsonRecords) inputsOf(s *rowReader) error {
	d := json.NewDecoder(bytes.NewReader(j.value))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if name := key.(string); !slices.Contains(s.learned(), name) && !slices.Contains(s.Inputs, name) && !slices.Contains(s.Drop, name) {
			s.Inputs = append(s.Inputs, name)
		}
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return err
		}
	}
	return nil
}

// inputs appends the inputs, and returns the names of their members where each has
// one of its own.
func (j *jsonRecords) inputs(of map[string]json.RawMessage, s *rowReader) (names []string, err error) {
	wanted := s.wanted()
	if len(wanted) == 0 || isArray(of["input"]) || isArray(of["x"]) {
		return nil, j.appendOne(of, "input", "x")
	}
	var missing []string
	for _, name := range wanted {
		value, ok := of[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		j.fields = append(j.fields, jsonField(value))
	}
	if missing != nil {
		return nil, fmt.Errorf("no member %s: must have %s, or \"input\"", quoted.List(missing), quoted.List(wanted))
	}
	s.inputs = wanted
	return wanted, nil
}

// targets appends what is to be learned.
func (j *jsonRecords) targets(of map[string]json.RawMessage, s *rowReader, inputs []string) error {
	learned := s.learned()
	has := func(name string) bool { return of[name] != nil }
	if all := !slices.ContainsFunc(learned, func(name string) bool { return !has(name) }); inputs == nil && !all || len(learned) == 0 {
		return j.appendOne(of, "label", "target", "y")
	}
	for _, name := range learned {
		if !has(name) {
			return fmt.Errorf("no member %q to learn, must have %s", name, quoted.List(learned))
		}
		if slices.Contains(inputs, name) {
			return fmt.Errorf("member %q is asked for twice", name)
		}
		if err := j.append(of[name]); err != nil {
			return err
		}
	}
	return nil
}

// appendOne appends the one member of these names that there is.
func (j *jsonRecords) appendOne(of map[string]json.RawMessage, names ...string) error {
	var found []string
	for _, name := range names {
		if of[name] != nil {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("must have one member of %s, got %d", quoted.List(names), len(found))
	}
	return j.append(of[found[0]])
}
