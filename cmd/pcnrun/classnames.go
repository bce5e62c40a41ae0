package main

import (
	"strconv"
	"strings"

	"example.com/pcn/train/trained"
)

// classFields returns the names of all classes as fields of CSV.
func classFields(t *trained.Model) []string {
	fields := t.ClassNames()
	for k, name := range fields {
		fields[k] = csvField(name)
	}
	return fields
}

// listClasses writes classes as --label takes them.
func listClasses(t *trained.Model, of ...int) string {
	all := classFields(t)
	fields := make([]string, len(of))
	for i, k := range of {
		fields[i] = all[k]
	}
	return strings.Join(fields, ",")
}

// findClasses returns the classes that the values of a flag mean.
func findClasses(t *trained.Model, flag string, values []string) ([]int, error) {
	var classes []int
	for _, text := range values {
		k, err := t.FindClass(text)
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
