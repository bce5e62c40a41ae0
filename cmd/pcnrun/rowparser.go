package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
)

// rowFormat is how a row is written.
type rowFormat int

const (
	anyRows  rowFormat = iota // by the first byte
	csvRows                   // numbers separated by commas
	jsonRows                  // a JSON array or object
)

var rowFormats = []string{"", "csv", "jsonl"}

func (f rowFormat) String() string { return rowFormats[f] }
func (f *rowFormat) Type() string  { return "string" }

// Set reads the name of a format.
func (f *rowFormat) Set(text string) error {
	i := slices.Index(rowFormats, text)
	if i <= 0 {
		return errors.New("want csv or jsonl")
	}
	*f = rowFormat(i)
	return nil
}

// rowParser reads numbers off lines.
type rowParser struct {
	format  rowFormat // anyRows until the first line
	width   int       // inputs of a row
	limit   float64   // the largest number that the network can hold
	targets int       // of a row, beside its inputs; 0 where they are not read
	classes int       // the target is a class below this; 0 where it is any number
	names   []string  // by which rows have the classes; nil where they have the numbers
	holes   bool      // an empty field, NaN or null is read as NaN
	inputs  []string  // names of the columns of the inputs, all different; nil where they have none
	columns []string  // names, or places from 1, of the columns of the targets; nil for the last ones
	learned []string  // names that the columns of the targets have where columns is nil and there are such

	began    bool
	arranged bool
	named    bool  // some inputs were told by name
	order    []int // the columns, from 0, of the numbers of a row: the inputs, then the targets; nil where they are all there are
	fields   int   // columns there are, where order says which are taken
	split    [][]byte
	picked   []byte
}

// parse appends the row on a line, first the inputs, then the targets. It
// appends nothing for a line of space and for the header.
func (p *rowParser) parse(row []float64, line []byte) ([]float64, error) {
	if !p.began {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return row, nil
	}
	if !p.began {
		p.began = true
		if p.format == anyRows {
			p.format = csvRows
			if line[0] == '[' || line[0] == '{' {
				p.format = jsonRows
			}
		}
		if p.format == csvRows {
			header, err := p.header(line)
			if err == nil {
				err = p.arrange(header)
			}
			if header != nil || err != nil {
				return row, err
			}
		}
	}
	if p.format == jsonRows {
		return p.parseJSON(row, line)
	}
	if p.names != nil || bytes.IndexByte(line, '"') >= 0 {
		fields, err := csvFields(line)
		if err != nil {
			return row, err
		}
		if p.names != nil {
			if at := p.column(p.width); at < len(fields) {
				if fields[at], err = p.numberOf(fields[at]); err != nil {
					return row, fmt.Errorf("column %d: %w", at+1, err)
				}
			}
		}
		for i, field := range fields {
			if !strings.Contains(field, ",") {
				continue
			}
			if p.order == nil || slices.Contains(p.order, i) {
				return row, fmt.Errorf("column %d: want a finite number, got %.40q", i+1, field)
			}
			fields[i] = "" // nobody asks for it
		}
		line = []byte(strings.Join(fields, ","))
	}
	return p.parseList(row, line, "column")
}

// csvFields returns the fields of a line, without quotes and the space around
// them.
func csvFields(line []byte) ([]string, error) {
	fields, err := csv.NewReader(bytes.NewReader(line)).Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		err = parse.Err
	}
	for i, field := range fields {
		fields[i] = strings.TrimSpace(field)
	}
	return fields, err
}

func isNumber(field string) bool {
	_, err := strconv.ParseFloat(field, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// parseList appends numbers separated by commas. what is the name of a place in
// errors.
func (p *rowParser) parseList(row []float64, text []byte, what string) ([]float64, error) {
	if p.order != nil {
		var err error
		if text, err = p.pick(text); err != nil {
			return row, err
		}
	}
	want := p.width + p.targets
	if n := bytes.Count(text, []byte(",")) + 1; n != want {
		return row, p.wrongCount(n)
	}
	start := len(row)
	for i := range want {
		field := text
		if at := bytes.IndexByte(text, ','); at >= 0 {
			field, text = text[:at], text[at+1:]
		}
		x, ok := p.number(field)
		if !ok {
			return row, fmt.Errorf("%s %d: want a finite number, got %.40q", what, p.column(i)+1, bytes.TrimSpace(field))
		}
		row = append(row, x)
	}
	for i, x := range row[start+p.width:] {
		if err := p.checkClass(x); err != nil {
			return row, fmt.Errorf("%s %d: %w", what, p.column(p.width+i)+1, err)
		}
	}
	return row, nil
}

// wrongCount is the error of n numbers.
func (p *rowParser) wrongCount(n int) error {
	switch {
	case p.fields > p.width+p.targets:
		return fmt.Errorf("want %d fields, as many as the header has, got %d", p.fields, n)
	case p.targets == 0:
		return fmt.Errorf("want %d numbers, got %d", p.width, n)
	case p.classes > 0:
		return fmt.Errorf("want %d numbers, the inputs and the class, got %d", p.width+1, n)
	}
	return fmt.Errorf("want %d numbers, %d inputs and %d targets, got %d", p.width+p.targets, p.width, p.targets, n)
}

// numberOf returns the number of the class of that name.
func (p *rowParser) numberOf(name string) (string, error) {
	i := slices.Index(p.names, name)
	if i < 0 {
		return "", fmt.Errorf("want one of the classes %s, got %.40q", quoted.List(p.names), name)
	}
	return strconv.Itoa(i), nil
}

// numberOfJSON is numberOf of a JSON string.
func (p *rowParser) numberOfJSON(text json.RawMessage) (json.RawMessage, error) {
	var name string
	if json.Unmarshal(text, &name) != nil {
		name = string(text)
	}
	number, err := p.numberOf(name)
	return json.RawMessage(number), err
}

func (p *rowParser) checkClass(x float64) error {
	if p.classes > 0 && (x != math.Trunc(x) || x < 0 || x >= float64(p.classes)) {
		return fmt.Errorf("want a class 0 to %d, got %v", p.classes-1, x)
	}
	return nil
}

// number reads a number that the network can hold. Pixels, which are whole, are
// worth a way of their own.
func (p *rowParser) number(text []byte) (float64, bool) {
	text = bytes.TrimSpace(text)
	if p.holes && (len(text) == 0 || bytes.EqualFold(text, []byte("nan")) || string(text) == "null") {
		return math.NaN(), true
	}
	if n := len(text); n > 0 && n <= 15 {
		whole := 0
		for i, c := range text {
			if c < '0' || c > '9' {
				break
			}
			if whole = 10*whole + int(c-'0'); i == n-1 {
				return float64(whole), true
			}
		}
	}
	x, err := strconv.ParseFloat(string(text), 64)
	return x, err == nil && math.Abs(x) <= p.limit // a NaN is not
}

// parseJSON appends the row of an array or object.
func (p *rowParser) parseJSON(row []float64, line []byte) ([]float64, error) {
	if line[0] == '[' {
		if !json.Valid(line) {
			return row, fmt.Errorf("want a JSON array of numbers, got %.40q", line)
		}
		if !p.arranged {
			if err := p.arrange(nil); err != nil {
				return row, err
			}
		}
		if p.names == nil {
			return p.parseList(row, trimArray(line), "element")
		}
		elements, err := p.numberClass(line)
		if err != nil {
			return row, err
		}
		return p.parseList(row, bytes.Join(elements, []byte(",")), "element")
	}
	var object struct{ Input, X, Label, Target, Y json.RawMessage }
	if err := json.Unmarshal(line, &object); err != nil {
		return row, fmt.Errorf("want a JSON array of numbers, or an object with \"input\": %w", err)
	}
	if p.inputs != nil && !isArray(object.Input) && !isArray(object.X) {
		of, err := p.members(line)
		if err != nil {
			return row, err
		}
		if of != nil {
			return p.parseMembers(row, of)
		}
	}
	if p.targets > 0 && len(p.columns) > 0 {
		return row, fmt.Errorf("columns %q are named, and an object has \"label\", \"target\" or \"y\"", p.columns)
	}
	row, err := p.member(row, p.width, "input", "x", object.Input, object.X)
	if err != nil || p.targets == 0 {
		return row, err
	}
	name, value := "target", object.Target
	if object.Label != nil {
		if value != nil {
			return row, errors.New(`want one of "label" and "target", got both`)
		}
		name, value = "label", object.Label
	}
	if p.names != nil {
		for _, v := range []*json.RawMessage{&value, &object.Y} {
			if *v == nil {
				continue
			}
			if *v, err = p.numberOfJSON(*v); err != nil {
				return row, fmt.Errorf("%q: %w", name, err)
			}
		}
	}
	if row, err = p.member(row, p.targets, name, "y", value, object.Y); err != nil {
		return row, err
	}
	if err := p.checkClass(row[len(row)-1]); err != nil {
		return row, fmt.Errorf("%q: %w", name, err)
	}
	return row, nil
}

// numberClass returns the elements of a JSON array, the class by number.
func (p *rowParser) numberClass(array []byte) (elements [][]byte, err error) {
	var of []json.RawMessage
	if err := json.Unmarshal(array, &of); err != nil {
		return nil, err
	}
	if at := p.column(p.width); at < len(of) {
		if of[at], err = p.numberOfJSON(of[at]); err != nil {
			return nil, fmt.Errorf("element %d: %w", at+1, err)
		}
	}
	for _, x := range of {
		elements = append(elements, x)
	}
	return elements, nil
}

// member appends the n numbers of a member that has one of two names. A single
// number need not be in an array.
func (p *rowParser) member(row []float64, n int, name, short string, value, shortValue json.RawMessage) ([]float64, error) {
	switch {
	case value != nil && shortValue != nil:
		return row, fmt.Errorf("want one of %q and %q, got both", name, short)
	case value == nil && shortValue == nil && name == "target":
		return row, errors.New(`want a member "label", "target" or "y"`)
	case value == nil && shortValue == nil:
		return row, fmt.Errorf("want a member %q or %q", name, short)
	case value == nil:
		name, value = short, shortValue
	}
	inner := rowParser{width: n, limit: p.limit, holes: p.holes}
	if isArray(value) {
		value = trimArray(value)
	}
	row, err := inner.parseList(row, value, "element")
	if err != nil {
		return row, fmt.Errorf("%q: %w", name, err)
	}
	return row, nil
}

func isArray(text json.RawMessage) bool { return len(text) > 0 && text[0] == '[' }

// trimArray returns what is between the brackets of a valid JSON array.
func trimArray(text []byte) []byte { return text[1 : len(text)-1] }
