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
	for i, key := range t.Keys[:min(maxPanels, len(t.Keys))] {
		title := ""
		if i == 0 {
			title = "Validation " + t.ScoreName() + ", mean ± standard error"
		}
		panels = append(panels, t.panel(title, key, i))
	}
	return panels
}

// panel draws the scores over the values of key i.
func (t *Table) panel(title, key string, i int) *report.Panel {
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
		if p.X = float64(slices.Index(names, r.Values[i])); numbers {
			p.X, _ = strconv.ParseFloat(r.Values[i], 64)
		}
		points = append(points, p)
	}
	if numbers {
		names = nil
	}
	return report.Points(title, key, t.ScoreName()+unit, names, points)
}

func orZero(x *jsonfloat.Float) float64 {
	if x == nil {
		return 0
	}
	return float64(*x)
}
