package data

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/quoted"
)

const (
	// fewTexts is how many texts of a column always have an input each.
	fewTexts = 20
	// mostTexts is how many have one at most: those that are there most often.
	mostTexts = 64
	// heldTexts bounds the different texts of a column that are in memory.
	heldTexts = 10_000
	// mostOdd is how many different texts may stand among numbers, and oddShare which
	// share of the known fields.
	mostOdd  = 5
	oddShare = 0.2
)

// A survey is what the fields of a column have in common.
type survey struct {
	n, missing, numbers, truths int
	layouts                     []string       // of dates that fit all
	texts                       map[string]int // how often each is there, of those that are no numbers
	more                        bool           // texts than are held
	commas, units               string         // a number with a comma, or a unit, and what it is

	whole, rising bool                 // all are whole numbers, each larger than the one before
	last          float64              // number
	seen          map[float64]struct{} // whole numbers, while none is there twice; of a column without a name
}

func newSurvey(named bool) *survey {
	s := &survey{layouts: dateLayouts, texts: make(map[string]int), whole: true, rising: true}
	if !named {
		s.seen = make(map[float64]struct{})
	}
	return s
}

// add enters a field.
func (s *survey) add(field string, separator rune, decode func(string) string) {
	s.n++
	if x, ok := parseNumber(field, separator); ok {
		s.whole = s.whole && x == float64(int(x))
		s.rising = s.rising && (s.numbers == 0 || x > s.last)
		if s.last = x; s.seen != nil {
			s.seen[x] = struct{}{}
		}
		if s.numbers++; s.commas == "" && strings.Contains(field, ",") {
			s.commas = fmt.Sprintf("%s is %v", strings.TrimSpace(field), x)
		}
		if s.units == "" && withoutUnit(field) != field {
			s.units = fmt.Sprintf("%s is %v", strings.TrimSpace(field), x)
		}
		return
	}
	field = strings.TrimSpace(field)
	if isMissing(field) {
		s.missing++
		return
	}
	s.layouts = slices.DeleteFunc(slices.Clone(s.layouts), func(layout string) bool { _, ok := day(field, layout); return !ok })
	if _, ok := truth(field); ok {
		s.truths++
	}
	s.text(decode(field))
}

// text enters a text.
func (s *survey) text(field string) {
	if _, there := s.texts[field]; !there && len(s.texts) == heldTexts {
		s.more = true
		return
	} else if !there {
		field = strings.Clone(field) // not the whole record
	}
	s.texts[field]++
}

// others returns how many fields are known and no numbers.
func (s *survey) others() int { return s.n - s.missing - s.numbers }

// odd reports whether what is no number is an exception.
func (s *survey) odd() bool {
	return s.others() > 0 && len(s.texts) <= mostOdd && float64(s.others()) <= oddShare*float64(s.n-s.missing)
}

// mixed reports whether a column of texts has numbers too, which are to be texts.
func (s *survey) mixed() bool { return s.numbers > 0 && s.others() > 0 && !s.odd() }

// column says what a column is, or with an empty kind why it is left out.
func (s *survey) column(c Column) (Column, string) {
	c.Flagged = s.missing > 0
	note := ""
	switch {
	case s.missing == s.n:
		return c, "is empty: it is left out"
	case s.others() == 0:
		c.Kind = KindNumber
		if unnamed(c.Name) && s.whole && (s.rising || len(s.seen) == s.n) && s.n > 2 {
			c.Kind = ""
			return c, "has no name and counts the rows: it is left out"
		}
		if s.units != "" {
			note = "has numbers with units: " + s.units
		} else if s.commas != "" {
			note = "has numbers with commas: " + s.commas
		}
	case s.odd():
		c.Kind, c.Flagged = KindNumber, true
		for text := range s.texts {
			c.Odd = append(c.Odd, text)
		}
		slices.Sort(c.Odd)
		note = fmt.Sprintf("has numbers, and %s for values that are missing", quoted.List(c.Odd))
	case s.numbers == 0 && s.truths == s.others():
		c.Kind = KindBoolean
		note = "is taken for 1 and 0: true and false"
	case s.numbers == 0 && len(s.layouts) > 0:
		c.Kind, c.Layout = KindDate, s.layouts[0]
		note = fmt.Sprintf("has dates such as %s: they are taken for days since 1970", c.Layout)
	default:
		return s.textColumn(c)
	}
	return c, note
}

// textColumn says what a column of texts is.
func (s *survey) textColumn(c Column) (Column, string) {
	different := len(s.texts)
	if known := s.n - s.missing; s.more || different > fewTexts && 2*different > known {
		return c, fmt.Sprintf("has %d different texts in %s, and looks like an id: it is left out", different, plural.Of(known, "row"))
	}
	c.Kind = KindText
	for text := range s.texts {
		c.Texts = append(c.Texts, text)
	}
	slices.SortFunc(c.Texts, func(a, b string) int {
		if s.texts[a] != s.texts[b] {
			return s.texts[b] - s.texts[a]
		}
		return strings.Compare(a, b)
	})
	note := fmt.Sprintf("has %s: an input for each", plural.Of(different, "text"))
	if different > mostTexts {
		c.Texts = c.Texts[:mostTexts]
		note = fmt.Sprintf("has %d different texts: an input for each of the %d that are there most often", different, mostTexts)
	}
	sortTexts(c.Texts)
	if c.Flagged {
		c.Texts = append(c.Texts, "")
	}
	return c, note
}

// unnamed reports whether a column has no name, or the one that pandas gives it then.
func unnamed(name string) bool { return name == "" || strings.HasPrefix(name, "Unnamed:") }

// surveyRows finds out what the columns of rows are, and says what was decided.
func surveyRows(open func() (*rowReader, error), note func(string)) (*Table, error) {
	var columns []*survey
	var rows *rowReader
	for again := true; again; {
		var err error
		if rows, err = open(); err != nil {
			return nil, err
		}
		mixed := make([]bool, len(columns))
		for i, s := range columns {
			mixed[i] = s.mixed()
		}
		if columns, err = rows.survey(mixed); err != nil {
			return nil, err
		}
		again = len(mixed) == 0 && slices.ContainsFunc(columns, (*survey).mixed) // their numbers were not entered as texts
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("must have at least one example, got no line of numbers")
	}
	t := &Table{Fields: rows.layout.fields, Learned: rows.layout.targets}
	filled := 0
	for i, s := range columns {
		c := Column{Place: rows.layout.inputs[i]}
		if rows.inputs != nil {
			c.Name = rows.inputs[i]
		}
		c, said := s.column(c)
		if said != "" {
			note(fmt.Sprintf("column %s %s", rows.layout.name(c.Place), said))
		}
		if c.Kind == "" {
			continue
		}
		if t.Columns = append(t.Columns, c); c.Flagged {
			filled += s.missing
		}
	}
	if filled > 0 {
		note(fmt.Sprintf("%s: each is taken for the mean of its column, and an input says that it is missing", plural.Of(filled, "missing value")))
	}
	if len(t.Columns) == 0 {
		return nil, &ColumnError{"must have inputs beside what is to be learned, got none that say anything"}
	}
	return t, nil
}

// survey reads all rows. In columns that are mixed numbers are texts.
func (s *rowReader) survey(mixed []bool) ([]*survey, error) {
	var columns []*survey
	for {
		record, layout, err := s.record()
		if err == io.EOF {
			return columns, nil
		}
		if err != nil {
			return nil, err
		}
		if columns == nil {
			s.layout = layout
			columns = make([]*survey, len(layout.inputs))
			for i := range columns {
				columns[i] = newSurvey(s.inputs == nil || !unnamed(s.inputs[i]))
			}
		}
		for i, at := range layout.inputs {
			if i < len(mixed) && mixed[i] && !isMissing(strings.TrimSpace(record[at])) {
				columns[i].n++
				columns[i].layouts = nil
				columns[i].text(s.decode(strings.TrimSpace(record[at])))
				continue
			}
			columns[i].add(record[at], s.separator(), s.decode)
		}
	}
}
