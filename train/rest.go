package train

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/pcn/model"
)

// How far from rest latents may end before that is worth a line: the share of the
// energy's fall that was made or, where that was not estimated, what is left of the
// gradient. Many networks learn well from latents that have half the fall before them,
// and more steps change nothing then, but not from such as have hardly moved. A node is named that has at least farBehind of what the one with most
// of the gradient has.
const (
	farReached  = 0.1
	farResidual = 0.9
	farBehind   = 0.5
)

// FarFromRest describes how little latents had settled, at the end, that weights learned
// from, as far as that is known; it is empty where they had begun to settle.
func (h *History) FarFromRest() string {
	for _, e := range slices.Backward(h.Epochs) {
		if e.Reached == nil {
			continue
		}
		if !(*e.Reached < farReached) {
			return ""
		}
		return fmt.Sprintf("that had made about %s of the energy's fall to rest%s", percent(*e.Reached), furthest(e.Nodes, e.EndResidual))
	}
	if len(h.Epochs) == 0 {
		return ""
	}
	last := h.Epochs[len(h.Epochs)-1]
	if !(last.Steps > 1 && last.Residual > farResidual) { // before a single step all of the gradient is left
		return ""
	}
	return fmt.Sprintf("with %s of the gradient left%s", percent(last.Residual), furthest(last.Nodes, last.NodeResidual))
}

// furthest names the nodes with the most of the gradient, the furthest first.
func furthest(nodes model.Names, residual []float64) string {
	var behind []int
	for l, r := range residual {
		if r > 0 && r >= farBehind*slices.Max(residual) {
			behind = append(behind, l)
		}
	}
	if len(behind) == 0 {
		return ""
	}
	slices.SortStableFunc(behind, func(a, b int) int { return cmp.Compare(residual[b], residual[a]) })
	var names []string
	for _, l := range behind {
		names = append(names, nodes.Of(l))
	}
	return ", furthest from rest at " + strings.Join(names, ", ")
}

// percent writes a share with three digits.
func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
