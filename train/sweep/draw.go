package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/train/config"
)

// draw makes the points.
func (p *planner) draw() {
	points := p.file.Points
	if p.Search == "grid" {
		points = 1
		for _, k := range p.keys {
			if points *= len(k.choices); points > maxRuns {
				break
			}
		}
	}
	if points*len(p.plan.Seeds) > maxRuns {
		p.bad("keys", "more than %d runs", maxRuns)
		return
	}
	next := p.combinations()
	if p.Search == "random" {
		next = p.distinct()
	}
	for i := range points {
		values := next()
		if values == nil {
			p.bad("points", "must be at most %d, for no more differ, or search: grid", i)
			return
		}
		point := Point{Number: i + 1}
		settings := make([]config.Setting, len(values))
		for j, value := range values {
			settings[j] = config.Setting{Path: p.keys[j].path.Text(), Key: p.keys[j].path, Value: value}
			point.Values = append(point.Values, value.String())
		}
		var errs yamlfile.Errors
		point.Recipe, errs = p.resolve(settings...)
		p.errs = append(p.errs, errs...)
		p.plan.Points = append(p.plan.Points, point)
		if len(errs) > 0 && p.Search == "random" {
			break // others would say the same of other numbers
		}
	}
}

// combinations returns a function that returns the values of the points of the
// grid, one after the other. The last key changes first.
func (p *planner) combinations() func() []*yamlfile.Node {
	point := -1
	return func() []*yamlfile.Node {
		point++
		i, values := point, make([]*yamlfile.Node, len(p.keys))
		for j, k := range slices.Backward(p.keys) {
			if n := len(k.choices); n > 0 {
				values[j] = k.choices[i%n]
				i /= n
			}
		}
		return values
	}
}

// maxRepeats is how many draws in a row may be of points that were drawn before.
const maxRepeats = 1000

// distinct returns a function that returns the values of the points of a random
// search, one after the other: those drawn that differ from all before, or nil when
// none comes.
func (p *planner) distinct() func() []*yamlfile.Node {
	draws, seen := 0, map[string]bool{}
	return func() []*yamlfile.Node {
		for range maxRepeats {
			values := p.random(draws)
			draws++
			var text strings.Builder
			for _, v := range values {
				fmt.Fprintln(&text, v)
			}
			if !seen[text.String()] {
				seen[text.String()] = true
				return values
			}
		}
		return nil
	}
}

// random returns the values of draw i of a random search. They do not depend on the
// number of points.
func (p *planner) random(i int) []*yamlfile.Node {
	rng := rand.New(rand.NewPCG(p.Seed, uint64(i)))
	values := make([]*yamlfile.Node, len(p.keys))
	for j, k := range p.keys {
		if k.span == nil {
			values[j] = k.choices[rng.IntN(len(k.choices))]
			continue
		}
		values[j] = k.node.Plain(k.span.at(rng.Float64(), k.whole))
	}
	return values
}

// at returns the value at that share of the range, 0 to 1, to four digits.
func (s *span) at(share float64, whole bool) string {
	low, high := s.Low, s.High
	if whole { // each number has the same share of a linear range
		low, high = low-0.5, high+0.5
	}
	x := low + share*(high-low)
	if s.Scale == "log" {
		x = low * math.Pow(high/low, share)
	}
	if whole {
		return strconv.FormatFloat(min(max(math.Round(x), s.Low), s.High), 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
