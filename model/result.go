package model

import (
	"fmt"
	"strings"

	"example.com/pcn/internal/plural"
)

// String says in a line how settling ended: the energy and each node's part of
// it, and what is left of the gradient where more than one step was taken.
func (r *Result) String() string {
	if r == nil {
		return "no result"
	}
	if r.Steps == 0 {
		return fmt.Sprintf("%v without a step", r.Status)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%v after %s", r.Status, plural.Of(r.Steps, "step"))
	if r.Status == Diverged {
		fmt.Fprintf(&s, " at node %d", r.Node)
	}
	fmt.Fprintf(&s, " of rate %.3g: energy %.4g", r.Rate, r.Energy)
	sign := " ="
	for _, e := range r.LayerEnergy {
		fmt.Fprintf(&s, "%s %.3g", sign, e)
		sign = " +"
	}
	if r.Steps > 1 { // the residual is 1 before the only step
		fmt.Fprintf(&s, ", residual %.2g", r.Residual)
	}
	return s.String()
}

// Energies returns the total energy before each step and, at the end, that at
// the settled latents: of a Result with a Trace. With StaleErrors the last two
// are the same.
func (r *Result) Energies() []float64 {
	if len(r.Trace) == 0 {
		return nil
	}
	var totals []float64
	for _, parts := range r.Trace {
		totals = append(totals, sum(parts))
	}
	return append(totals, r.Energy)
}
