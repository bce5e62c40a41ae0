package data

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/quoted"
)

// manyClasses is how many classes that are numbers look like a regression.
const manyClasses = 100

// fewOfClass is how few examples of each class look so, too.
const fewOfClass = 5

// Remarks returns what was taken for granted when the set was read, and what about
// it may be a mistake, in a line each. They are of all examples that were read with
// those of this set, in the order of the file.
func (s *Set) Remarks() []string {
	remarks := append([]string(nil), s.remarks...)
	if s.Shape != nil || s.testing {
		return remarks // black pixels are no mistake, nor is what few examples have in common
	}
	var constant []string
	names := s.InputNames()
	for j := range s.InputSize() {
		same, counts := true, true
		first := s.inputs.at(0, j)
		for i := range s.n * s.Steps() {
			x := s.inputs.at(i/s.Steps(), j+i%s.Steps()*s.InputSize())
			same = same && x == first
			counts = counts && x == first+float64(i)
			if !same && !counts {
				break
			}
		}
		name := strconv.Itoa(j + 1)
		if names != nil {
			name = names[j]
		}
		switch {
		case counts && s.n > 2 || s.n > fewTexts && looksLikeID(name) && s.allDiffer(j):
			remarks = append(remarks, fmt.Sprintf("column %q is another number in each example: it is an input, and looks like an id or index: drop it if it is one", name))
		case names != nil && unnamed(name):
			remarks = append(remarks, fmt.Sprintf("column %d has no name: it is an input, and may be an index", j+1))
		}
		if same && s.n > 1 {
			constant = append(constant, name)
		}
	}
	if constant != nil {
		remarks = append(remarks, fmt.Sprintf("%s with the same number everywhere, which says nothing: %s", plural.Of(len(constant), "input"), quoted.List(constant)))
	}
	remarks = append(remarks, s.oddClasses()...)
	if s.labels == nil && s.oneHotTargets() {
		remarks = append(remarks, fmt.Sprintf("the %d targets are 0 but for a 1 in each example, and are regressed on: if they are classes, give the number of the class as a label", s.targets.width))
	}
	return remarks
}

// oddClasses says which classes may be one that is written in several ways, and which have
// too few examples to be both learned and tested.
func (s *Set) oddClasses() (remarks []string) {
	if s.labels == nil || s.n <= fewTexts {
		return nil
	}
	counts := make([]int, s.Classes)
	for _, k := range s.labels {
		counts[k]++
	}
	var single []string
	first := map[string]string{} // by the name in lower case
	for k, n := range counts {
		name := s.ClassName(k)
		if n == 1 {
			single = append(single, name)
		}
		if other, there := first[strings.ToLower(name)]; there {
			remarks = append(remarks, fmt.Sprintf("classes %q and %q differ by case alone", other, name))
		} else {
			first[strings.ToLower(name)] = name
		}
	}
	if single != nil {
		remarks = append(remarks, fmt.Sprintf("%d of %d classes with a single example, which cannot be both learned and tested, such as %q", len(single), s.Classes, single[0]))
	}
	return remarks
}

// idNames are names of columns of numbers that tell examples apart.
var idNames = regexp.MustCompile(`(?i)^(.*[ _-])?(id|index|key|nr|no)$|[a-z]I[dD]$`)

func looksLikeID(name string) bool { return idNames.MatchString(name) }

// allDiffer reports whether no number of feature j is there twice.
func (s *Set) allDiffer(j int) bool {
	seen := make(map[float64]bool, s.n)
	for i := range s.n {
		seen[s.inputs.at(i, j)] = true
	}
	return len(seen) == s.n
}

// remarkLabels notes labels that are many numbers, or one number in several ways. It asks
// about those that look like a measurement.
func (s *Set) remarkLabels(column string, texts []string) error {
	fraction := false
	for _, text := range texts {
		x, ok := parseNumber(text, ';')
		if !ok {
			return nil
		}
		fraction = fraction || x != math.Trunc(x)
	}
	if s.Classes > fewTexts && (fraction || s.Classes*fewOfClass > s.n) {
		return &ColumnError{fmt.Sprintf("label %.40q: has %d different numbers in %s, each a class: is it a target to regress on?", column, s.Classes, plural.Of(s.n, "row"))}
	}
	if s.Classes < len(texts) {
		s.remarks = append(s.remarks, fmt.Sprintf("%d labels are %d classes, since some are the same number written otherwise", len(texts), s.Classes))
	}
	if s.Classes >= manyClasses {
		s.remarks = append(s.remarks, fmt.Sprintf("the label has %d different numbers, each a class: to regress on it, name it as a target", s.Classes))
	}
	return nil
}

// oneHotTargets reports whether each example has a target of 1 among others of 0.
func (s *Set) oneHotTargets() bool {
	for i := range s.n {
		ones := 0
		for j := range s.targets.width {
			switch s.targets.at(i, j) {
			case 0:
			case 1:
				ones++
			default:
				return false
			}
		}
		if ones != 1 {
			return false
		}
	}
	return s.targets.width > 1
}
