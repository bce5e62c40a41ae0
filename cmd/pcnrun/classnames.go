package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// className returns the name of class k, or the number where it has none.
func (t *trained) className(k int) string {
	if t.names == nil {
		return strconv.Itoa(k)
	}
	return t.names[k]
}

// class returns class k as JSON has it: a name, or a number where it has none.
func (t *trained) class(k int) any {
	if t.names == nil {
		return k
	}
	return t.names[k]
}

// classesJSON returns classes as JSON has them.
func (t *trained) classesJSON(of []int) []any {
	classes := make([]any, len(of))
	for i, k := range of {
		classes[i] = t.class(k)
	}
	return classes
}

// classNames returns the names of all classes.
func (t *trained) classNames() []string {
	names := make([]string, t.network.Size(t.network.TargetNode()))
	for k := range names {
		names[k] = t.className(k)
	}
	return names
}

// classFields returns the names of all classes as fields of CSV.
func (t *trained) classFields() []string {
	fields := t.classNames()
	for k, name := range fields {
		fields[k] = csvField(name)
	}
	return fields
}

// listClasses writes classes as --label takes them.
func (t *trained) listClasses(of ...int) string {
	all := t.classFields()
	fields := make([]string, len(of))
	for i, k := range of {
		fields[i] = all[k]
	}
	return strings.Join(fields, ",")
}

// findClass returns the class that a name means, or a number that is the name of
// none.
func (t *trained) findClass(text string) (int, error) {
	text = strings.TrimSpace(text)
	if k := slices.Index(t.names, text); k >= 0 {
		return k, nil
	}
	classes := t.network.Size(t.network.TargetNode())
	if k, err := strconv.Atoi(text); err == nil && k >= 0 && k < classes {
		return k, nil
	}
	if t.names == nil {
		return 0, fmt.Errorf("must be a class 0 to %d, got %.40q", classes-1, text)
	}
	return 0, fmt.Errorf("must be one of the classes %s, got %.40q", quoted.List(t.names), text)
}

// findClasses returns the classes that the values of a flag mean.
func (t *trained) findClasses(flag string, values []string) ([]int, error) {
	var classes []int
	for _, text := range values {
		k, err := t.findClass(text)
		if err != nil {
			return nil, usagef("--%s: %w", flag, err)
		}
		classes = append(classes, k)
	}
	return classes, nil
}

// csvField returns a text as a field of CSV.
func csvField(text string) string {
	if strings.ContainsAny(text, ",\"\r\n") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// cellText returns a text as a cell of a table on a terminal.
func cellText(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
