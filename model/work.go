package model

import "example.com/pcn/graph"

// LeastMultiplyAdds returns how many multiply-adds in products of matrices a batch of rows
// examples takes at the least, with data and labels fixed, from latents at their predictions
// on: each prediction once, at each step the pull-backs of the errors and the predictions
// anew that moved latents are in, what divides by the curvature, and ⊗. What is made of
// the weights alone, such as H⁻¹, is not among them.
func (n *Network) LeastMultiplyAdds(rows int, inf Inference) float64 {
	inf, err := inf.WithDefaults()
	if err != nil {
		return 0
	}
	fixed := func(l int) bool { return l == n.input || l == n.target }
	clamped := make([]bool, len(n.sizes))
	for l := range clamped {
		clamped[l] = fixed(l)
	}
	steps, total := float64(inf.Steps), 0.0
	below := make([]float64, len(n.sizes)) // by node: how many units it predicts, by a map with a matrix
	for i := range n.terms {
		gram := !inf.Plain && n.gramPays(i, clamped, rows, inf.Steps)
		for j, theta := range n.terms[i].edges {
			if len(theta) == 0 || !theta[0].IsMatrix() {
				continue
			}
			in, out := fans(n.wiring, i, j)
			sum, psi := n.wiring.Sums[i].TotalSize(), n.wiring.Features[i][j].TotalSize()
			product := float64(min(in*sum, out*psi)) // a stride skips the others
			moves := false
			for _, l := range n.wiring.From[i][j] {
				below[l] += float64(sum)
				moves = moves || !fixed(l)
			}
			switch total += 2 * product; { // the prediction, and ⊗
			case gram:
				total += product + steps*float64(psi*psi)
			case moves:
				total += 2 * steps * product
			}
		}
	}
	moves := inf.Method.moves()
	for l, k := range below {
		d := float64(n.sizes[l])
		switch {
		case fixed(l) || k == 0:
		case moves.Form == graph.BlockSteps:
			total += steps * n.visits(l, moves) * min(d*d, 2*d*k)
		case moves.Form == graph.ChainSteps:
			total += steps * d * d
			for i, of := range n.wiring.Of {
				if of == l {
					for _, from := range n.wiring.From[i] {
						if !fixed(from[0]) {
							total += 2 * steps * d * float64(n.sizes[from[0]])
						}
					}
				}
			}
		}
	}
	return float64(rows) * total
}

// visits returns how often a free node moves in a step.
func (n *Network) visits(l int, m Moves) (times float64) {
	if m.Turns == nil {
		return 1
	}
	var free []int
	for k := range n.sizes {
		if k != n.input && k != n.target {
			free = append(free, k)
		}
	}
	for _, turn := range m.Turns(free, n.meet) {
		for _, k := range turn {
			if k == l {
				times++
			}
		}
	}
	return times
}
