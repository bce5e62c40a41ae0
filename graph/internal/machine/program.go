package machine

import (
	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/vec"
)

// program turns scripts into lists of kernels.
type program[T vec.Float] struct {
	*op.Lowering[T]
	needed map[int]bool // instructions that a script asks for, directly or not
}

// follow returns a script's lists by their numbers. It keeps account of what is fresh:
// an act computes what is not, and a move makes stale what has been computed from the
// latent. What depends on no latent is not the script's to compute.
func (p *program[T]) follow(s Script, numbers map[*G.Node]int, number func(*G.Node) (int, error)) (map[int][]op.Kernel[T], error) {
	lists := map[int][]op.Kernel[T]{}
	fresh := map[int]bool{}
	users := map[int][]int{} // by number: what has been computed from it
	var stale func(of int)
	stale = func(of int) {
		for _, user := range users[of] {
			if fresh[user] {
				delete(fresh, user)
				stale(user)
			}
		}
	}
	for _, act := range s {
		var list []op.Kernel[T]
		var compute func(at int)
		compute = func(at int) {
			if fresh[at] {
				return
			}
			fresh[at] = true
			i, ok := p.Producer[at]
			if !ok {
				return // an input
			}
			p.needed[i] = true
			in := &p.Instructions[i]
			for _, r := range in.Reads {
				compute(r)
				users[r] = append(users[r], at)
			}
			if in.Rate == op.RateStep {
				list = append(list, in.Kernel)
			}
		}
		for _, n := range act.Zero {
			at, err := number(n)
			if err != nil {
				return nil, err
			}
			p.needed[p.Producer[at]], fresh[at] = true, true
			p.inputs(at, map[int]bool{}, func(input int) { users[input] = append(users[input], at) })
			list = append(list, func(m *op.Memory[T], lo, hi int) { clear(m.Rows(at, lo, hi)) })
		}
		for _, n := range act.Nodes {
			if n == nil {
				continue
			}
			at, err := number(n)
			if err != nil {
				return nil, err
			}
			compute(at)
		}
		if act.List >= 0 {
			lists[act.List] = list
		}
		for _, n := range act.Moves {
			stale(numbers[n])
		}
	}
	return lists, nil
}

// inputs calls f for each input that a number depends on and that seen has not.
func (p *program[T]) inputs(at int, seen map[int]bool, f func(input int)) {
	if seen[at] {
		return
	}
	seen[at] = true
	i, ok := p.Producer[at]
	if !ok {
		f(at)
		return
	}
	for _, r := range p.Instructions[i].Reads {
		p.inputs(r, seen, f)
	}
}

// of returns the needed kernels of a rate, inputs first.
func (p *program[T]) of(rate op.Rate) (list []op.Kernel[T]) {
	for i, in := range p.Instructions { // which stand behind what they read
		if p.needed[i] && in.Rate == rate {
			list = append(list, in.Kernel)
		}
	}
	return list
}

// rates gives each node of the graph its rate: an input's by its role, another
// node's the fastest of its inputs'. With OneRate all that is computed is computed
// at each step.
func rates(p Plan) map[*G.Node]op.Rate {
	r := map[*G.Node]op.Rate{}
	for _, n := range p.Data {
		r[n] = op.RateBatch
	}
	for _, n := range p.Latents {
		r[n] = op.RateStep
	}
	var of func(n *G.Node) op.Rate
	of = func(n *G.Node) op.Rate {
		if known, ok := r[n]; ok {
			return known
		}
		fastest := op.RateWeights
		for _, c := range op.Children(n) {
			fastest = max(fastest, of(c))
		}
		if p.OneRate && fastest == op.RateBatch {
			fastest = op.RateStep
		}
		r[n] = fastest
		return fastest
	}
	for _, n := range p.Graph.AllNodes() {
		of(n)
	}
	return r
}
