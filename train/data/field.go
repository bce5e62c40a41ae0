package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// missing are fields that say that a value is not known, in lower case.
var missing = []string{"", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-"}

// isMissing reports whether a field, without space around it, says that its value is
// not known.
func isMissing(field string) bool {
	return len(field) <= 4 && slices.ContainsFunc(missing, func(m string) bool { return strings.EqualFold(field, m) })
}

// parseNumber reads a field as a finite number, of a file whose fields separator
// separates. A number may have a comma: between groups of thousands, where there are
// several, or one and a point after it, or one and three digits after it in a file
// whose fields commas separate; else in place of a point. It may have a sign of a currency
// or a share, which says nothing. Pixels are short and whole,
// and worth a way of their own.
func parseNumber(field string, separator rune) (x float64, ok bool) {
	whole := 0
	for i := 0; i < len(field) && i < 9 && '0' <= field[i] && field[i] <= '9'; i++ {
		if whole = 10*whole + int(field[i]-'0'); i == len(field)-1 {
			return float64(whole), true
		}
	}
	field = withoutUnit(strings.TrimSpace(field))
	x, err := strconv.ParseFloat(field, 64)
	if err != nil && strings.Contains(field, ",") {
		x, err = strconv.ParseFloat(withoutCommas(field, separator), 64)
	}
	return x, err == nil && finite(x)
}

// units are signs that may stand before or behind a number.
var units = []string{"%", "‰", "$", "€", "£", "¥"}

// withoutUnit returns a number as it is without a unit: 5 of 5 %, -5 of -$5.
func withoutUnit(field string) string {
	for _, u := range units {
		if before, after, is := strings.Cut(field, u); is && (strings.Trim(before, "+-") == "" || after == "") {
			return strings.TrimSpace(before + strings.TrimSpace(after))
		}
	}
	return field
}

// withoutCommas returns a number that has commas as Go writes it.
func withoutCommas(field string, separator rune) string {
	comma, point := strings.LastIndexByte(field, ','), strings.LastIndexByte(field, '.')
	commas := strings.Count(field, ",")
	switch {
	case point > comma, commas > 1, point < 0 && separator == ',' && grouped(field, ','):
		if whole, _, _ := strings.Cut(field, "."); grouped(whole, ',') {
			return strings.ReplaceAll(field, ",", "")
		}
	case point < 0 || grouped(field[:comma], '.'):
		return strings.ReplaceAll(strings.ReplaceAll(field, ".", ""), ",", ".")
	}
	return field
}

// grouped reports whether a whole number is written in groups of three digits.
func grouped(whole string, mark byte) bool {
	groups := strings.Split(strings.TrimLeft(whole, "+-"), string(mark))
	for i, group := range groups {
		if strings.Trim(group, "0123456789") != "" || len(group) > 3 || len(group) < 3 && (i > 0 || group == "") {
			return false
		}
	}
	return len(groups) > 1
}

func isNumber(field string) bool {
	_, ok := parseNumber(field, ',')
	return ok || slices.Contains([]string{"inf", "+inf", "-inf", "nan"}, strings.ToLower(field))
}

// number reads a field of a column of numbers: NaN where it is not known, which is no
// mistake with holes.
func number(field string, separator rune, holes bool) (float64, error) {
	if x, ok := parseNumber(field, separator); ok {
		return x, nil
	}
	if field = strings.TrimSpace(field); holes && isMissing(field) {
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("must be a finite number, got %.40q", field)
}

// truths are the words for no and yes, in lower case.
var truths = map[string]float64{"false": 0, "true": 1, "no": 0, "yes": 1, "n": 0, "y": 1, "f": 0, "t": 1}

func truth(field string) (x float64, ok bool) {
	x, ok = truths[strings.ToLower(field)]
	return x, ok
}

// dateLayouts are the ways to write a date, with or without a time of the day, as
// package time has them. One that comes first is taken where several fit.
var dateLayouts = func() []string {
	var all []string
	for _, date := range []string{"2006-1-2", "2006/1/2", "2.1.2006", "1/2/2006", "2/1/2006", "2-1-2006", "2 Jan 2006", "2-Jan-2006", "Jan 2, 2006", "January 2, 2006", "2006-1"} {
		all = append(all, date)
		for _, clock := range []string{" 15:04", " 15:04:05", " 15:04:05Z07:00", "T15:04", "T15:04:05", "T15:04:05Z07:00"} {
			all = append(all, date+clock)
		}
	}
	return all
}()

// day returns a date in days since the beginning of 1970.
func day(field, layout string) (float64, bool) {
	t, err := time.Parse(layout, field)
	return float64(t.Unix())/86400 + float64(t.Nanosecond())/86400e9, err == nil
}
