package train

import (
	"fmt"

	"example.com/pcn/internal/plural"
)

// few is a number of examples of which chance decides more than a point of accuracy.
const few = 100

// PatienceByFew says in a sentence that the examples held out for validation are few to decide
// by when training ends; it is empty where they are not, or nobody chose that they decide: the
// patience of one's own regressions is a default.
func (r Recipe) PatienceByFew(sets Sets) string {
	count, patience := sets.Validation.Len(), r.Learning.Patience
	if byDefault := r.Data.Own() && r.Data.Regression() && patience == ownPatience; patience == 0 || byDefault || count >= few {
		return ""
	}
	return fmt.Sprintf("when to end is decided on %s held out for validation, where luck counts as much as being better", plural.Of(count, "example"))
}
