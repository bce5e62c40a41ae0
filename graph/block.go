package graph

import (
	"fmt"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// blockRidge is the ridge of a block of its own: see op.Curvature.
const blockRidge = 1e-3

// curvature is a bound on the energy's second derivative by one node.
type curvature struct {
	op.Curvature
	grams    G.Nodes // with the factors Grams
	diagonal G.Nodes // with the factors Diagonal
	narrow   *G.Node // the weights, where grams is WᵀW for a W of few rows
	gates    []gate
}

// gate is a part of a node's curvature that depends on the latent of another.
type gate struct {
	op.Gate
	in G.Nodes
}

// older returns the input that stands for a parameter in what steps divide by; nil for
// nil.
func (e *Energy) older(x *G.Node) *G.Node {
	if x == nil {
		return nil
	}
	if e.Older[x] == nil {
		e.Older[x] = e.input("older "+x.Name(), x.Shape()...)
	}
	return e.Older[x]
}

// own adds the curvature of node l's own predictions and prior.
func (e *Energy) own(l int, h *curvature) {
	h.Constant += e.Spec.Nodes[l].Prior + e.wiring.OwnCurvature(l)
	for i, of := range e.wiring.Of {
		if of != l {
			continue
		}
		p := &e.wiring.Predictions[i]
		if k := p.Weight * p.Energy.Curvature() * e.wiring.ways(i, l); p.Precise {
			h.Diagonal, h.diagonal = append(h.Diagonal, k), append(h.diagonal, e.older(e.Terms[i].Precision))
		} else {
			h.Constant += k
		}
	}
}

// ways returns by how many ways node l enters the error of prediction i: as what is
// predicted, and by each edge from it. By n ways the curvature is at most n times the sum
// of theirs, ‖Σ x‖² ≤ n Σ ‖x‖².
func (w *Wiring) ways(i, l int) (n float64) {
	if w.Of[i] == l {
		n++
	}
	for _, from := range w.From[i] {
		for _, source := range from {
			if source == l {
				n++
			}
		}
	}
	return n
}

// curvature returns H of node l. It is an error where a map has no part in it that is
// known.
func (e *Energy) curvature(l int, ridge float64, b *op.Builder) (h curvature, err error) {
	e.own(l, &h)
	if h.Constant == 0 && len(h.diagonal) == 0 {
		h.Ridge = ridge
	}
	name := e.Spec.Nodes[l].Name
	for i := range e.Terms {
		p, t := &e.wiring.Predictions[i], &e.Terms[i]
		if p.Guess {
			continue
		}
		for j, from := range e.wiring.From[i] {
			edge, at := &p.Edges[j], op.Among{}
			for _, s := range e.wiring.sources(i, j) {
				at.Of += s[len(s)-1]
			}
			a := p.Weight * p.Energy.Curvature() * square(e.wiring.Slopes[i][j]) * e.wiring.ways(i, l)
			for _, source := range from {
				s := e.Spec.Nodes[source].Shape
				at.Channels, at.Units = s[len(s)-1], s.TotalSize()
				if _, gated := edge.Feature.(multiplies); gated && source == l {
					if err := e.gate(&h, i, j, l, a, b); err != nil {
						return h, err
					}
				} else if source == l {
					for _, f := range []feature.Feature{edge.Feature, p.After} {
						if !f.UnitByUnit() {
							return h, noBlock(name, "feature", f, "curvature of single units")
						}
					}
					if !linear.HasBlock(edge.Map) {
						return h, noBlock(name, "map", edge.Map, "known curvature")
					}
					block := e.block(i, j, b)
					if len(from) > 1 {
						block = part(block, at, name, b)
					} else if edge.Map == linear.Map(linear.Dense{}) && t.Precision == nil {
						h.narrow = e.older(t.Edges[j].Parameters[0])
					}
					h.add(a, block)
				}
				at.Lo += at.Channels
			}
		}
	}
	if h.narrow != nil && (e.Masks[l] != nil || len(h.gates) > 0 || len(h.grams) > 1 || len(h.diagonal) > 0 || h.Ridge != 0 || 2*h.narrow.Shape()[0] > h.narrow.Shape()[1]) {
		h.narrow = nil
	}
	return h, nil
}

func noBlock(node, kind string, of fmt.Stringer, what string) error {
	return fmt.Errorf("graph: node %s: the %s %v has no %s: a method without blocks must be taken", node, kind, of, what)
}

// block returns the part of edge j of prediction i in the curvature by its feature.
func (e *Energy) block(i, j int, b *op.Builder) linear.Block {
	t, edge := &e.Terms[i], &e.wiring.Predictions[i].Edges[j]
	var theta G.Nodes
	for _, x := range t.Edges[j].Parameters {
		theta = append(theta, e.older(x))
	}
	return edge.Map.(buildsBlock).Block(b, fmt.Sprintf("G %s←%s", e.wiring.Predictions[i].Of, strings.Join(edge.From, ", ")), e.older(t.Precision), theta)
}

// gate adds a times the part of edge j of prediction i, of products of node l and another:
// it is known where the map is of all products, and the prediction what the map says.
func (e *Energy) gate(h *curvature, i, j, l int, a float64, b *op.Builder) error {
	p, from, name := &e.wiring.Predictions[i], e.wiring.From[i][j], e.Spec.Nodes[l].Name
	edge := &p.Edges[j]
	if !p.After.UnitByUnit() || from[0] == from[1] {
		return noBlock(name, "feature", edge.Feature, "curvature of single units")
	}
	if !linear.HasBlock(edge.Map) {
		return noBlock(name, "map", edge.Map, "known curvature")
	}
	own, strides := slices.Index(from, l), edge.Feature.(multiplies).Strides(e.wiring.sources(i, j)...)
	g := gate{Gate: op.Gate{By: a, Own: strides[own], Other: strides[1-own]}, in: G.Nodes{e.Latents[from[1-own]]}}
	if of := e.wiring.Of[i]; edge.Map == linear.Map(linear.Dense{}) && e.follows(of) {
		w, precision := e.older(e.Terms[i].Edges[j].Parameters[0]), e.older(e.Terms[i].Precision)
		v := w
		if precision != nil {
			v = b.Apply("Π"+w.Name(), op.WeighMatrix(), w, precision)
		}
		g.Seen, g.in, e.Followers[of] = true, append(g.in, e.Masks[of], v, w), true
	} else if block := e.block(i, j, b); block.Gram != nil {
		g.in = append(g.in, block.Gram)
	} else {
		return noBlock(name, "map", edge.Map, "known curvature")
	}
	h.gates = append(h.gates, g)
	return nil
}

// follows reports whether the free units of a node that is fixed in part are best where they
// are predicted, whatever the others do: they may then be put there after each move.
func (e *Energy) follows(l int) bool {
	w := e.wiring
	alone := w.Follow && e.Masks[l] != nil && w.Nodes[l].Prior == 0
	for i, of := range w.Of {
		p := &w.Predictions[i]
		alone = alone && (of != l || p.Energy == Gaussian && !p.Guess && w.First[l] == i) &&
			!slices.ContainsFunc(w.From[i], func(from []int) bool { return slices.Contains(from, l) })
	}
	return alone && !slices.ContainsFunc(w.OwnOf, func(of []int) bool { return slices.Contains(of, l) })
}

func square(x float64) float64 { return x * x }

// add adds a times a map's part.
func (h *curvature) add(a float64, block linear.Block) {
	switch {
	case block.Gram != nil:
		h.Grams, h.grams = append(h.Grams, a), append(h.grams, block.Gram)
	case block.Diagonal != nil:
		h.Diagonal, h.diagonal = append(h.Diagonal, a), append(h.diagonal, block.Diagonal)
	default:
		h.Constant += a * block.Constant
	}
}

// part returns the part of a node that stands beside others.
func part(block linear.Block, at op.Among, name string, b *op.Builder) linear.Block {
	if block.Gram != nil {
		block.Gram = b.Apply(block.Gram.Name()+" of "+name, op.Part(at, true), block.Gram)
	}
	if block.Diagonal != nil {
		block.Diagonal = b.Apply(block.Diagonal.Name()+" of "+name, op.Part(at, false), block.Diagonal)
	}
	return block
}

// matrix returns H⁻¹ of node l, or H where it is fixed in part: see step.
func (e *Energy) matrix(l int, h curvature, b *op.Builder) *G.Node {
	in := slices.Concat(h.grams, h.diagonal)
	if e.Masks[l] != nil {
		return b.Apply("H "+e.Spec.Nodes[l].Name, h.Itself(), in...)
	}
	return b.Apply("H⁻¹ "+e.Spec.Nodes[l].Name, h.Inverse(), in...)
}

// step returns x H⁻¹ of node l, for its free units alone, given its matrix.
func (e *Energy) step(name string, l int, x, matrix *G.Node, b *op.Builder) *G.Node {
	if e.Masks[l] != nil {
		return b.Apply(name, op.FreeStep(), x, matrix, e.Masks[l])
	}
	return b.Apply(name, op.Pullback(), x, matrix)
}

// blockStep returns node l's gradient g, which may have noise, times H⁻¹.
func (e *Energy) blockStep(l int, g *G.Node, h curvature, b *op.Builder) *G.Node {
	switch {
	case len(h.gates) > 0:
		return e.gatedStep(l, h, b)
	case h.narrow != nil:
		return e.narrowStep(l, g, h, b)
	case len(h.grams) > 0:
		return e.step("step "+e.Spec.Nodes[l].Name, l, g, e.matrix(l, h, b), b)
	}
	return e.mask(l, e.diagonalStep(l, g, h, b), b)
}

// gatedStep is blockStep where the latents of other nodes have a part in the curvature.
func (e *Energy) gatedStep(l int, h curvature, b *op.Builder) *G.Node {
	var gates []op.Gate
	in := G.Nodes{e.Gradients[l]}
	for _, g := range h.gates {
		gates, in = append(gates, g.Gate), append(in, g.in...)
	}
	in = slices.Concat(in, h.grams, h.diagonal)
	if e.Masks[l] != nil {
		in = append(in, e.Masks[l])
	}
	return b.Apply("step "+e.Spec.Nodes[l].Name, op.GatedStep(h.Curvature, gates, e.Masks[l] != nil), in...)
}

// diagonalStep returns x H⁻¹ for a diagonal H.
func (e *Energy) diagonalStep(l int, x *G.Node, h curvature, b *op.Builder) *G.Node {
	name := "step " + e.Spec.Nodes[l].Name
	switch {
	case len(h.diagonal) == 1 && h.Constant == 0 && h.Diagonal[0] == 1:
		return b.Apply(name, op.Unweigh(), x, h.diagonal[0])
	case len(h.diagonal) > 0:
		return b.Apply(name, op.Unweigh(), x, b.Apply("H "+e.Spec.Nodes[l].Name, op.Weighted(h.Diagonal, h.Constant), h.diagonal...))
	case h.Constant != 1 && h.Constant != 0:
		return b.Apply(name, op.Scale(1/h.Constant), x)
	}
	return x
}

// narrowStep is blockStep where node l predicts one much smaller node, and neither has a
// precision. What is inverted is of that node's size (Woodbury): with H = d + a WᵀW,
//
//	H⁻¹ = (1 − Wᵀ K) / d,  K = a/d (1 + a/d WWᵀ)⁻¹ W
func (e *Energy) narrowStep(l int, g *G.Node, h curvature, b *op.Builder) *G.Node {
	name, w, d := e.Spec.Nodes[l].Name, h.narrow, h.Constant
	scale := h.Grams[0] / d
	small := op.Curvature{Grams: []float64{scale}, Constant: 1}
	m := b.Apply("M⁻¹ "+name, small.Inverse(), b.Apply("WWᵀ "+name, op.Product(), w, w))
	k := b.Apply("K "+name, op.Scale(scale), b.Apply("M⁻¹W "+name, op.Pullback(), m, w))
	along := b.Apply("gWᵀ "+name, op.Product(), g, w)
	step := b.Apply("step "+name, op.Difference(), g, b.Apply("gWᵀK "+name, op.Pullback(), along, k))
	if d != 1 {
		step = b.Apply("step/d "+name, op.Scale(1/d), step)
	}
	return step
}
