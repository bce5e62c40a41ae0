package sweep

import (
	"slices"
	"strconv"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/train/report"
)

// maxPanels is the most keys that are drawn.
const maxPanels = 6

// Panels draws the scores over the values of each key: numbers along an axis, all
// else side by side.
func (t *Table) Panels() []*report.Panel {
	var panels []*report.Panel
	for i := range min(maxPanels, len(t.Keys)) {
		panels = append(panels, t.panel(i))
	}
	return panels
}

// panel draws the scores over the values of key i.
func (t *Table) panel(i int) *report.Panel {
	var names []string
	numbers := true
	for _, r := range t.Rows {
		if _, err := strconv.ParseFloat(r.Values[i], 64); err != nil {
			numbers = false
		}
		if !slices.Contains(names, r.Values[i]) {
			names = append(names, r.Values[i])
		}
	}
	slices.Sort(names)
	drawn := make([]int, len(names)) // points of each value
	factor, unit := 1.0, ""
	if t.Score == accuracy {
		factor, unit = 100, " (%)"
	}
	var points []report.Point
	for _, r := range t.Rows {
		if r.Validation.Mean == nil {
			continue
		}
		p := report.Point{Y: factor * float64(*r.Validation.Mean), Error: factor * orZero(r.Validation.StandardError)}
		p.Best = t.Winner != nil && t.Winner.Point == r.Point
		if numbers {
			p.X, _ = strconv.ParseFloat(r.Values[i], 64)
		} else { // side by side, the best on the left
			at := slices.Index(names, r.Values[i])
			p.X = float64(at) + 0.7*((float64(drawn[at])+0.5)/float64(t.count(i, names[at]))-0.5)
			drawn[at]++
		}
		points = append(points, p)
	}
	if numbers {
		names = nil
	}
	return report.Points("Mean ± standard error over seeds", t.Keys[i], "validation "+t.ScoreName()+unit, names, points)
}

// count returns the number of points whose value of key i is that.
func (t *Table) count(i int, value string) int {
	n := 0
	for _, r := range t.Rows {
		if r.Values[i] == value {
			n++
		}
	}
	return n
}

func orZero(x *jsonfloat.Float) float64 {
	if x == nil {
		return 0
	}
	return float64(*x)
}
