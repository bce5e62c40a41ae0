package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// header returns the fields of a first line of CSV that names the columns, nil of
// one that does not: a header has no number, or else the names of all inputs and
// something that is no number.
func (p *rowParser) header(line []byte) ([]string, error) {
	fields, err := csvFields(line)
	if err != nil || strings.Join(fields, "") == "" {
		return nil, err
	}
	numbers := 0
	for _, field := range fields {
		if isNumber(field) {
			numbers++
		}
	}
	has := func(name string) bool { return slices.Contains(fields, name) }
	if numbers == 0 || numbers < len(fields) && p.inputs != nil && all(p.inputs, has) {
		return fields, nil
	}
	return nil, nil
}

// all reports whether a list has all names.
func all(names []string, has func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !has(name) })
}

// findColumn returns the place of a column in a header, -1 where it is not there.
func findColumn(header []string, name string) (int, error) {
	at := slices.Index(header, name)
	if at < 0 {
		return -1, nil
	}
	if again := slices.Index(header[at+1:], name); again >= 0 {
		return 0, fmt.Errorf("columns %d and %d are both named %q, want one", at+1, at+again+2, name)
	}
	return at, nil
}

// arrange finds the columns of inputs and targets, by the header where there is
// one.
func (p *rowParser) arrange(header []string) error {
	p.arranged = true
	inputs, err := p.inputPlaces(header)
	if err != nil {
		return err
	}
	fields := p.width + p.targets
	if inputs != nil {
		p.named, fields = true, len(header)
	} else if p.columns == nil {
		return nil // all are in place
	}
	targets, err := p.targetPlaces(header, inputs, fields)
	if err != nil {
		return err
	}
	if inputs == nil {
		for at := range fields {
			if !slices.Contains(targets, at) {
				inputs = append(inputs, at)
			}
		}
	}
	p.order, p.fields = slices.Concat(inputs, targets), fields
	if len(p.order) == fields && slices.IsSorted(p.order) {
		p.order = nil
	}
	return nil
}

// inputPlaces returns the places of the inputs by the header, nil where it has
// none of their names.
func (p *rowParser) inputPlaces(header []string) (places []int, err error) {
	if header == nil || p.inputs == nil {
		return nil, nil
	}
	var missing []string
	for _, name := range p.inputs {
		at, err := findColumn(header, name)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			missing = append(missing, name)
			continue
		}
		places = append(places, at)
	}
	if places == nil || missing == nil {
		return places, nil
	}
	return nil, p.lacks("the header", missing)
}

// lacks returns the error of what has some of the names of the inputs, and misses
// others.
func (p *rowParser) lacks(what string, missing []string) error {
	return fmt.Errorf("%s has no %s, want all inputs of the model by name, %s, or none", what, quoted.List(missing), quoted.List(p.inputs))
}

// targetNames returns the names of the columns of the targets: those asked for or,
// where all are there, those that the model learned; nil where there are none.
func (p *rowParser) targetNames(has func(string) bool) []string {
	if p.columns == nil && len(p.learned) == p.targets && all(p.learned, has) {
		return p.learned
	}
	return p.columns
}

// targetPlaces returns the places of the targets among n columns: the last ones
// that are no inputs, where no names say otherwise. inputs are the places of the
// inputs, nil where they are not told by name.
func (p *rowParser) targetPlaces(header []string, inputs []int, n int) (places []int, err error) {
	names := p.targetNames(func(name string) bool { return slices.Contains(header, name) })
	for _, name := range names {
		at, err := findColumn(header, name)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			place, err := strconv.Atoi(name)
			if err != nil || place < 1 || place > n {
				return nil, p.noColumn(name, header)
			}
			at = place - 1
		}
		switch {
		case at >= n:
			return nil, p.wrongCount(len(header))
		case slices.Contains(inputs, at):
			return nil, fmt.Errorf("column %q is an input of the model, want a target", name)
		case slices.Contains(places, at):
			return nil, fmt.Errorf("column %q is named twice", name)
		}
		places = append(places, at)
	}
	for at := n - 1; at >= 0 && len(places) < p.targets; at-- {
		if !slices.Contains(inputs, at) {
			places = slices.Insert(places, 0, at)
		}
	}
	if len(places) < p.targets {
		return nil, fmt.Errorf("the header has %d columns beside the inputs, want %d for the targets", len(places), p.targets)
	}
	return places, nil
}

func (p *rowParser) noColumn(name string, header []string) error {
	switch {
	case p.format == jsonRows:
		return fmt.Errorf("no column %q: want a place 1 to %d in an array, or objects with \"label\", \"target\" or \"y\" and no column named", name, p.width+p.targets)
	case header == nil:
		return fmt.Errorf("no column %q: there is no header, want a place 1 to %d", name, p.width+p.targets)
	}
	return fmt.Errorf("no column %q, the header has %.200q", name, header)
}

// column returns the place in a record, from 0, of number i of a row.
func (p *rowParser) column(i int) int {
	if p.order == nil {
		return i
	}
	return p.order[i]
}

// pick returns the fields of a record that a row is of, in its order.
func (p *rowParser) pick(record []byte) ([]byte, error) {
	p.split = p.split[:0]
	for field := range bytes.SplitSeq(record, []byte(",")) {
		p.split = append(p.split, field)
	}
	if n := len(p.split); n != p.fields {
		return nil, p.wrongCount(n)
	}
	p.picked = p.picked[:0]
	for i, at := range p.order {
		if i > 0 {
			p.picked = append(p.picked, ',')
		}
		p.picked = append(p.picked, p.split[at]...)
	}
	return p.picked, nil
}

// members returns the members of an object that has the inputs by name; nil of one
// that does not.
func (p *rowParser) members(line []byte) (map[string]json.RawMessage, error) {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(line, &of); err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range p.inputs {
		if of[name] == nil {
			missing = append(missing, name)
		}
	}
	switch len(missing) {
	case 0:
		p.named = true
		return of, nil
	case len(p.inputs):
		return nil, nil
	}
	return nil, p.lacks("the object", missing)
}

// parseMembers appends the row of an object that has a member for each column.
func (p *rowParser) parseMembers(row []float64, of map[string]json.RawMessage) ([]float64, error) {
	has := func(name string) bool { return of[name] != nil }
	var names []string
	if p.targets > 0 {
		if names = p.targetNames(has); names == nil {
			return row, errors.New("which member is the target? name it with --label or --target")
		}
	}
	for i, name := range slices.Concat(p.inputs, names) {
		value := of[name]
		if value == nil {
			return row, fmt.Errorf("want a member %q", name)
		}
		isTarget := i >= p.width
		if isTarget && p.names != nil {
			number, err := p.numberOfJSON(value)
			if err != nil {
				return row, fmt.Errorf("%q: %w", name, err)
			}
			value = number
		}
		x, ok := p.number(value)
		if !ok {
			return row, fmt.Errorf("%q: want a finite number, got %.40q", name, value)
		}
		if isTarget {
			if err := p.checkClass(x); err != nil {
				return row, fmt.Errorf("%q: %w", name, err)
			}
		}
		row = append(row, x)
	}
	return row, nil
}
