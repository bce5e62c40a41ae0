// Package quoted writes lists of names for errors.
package quoted

import (
	"fmt"
	"strings"
)

// List writes names in quotes, with commas between them: not more than anyone
// would read.
func List(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", strings.TrimSpace(name))
	}
	return b.String()
}
