// Package shape writes shapes as people do: 12×12×32.
package shape

import (
	"fmt"
	"strconv"
	"strings"
)

// Text returns a shape such as 12×12×32.
func Text(s []int) string { return joined(s, "×") }

// Typed returns a shape as it is typed: 12x12x32.
func Typed(s []int) string { return joined(s, "x") }

func joined(s []int, by string) string {
	numbers := make([]string, len(s))
	for i, n := range s {
		numbers[i] = strconv.Itoa(n)
	}
	return strings.Join(numbers, by)
}

// Parse returns the shape of a text such as 12x12x32 or 12×12×32, of numbers that are at
// least least.
func Parse(text string, least int) ([]int, error) {
	var s []int
	for number := range strings.SplitSeq(strings.ReplaceAll(text, "×", "x"), "x") {
		n, err := strconv.Atoi(number)
		if err != nil || n < least || n > 1<<24 {
			return nil, fmt.Errorf("must be numbers >= %d such as 3 or 3x3, got %q", least, text)
		}
		s = append(s, n)
	}
	return s, nil
}
