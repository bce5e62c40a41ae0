package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/graph/linear"
)

// chainRidge is the ridge of a chain's top, which is to be solved as nearly as
// rounding allows.
func chainRidge(dtype tensor.Dtype) float64 {
	if dtype == tensor.Float32 {
		return 1e-5
	}
	return 1e-12
}

// link is what a free node of a chain has to do with the one below.
type link struct {
	below int     // the node that it predicts
	term  int     // by that prediction
	u     *G.Node // U = a c W
	k     *G.Node // K; nil where the node below is fixed, or of another run
	s     *G.Node // S⁻¹
	y     *G.Node
}

// links returns what each free node predicts, nil for one that predicts nothing, or why
// the free nodes form no chain.
func (e *Energy) links(b *op.Builder) ([]*link, error) {
	w := e.wiring
	links := make([]*link, len(e.Latents))
	entered := make([]bool, len(e.Latents)) // a free node has a free source already
	for i, t := range e.Terms {
		p := &w.Predictions[i]
		if p.Guess {
			continue
		}
		of := w.Of[i]
		for j, from := range w.From[i] {
			for _, l := range from {
				if !w.descends(l) {
					continue
				}
				name := e.Spec.Nodes[l].Name
				switch {
				case links[l] != nil && links[l].below == of:
					return nil, fmt.Errorf("graph: chain: free nodes must form one, but %s predicts %s by several edges", name, p.Of)
				case links[l] != nil:
					return nil, fmt.Errorf("graph: chain: free nodes must form one, but %s predicts both %s and %s", name, e.Spec.Nodes[links[l].below].Name, p.Of)
				case entered[of]:
					return nil, fmt.Errorf("graph: chain: free nodes must form one, but %s and another predict %s", name, p.Of)
				case len(from) > 1 || p.Edges[j].Map != linear.Map(linear.Dense{}) || !p.Edges[j].Feature.UnitByUnit() || !p.After.UnitByUnit() || p.Weight != 1 || p.Edges[j].Feedback:
					return nil, fmt.Errorf("graph: chain: %s must predict %s by one dense map of single units, without feedback and with weight 1", name, p.Of)
				}
				entered[of] = true
				links[l] = &link{below: of, term: i, u: e.older(t.Edges[j].Parameters[0])}
				if c := w.Slopes[i][j]; c != 1 {
					links[l].u = b.Apply("U "+name, op.Scale(c), links[l].u)
				}
			}
		}
	}
	return links, b.Err
}

// chainSteps solves x A = g by elimination from the bottom up. With S the Schur
// complements of A's blocks, in a run of free nodes, l above k,
//
//	K_l = S_k⁻¹ Π_k U_l
//	S_l = H_l − U_lᵀ Π_k K_l = Π_l + (Π_k (U_l − K_l))ᵀ U_l
//	y_l = g_l + y_k K_l
//	x_l = y_l S_l⁻¹ + x_above K_aboveᵀ
//
// K and S⁻¹ depend on weights only.
func (e *Energy) chainSteps(b *op.Builder) error {
	links, err := e.links(b)
	if err != nil {
		return err
	}
	w := e.wiring
	linked := func(l int) bool { return w.descends(l) && (e.Masks[l] == nil || w.First[l] < 0) }
	beside := false // two chains are beside each other
	for l, n := range links {
		beside = beside || n != nil && w.descends(n.below) && !(linked(n.below) && linked(l))
	}
	above := make([]*link, len(e.Latents)) // by node: that of the free node above in its run
	at := make([]int, len(e.Latents))
	all := make([]*link, len(e.Latents))
	for i := len(w.Order) - 1; i >= 0; i-- {
		l := w.Order[i]
		if e.Gradients[l] == nil {
			continue
		}
		n := links[l]
		if n == nil {
			n = &link{below: -1}
		}
		all[l] = n
		if n.y = e.Gradients[l]; beside {
			n.y = b.Apply("g/2 "+e.Spec.Nodes[l].Name, op.Scale(0.5), n.y)
		}
		if n.below < 0 {
			continue
		}
		name, precision := e.Spec.Nodes[l].Name, e.older(e.Terms[n.term].Precision)
		weigh := func(what string, x *G.Node) *G.Node {
			if precision == nil {
				return x
			}
			return b.Apply("Π"+what+" "+name, op.WeighMatrix(), x, precision)
		}
		rest := n.u // U − K
		if linked(n.below) && linked(l) {
			n.k = e.solve(n.below, all[n.below], n.u, weigh("U", n.u), b)
			rest = b.Apply("U−K "+name, op.Difference(), n.u, n.k)
			n.y = b.Apply("y "+name, op.Sum(2), n.y, b.Apply("yK "+name, op.Pullback(), all[n.below].y, n.k))
			above[n.below], at[n.below] = n, l
		}
		var h curvature
		e.own(l, &h)
		if h.Constant == 0 && len(h.diagonal) == 0 {
			h.Ridge = chainRidge(e.Spec.Dtype)
		}
		h.Grams = []float64{w.Predictions[n.term].Energy.Curvature()}
		h.grams = G.Nodes{b.Apply("G "+name, op.Gram(2), weigh("(U−K)", rest), n.u)}
		n.s = e.matrix(l, h, b)
	}
	for _, l := range w.Order {
		n := all[l]
		if n == nil {
			continue
		}
		x := n.y
		if n.s != nil {
			x = e.step("yS⁻¹ "+e.Spec.Nodes[l].Name, l, x, n.s, b)
		} else {
			var h curvature
			e.own(l, &h)
			x = e.mask(l, e.diagonalStep(l, x, h, b), b)
		}
		if up := above[l]; up != nil {
			x = b.Apply("x "+e.Spec.Nodes[l].Name, op.Sum(2), x, b.Apply("xKᵀ "+e.Spec.Nodes[l].Name, op.Product(), e.Steps[at[l]], up.k))
		}
		e.Steps[l] = x
	}
	return b.Err
}

// solve returns S⁻¹ Π U of node l, given U and Π U.
func (e *Energy) solve(l int, n *link, u, weighed *G.Node, b *op.Builder) *G.Node {
	name := "S⁻¹ΠU " + e.Spec.Nodes[l].Name
	if n.s != nil {
		return b.Apply(name, op.Pullback(), n.s, weighed)
	}
	var h curvature // nothing is below, and S is diagonal
	e.own(l, &h)
	switch {
	case len(h.diagonal) == 0 && h.Constant == 1 || len(h.diagonal) == 1 && h.Constant == 0 && h.Diagonal[0] == 1:
		return u // S is Π
	case len(h.diagonal) == 0:
		return b.Apply(name, op.Scale(1/h.Constant), weighed)
	}
	return b.Apply(name, op.UnweighMatrix(), weighed, b.Apply("H "+e.Spec.Nodes[l].Name, op.Weighted(h.Diagonal, h.Constant), h.diagonal...))
}
