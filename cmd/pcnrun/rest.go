package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/pcn/train"
)

// How far from rest latents may end before that is worth a line: the share of their
// energy still to lose or, where that was not estimated, of the gradient. A node is
// named that has at least farBehind of what the one with most of the gradient has.
const (
	farToLose   = 0.1
	farResidual = 0.5
	farBehind   = 0.5
)

// sayFarFromRest says how far from rest latents were when the weights learned from
// them, and at which nodes. As the default recipe has it that is a note; what was
// chosen otherwise is warned of, with what to do about it.
func (a *app) sayFarFromRest(h *train.History, byDefault bool, model string) {
	how := farFromRest(h)
	switch {
	case how == "":
	case byDefault:
		fmt.Fprintf(a.info(), "note: weights learned from latents %s; 'pcnrun inspect %s' shows how they settle\n", how, model)
	default:
		a.warn("weights learned from latents %s; give more --steps or another --method", how)
	}
}

// farFromRest describes how far from rest latents were at the end of h, as far as
// that is known; it is empty where they were near.
func farFromRest(h *train.History) string {
	for _, e := range slices.Backward(h.Epochs) {
		if e.ToLose == nil {
			continue
		}
		if !(*e.ToLose > farToLose) {
			return ""
		}
		return fmt.Sprintf("with about %s of their energy still to lose%s", percent(*e.ToLose), furthest(e.EndResidual))
	}
	if len(h.Epochs) == 0 {
		return ""
	}
	last := h.Epochs[len(h.Epochs)-1]
	if !(last.Steps > 1 && last.Residual > farResidual) { // before a single step all of the gradient is left
		return ""
	}
	return fmt.Sprintf("with %s of the gradient left%s", percent(last.Residual), furthest(last.NodeResidual))
}

// furthest names the nodes with the most of the gradient, the furthest first.
func furthest(residual []float64) string {
	var nodes []int
	for l, r := range residual {
		if r > 0 && r >= farBehind*slices.Max(residual) {
			nodes = append(nodes, l)
		}
	}
	slices.SortStableFunc(nodes, func(a, b int) int { return cmp.Compare(residual[b], residual[a]) })
	switch len(nodes) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(", furthest from rest at node %d", nodes[0])
	}
	return ", furthest from rest at nodes " + strings.Join(strings.Fields(strings.Trim(fmt.Sprint(nodes), "[]")), ", ")
}
