package graph

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// Wiring is a valid Spec, with its defaults, and the numbers of what it names.
type Wiring struct {
	Spec
	Of       []int            // by prediction: the node
	From     [][][]int        // by prediction and edge: the nodes
	Features [][]tensor.Shape // by prediction and edge: the shape of ψ
	Sums     []tensor.Shape   // by prediction: the shape of what is summed, before After
	Biases   []int            // by prediction: how many numbers its bias has
	// Slopes has by prediction and edge what bounds the derivative of the prediction by the
	// edge's source, beside the norm of the map: a, and the largest slopes of ψ and g.
	Slopes [][]float64
	OwnOf  [][]int // by own term: the nodes
	Given  []int   // by prediction: its place in the Spec before it was put into order
	First  []int   // by node: the first of its predictions, at which it begins; −1 for none
	Order  []int   // nodes, each behind those that its first prediction needs
}

// Wire validates s and puts it into order: predictions by their node, edges by their
// first source, so that sums do not depend on the order in which they were written. Its
// error joins a [Fault] for each thing that is wrong.
func (s Spec) Wire() (*Wiring, error) {
	var faults faults
	bad := faults.of(-1, -1)
	s = s.withPast(bad)
	w := &Wiring{Spec: s}
	number := map[string]int{}
	if len(s.Nodes) == 0 {
		bad("nodes: must name at least one, got none")
	}
	for i, n := range s.Nodes {
		bad := faults.of(i, -1)
		_, twice := number[n.Name]
		switch {
		case n.Name == "":
			bad("nodes[%d]: name: must not be empty", i)
		case twice:
			bad("nodes[%d]: name: must be of one node, got %q twice", i, n.Name)
		default:
			number[n.Name] = i
		}
		if len(n.Shape) == 0 || len(n.Shape) > 3 || slices.Min(n.Shape) <= 0 {
			bad("node %s: shape: must be one to three numbers > 0, got %v", n.Name, []int(n.Shape))
		}
		if !(n.Prior >= 0) || math.IsInf(n.Prior, 0) {
			bad("node %s: prior: must be a number >= 0, got %v", n.Name, n.Prior)
		}
		if n.Clamped && n.Masked {
			bad("node %s: masked: is for a free node", n.Name)
		}
	}
	if s.Steps < NoSteps || s.Steps > ErrorSteps {
		bad("steps: must be a known form, got %d", s.Steps)
	}
	if s.Batch <= 0 {
		bad("batch: must be > 0, got %d", s.Batch)
	}
	if s.Dtype != tensor.Float32 && s.Dtype != tensor.Float64 {
		bad("dtype: must be float32 or float64, got %s", dtypeName(s.Dtype))
	}
	if len(s.Predictions) == 0 {
		bad("predictions: must be at least one, got none")
	}
	names := func() string { return strings.Join(slices.Sorted(maps.Keys(number)), ", ") }
	for i, p := range s.Predictions {
		bad := faults.of(-1, i)
		w.Given = append(w.Given, i)
		if _, ok := number[p.Of]; !ok {
			bad("predictions[%d]: of: must be one of the nodes %s, got %q", i, names(), p.Of)
		}
		for _, e := range p.Edges {
			for _, name := range e.From {
				if _, ok := number[name]; !ok {
					bad("prediction of %s: from: must be of the nodes %s, got %q", p.Of, names(), name)
				}
			}
			if len(e.From) == 0 {
				bad("prediction of %s: from: must name a node, got none", p.Of)
			}
		}
	}
	if faults != nil {
		return nil, faults.err()
	}
	rank := func(p Prediction) int { // guesses last
		if p.Guess {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(w.Given, func(a, b int) int {
		return cmp.Or(number[s.Predictions[a].Of]-number[s.Predictions[b].Of], rank(s.Predictions[a])-rank(s.Predictions[b]))
	})
	w.Predictions = make([]Prediction, len(s.Predictions))
	w.First = slices.Repeat([]int{-1}, len(s.Nodes))
	for i, given := range w.Given {
		w.Predictions[i] = s.Predictions[given]
		p := &w.Predictions[i]
		p.Edges = slices.Clone(p.Edges)
		slices.SortStableFunc(p.Edges, func(a, b Edge) int { return number[a.From[0]] - number[b.From[0]] })
		of := number[p.Of]
		w.Of = append(w.Of, of)
		if w.First[of] < 0 && !p.Guess {
			w.First[of] = i
		}
		var from [][]int
		for _, e := range p.Edges {
			var nodes []int
			for _, name := range e.From {
				nodes = append(nodes, number[name])
			}
			from = append(from, nodes)
		}
		w.From = append(w.From, from)
	}
	for i, own := range s.Own {
		if _, err := ParseTerm(own.Term); err != nil {
			bad("own[%d]: term: %v", i, err)
		}
		var nodes []int
		for _, name := range own.Nodes {
			l, ok := number[name]
			if !ok {
				bad("own[%d]: nodes: must be nodes, got %q", i, name)
			}
			nodes = append(nodes, l)
		}
		if len(nodes) == 0 {
			bad("own[%d]: nodes: must name one, got none", i)
		}
		w.OwnOf = append(w.OwnOf, nodes)
	}
	if faults != nil {
		return nil, faults.err()
	}
	for l, n := range s.Nodes {
		alone := !slices.Contains(w.Of, l) && n.Prior == 0 && n.Past == ""
		for _, from := range w.From {
			for _, nodes := range from {
				alone = alone && !slices.Contains(nodes, l)
			}
		}
		if alone {
			faults.of(l, -1)("node %s: must predict another, or be predicted", n.Name)
		}
	}
	shared := map[string]parameters{}
	for i, given := range w.Given {
		w.checkPrediction(i, shared, faults.of(-1, given))
	}
	w.sort(&faults)
	if faults != nil {
		return nil, faults.err()
	}
	for i, p := range w.Predictions {
		var slopes []float64
		for j, e := range p.Edges {
			slopes = append(slopes, e.Scale*e.Feature.MaxSlope(w.sources(i, j)...)*p.After.MaxSlope(w.Sums[i]))
		}
		w.Slopes = append(w.Slopes, slopes)
	}
	return w, nil
}

// dtypeName returns the name of a dtype, of which the zero value cannot print itself.
func dtypeName(dt tensor.Dtype) string {
	if dt.Type == nil {
		return "none"
	}
	return dt.String()
}

// Before returns how many predictions of the same node come before prediction i.
func (w *Wiring) Before(i int) (n int) {
	for _, of := range w.Of[:i] {
		if of == w.Of[i] {
			n++
		}
	}
	return n
}

// sources returns the shapes of an edge's sources.
func (w *Wiring) sources(prediction, edge int) (shapes []tensor.Shape) {
	for _, l := range w.From[prediction][edge] {
		shapes = append(shapes, w.Nodes[l].Shape)
	}
	return shapes
}

// checkClamps returns what is wrong with what is clamped, for an energy that is to be
// built.
func (w *Wiring) checkClamps() error {
	var errs []error
	for i, p := range w.Predictions {
		node := w.Nodes[w.Of[i]]
		if !p.Energy.Settles() && !node.Clamped && !node.Masked {
			errs = append(errs, fmt.Errorf("graph: node %s: masked: must be set where a node of %v energy is free: a mask of what is missing", node.Name, p.Energy))
		}
	}
	return errors.Join(errs...)
}

// sort finds the order in which nodes can be predicted.
func (w *Wiring) sort(faults *faults) {
	const unseen, onPath, done = 0, 1, 2
	state := make([]int, len(w.Nodes))
	var visit func(l int)
	visit = func(l int) {
		if state[l] = onPath; w.First[l] >= 0 {
			for j, from := range w.From[w.First[l]] {
				for _, source := range from {
					switch {
					case w.Predictions[w.First[l]].Edges[j].Feedback || state[source] == done:
					case source == l: // which checkPrediction has said
					case state[source] == onPath:
						faults.of(-1, w.Given[w.First[l]])("prediction of %s from %s: feedback: must be set on one of the edges of a circle", w.Nodes[l].Name, w.Nodes[source].Name)
					default:
						visit(source)
					}
				}
			}
		}
		state[l] = done
		w.Order = append(w.Order, l)
	}
	for l := len(w.Nodes) - 1; l >= 0; l-- {
		if state[l] == unseen {
			visit(l)
		}
	}
}

// Descends reports whether node l has a gradient: it is free, and the energies of its
// predictions are such that a free latent descends them.
func (w *Wiring) Descends(l int) bool {
	if w.Nodes[l].Clamped {
		return false
	}
	for i, of := range w.Of {
		if of == l && !w.Predictions[i].Energy.Settles() {
			return false
		}
	}
	return true
}
