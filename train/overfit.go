package train

import "fmt"

// overfitRise is how much higher than at the best epoch the validation loss ends where that
// is worth a line: chance moves that of a few hundred examples by some percent.
const overfitRise = 1.1

// Overfits says in a sentence that the validation loss rose while what was learned from
// was still learned better; it is empty where that is not so.
func (h *History) Overfits() string {
	if h.Best == 0 || h.Best == len(h.Epochs) {
		return ""
	}
	best, last := h.Epochs[h.Best-1], h.Epochs[len(h.Epochs)-1]
	if last.Validation == nil || !(last.Validation.Loss > overfitRise*best.Validation.Loss && last.Energy < best.Energy) {
		return ""
	}
	return fmt.Sprintf("the network overfits: its loss on the validation part was lowest after epoch %d of %d, %.4g, and rose to %.4g while it still fell on the examples that are learned from",
		h.Best, len(h.Epochs), best.Validation.Loss, last.Validation.Loss)
}
