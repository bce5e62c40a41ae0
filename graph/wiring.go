package graph

import (
	"cmp"
	"slices"

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
	s = s.withPast(faults.of(-1, -1))
	number := s.checkNodes(&faults)
	s.checkBatch(&faults)
	s.checkNames(number, &faults)
	if faults != nil {
		return nil, faults.err()
	}
	w := &Wiring{Spec: s}
	w.arrange(number)
	w.checkOwn(number, &faults)
	if faults != nil {
		return nil, faults.err()
	}
	w.checkUse(&faults)
	shared := map[string]parameters{}
	for i, given := range w.Given {
		w.checkPrediction(i, shared, faults.of(-1, given))
	}
	w.findOrder(&faults)
	if faults != nil {
		return nil, faults.err()
	}
	w.slopes()
	return w, nil
}

// arrange puts predictions in the order of their nodes, a guess behind the others of its
// node, and edges in that of their first source, and looks their names up.
func (w *Wiring) arrange(number map[string]int) {
	given := w.Predictions
	for i := range given {
		w.Given = append(w.Given, i)
	}
	last := func(p Prediction) int {
		if p.Guess {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(w.Given, func(a, b int) int {
		return cmp.Or(number[given[a].Of]-number[given[b].Of], last(given[a])-last(given[b]))
	})
	w.Predictions = make([]Prediction, len(given))
	w.First = slices.Repeat([]int{-1}, len(w.Nodes))
	for i, at := range w.Given {
		w.Predictions[i] = given[at]
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
}

// slopes bounds the derivative of each prediction by each of its edges' sources.
func (w *Wiring) slopes() {
	for i, p := range w.Predictions {
		var slopes []float64
		for j, e := range p.Edges {
			slopes = append(slopes, e.Scale*e.Feature.MaxSlope(w.sources(i, j)...)*p.After.MaxSlope(w.Sums[i]))
		}
		w.Slopes = append(w.Slopes, slopes)
	}
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

// findOrder finds the order in which nodes can be predicted.
func (w *Wiring) findOrder(faults *faults) {
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

// descends reports whether node l has a gradient: it is free, and the energies of its
// predictions are such that a free latent descends them.
func (w *Wiring) descends(l int) bool {
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
