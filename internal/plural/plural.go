// Package plural writes numbers of things.
package plural

import "strconv"

// Of returns a number of things, such as 1 step or 3 steps, for a noun that takes
// an s.
func Of(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
