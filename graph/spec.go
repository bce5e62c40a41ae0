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

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
)

// Spec says which energy to build: nodes, and predictions of them. Whatever goes by node
// or by prediction in this package has their order.
type Spec struct {
	Nodes       []Node       // at least one
	Predictions []Prediction // at least one
	Own         []Own        // terms of the user's own
	Steps       StepForm     // the steps that free nodes are given beside their gradients
	Batch       int          // examples, the rows of each latent
	Dtype       tensor.Dtype // tensor.Float32 or tensor.Float64
}

// Node is a latent v, (B, d), one example a row.
type Node struct {
	Name string // of one node only
	// Shape is that of one example: (d), or (L, C) and (H, W, C) where units have
	// positions, channels last.
	Shape   tensor.Shape
	Clamped bool    // it is data; otherwise it is free
	Masked  bool    // it is free, but for units that a mask fixes
	Prior   float64 // α of an activity prior ½ α ‖v‖², 0 for none
	// Past is the node whose latent of Delay steps ago this one is, "" where it is none.
	// [Spec.Wire] adds one for each source of an edge with a delay, and they are always
	// clamped: what has been is no longer moved.
	Past  string
	Delay int
}

// Size returns d, the number of units.
func (n Node) Size() int { return n.Shape.TotalSize() }

// Prediction is what some nodes predict of one,
//
//	μ = g( Σ a M(θ) ψ(v) + b )
//
// a sum over edges, and the energy of the error that it leaves. A node may have several:
// each is a term of the energy.
type Prediction struct {
	Of     string          // the node, by name
	Edges  []Edge          // at least one
	After  feature.Feature // g; nil is the identity, and all that is not makes the latent one behind the nonlinearity
	Bias   bool            // it has b, a number for each unit, or for each channel where a map has geometry
	Energy *NodeEnergy     // nil is Gaussian
	// Precise says that its energy has a precision Π, (d).
	Precise bool
	Weight  float64 // w of its energy; 0 is 1
	// Gram says that its energy is written in Gram form: see GramPays.
	Gram bool
	// Guess says that it is where its node may begin, and no term of the energy: its Weight
	// is 0. It is Gaussian, without After or precision.
	Guess bool
}

// Edge is one summand of a prediction: a frozen map of a feature.
type Edge struct {
	From    []string        // the sources, by name: one, or as many as the feature takes
	Feature feature.Feature // ψ; nil is the identity
	Map     linear.Map      // M(θ); nil is dense
	Scale   float64         // a; 0 is 1
	// Delay takes the sources of so many steps ago, of a sequence. 0 takes those of now.
	Delay int
	// Share names θ: edges with one name have the same parameters. "" is for none.
	Share string
	// Feedback says that the prediction can be made without the source: where nodes
	// predict each other in a circle, one edge of it has to be feedback, so that there
	// is an order in which to begin.
	Feedback bool
}

// Chain returns the Spec of a chain of dense layers: node i, of sizes[i] units, is
// predicted by node i+1 through φ_i, with a bias. The first is the bottom.
func Chain(sizes []int, activations []*feature.Activation, batch int, dtype tensor.Dtype) Spec {
	s := Spec{Batch: batch, Dtype: dtype}
	for i, d := range sizes {
		s.Nodes = append(s.Nodes, Node{Name: fmt.Sprintf("v%d", i), Shape: tensor.Shape{d}})
	}
	for i, a := range activations {
		p := Prediction{Of: fmt.Sprintf("v%d", i), Bias: true}
		p.Edges = []Edge{{From: []string{fmt.Sprintf("v%d", i+1)}, Feature: a}}
		s.Predictions = append(s.Predictions, p)
	}
	return s
}

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

// dtypeName returns the name of a dtype, of which the zero value cannot print itself.
func dtypeName(dt tensor.Dtype) string {
	if dt.Type == nil {
		return "none"
	}
	return dt.String()
}

// parameters are those that edges have in common, of the first edge that has them.
type parameters struct {
	edge string
	of   []linear.Parameter
}

// checkPrediction reports what is wrong with prediction i, and fills in its defaults.
func (w *Wiring) checkPrediction(i int, shared map[string]parameters, bad func(format string, a ...any)) {
	p := &w.Predictions[i]
	node := w.Nodes[w.Of[i]]
	if len(p.Edges) == 0 {
		bad("prediction of %s: edges: must be at least one, got none", p.Of)
	}
	p.Energy = cmp.Or(p.Energy, Gaussian)
	p.After = feature.Default(p.After)
	w.Features, w.Sums, w.Biases = append(w.Features, make([]tensor.Shape, len(p.Edges))), append(w.Sums, nil), append(w.Biases, 0)
	if p.Weight = cmp.Or(p.Weight, 1); !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
		bad("prediction of %s: weight: must be a number > 0, got %v", p.Of, p.Weight)
	}
	for j := range p.Edges {
		e := &p.Edges[j]
		where := fmt.Sprintf("prediction of %s from %s", p.Of, strings.Join(e.From, ", "))
		e.Feature, e.Map = feature.Default(e.Feature), linear.Default(e.Map)
		if e.Scale = cmp.Or(e.Scale, 1); math.IsNaN(e.Scale) || math.IsInf(e.Scale, 0) {
			bad("%s: scale: must be a number, got %v", where, e.Scale)
		}
		if slices.Contains(w.From[i][j], w.Of[i]) && !e.Feedback {
			bad("%s: must not predict itself but by feedback", where)
		}
		psi, err := e.Feature.Shape(w.sources(i, j)...)
		if err != nil {
			bad("%s: feature: %v", where, err)
			continue
		}
		out, err := e.Map.Out(psi, node.Shape)
		if err != nil {
			bad("%s: map: %v", where, err)
			continue
		}
		w.Features[i][j] = psi
		if w.Sums[i] == nil {
			w.Sums[i], w.Biases[i] = out, e.Map.Biases(out)
		} else if !out.Eq(w.Sums[i]) {
			bad("%s: map: must have a product of shape %v, as another edge's, got %v", where, w.Sums[i], out)
		}
		w.Biases[i] = min(w.Biases[i], e.Map.Biases(out))
		of := e.Map.Parameters(psi, out)
		if e.Share == "" {
			continue
		}
		first, known := shared[e.Share]
		if !known {
			shared[e.Share] = parameters{where, of}
		} else if shapes(of) != shapes(first.of) {
			bad("%s: share: must have the parameters %q of the %s, %s, got %s", where, e.Share, first.edge, shapes(first.of), shapes(of))
		}
	}
	if sum := w.Sums[i]; sum != nil {
		if after, err := p.After.Shape(sum); err != nil {
			bad("prediction of %s: after: %v", p.Of, err)
		} else if !after.Eq(node.Shape) {
			bad("prediction of %s: after: must make the node's shape, %v, of %v, got %v", p.Of, node.Shape, sum, after)
		}
	}
	if p.Guess {
		if p.Energy != Gaussian || p.After != feature.Feature(feature.Identity) || p.Precise || p.Weight != 1 {
			bad("prediction of %s: guess: must be Gaussian, with nothing after it, weight 1 and no precision", p.Of)
		}
		p.Weight = 0
	}
	if p.Precise && p.Energy != Gaussian {
		bad("prediction of %s: precise: is for a Gaussian energy, got %v", p.Of, p.Energy)
	}
	if p.Gram && !(w.GramForm(i) && node.Clamped && !w.Nodes[w.From[i][0][0]].Clamped && !p.Precise) {
		bad("prediction of %s: gram: is for a clamped Gaussian node without precision, of one free source and a dense map", p.Of)
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

// GramForm reports whether the energy of prediction i, clamps and precision apart, can be
// written in Gram form.
func (w *Wiring) GramForm(i int) bool {
	p := &w.Predictions[i]
	return len(p.Edges) == 1 && p.Weight == 1 && p.Bias &&
		p.Energy == Gaussian && p.After == feature.Feature(feature.Identity) && p.Edges[0].Map == linear.Map(linear.Dense{}) && p.Edges[0].Scale == 1 && len(w.From[i][0]) == 1
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

// GramPays reports whether the Gram form of an energy, of a clamped node of n units under
// a free one of k, takes fewer operations than the plain one over a batch of rows examples
// that settles for so many steps, the weights changing after each batch.
func GramPays(n, k, rows, steps int) bool {
	d, f, b, t := float64(n), float64(k), float64(rows), float64(steps)
	plain := t * 2 * b * d * f        // a prediction and a pullback a step
	gram := t*b*f*f + d*f*f + 2*b*d*f // a product with G; G, A, and the errors at the end
	return gram < plain
}
