package graph

import (
	"fmt"
	"slices"
	"strings"
)

// mostDelay bounds how many steps an edge may look back.
const mostDelay = 64

// withPast returns s with edges that take their sources of now: those with a delay from
// nodes of the past, one for each step back, so that each is what the one before was.
func (s Spec) withPast(bad func(format string, a ...any)) Spec {
	s.Nodes, s.Predictions = slices.Clone(s.Nodes), slices.Clone(s.Predictions)
	place := func(name string) int { return slices.IndexFunc(s.Nodes, func(n Node) bool { return n.Name == name }) }
	for i := range s.Predictions {
		p := &s.Predictions[i]
		p.Edges = slices.Clone(p.Edges)
		for j := range p.Edges {
			e := &p.Edges[j]
			if e.Delay < 0 || e.Delay > mostDelay {
				bad("prediction of %s from %s: delay: must be 0 to %d, got %d", p.Of, strings.Join(e.From, ", "), mostDelay, e.Delay)
				continue
			}
			e.From = slices.Clone(e.From)
			for k, name := range e.From {
				at := place(name)
				for delay := 1; at >= 0 && delay <= e.Delay; delay++ { // a node that is not there is said to be not
					past := Node{Name: fmt.Sprintf("%s-%d", name, delay), Shape: s.Nodes[at].Shape, Past: name, Delay: delay, Clamped: true}
					if e.From[k] = past.Name; place(past.Name) < 0 {
						s.Nodes = append(s.Nodes, past)
					}
				}
			}
			e.Delay = 0
		}
	}
	return s
}
