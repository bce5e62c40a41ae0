package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/graph/internal/machine"
)

// lists are the numbers of a machine's lists of work.
type lists struct {
	gradients, evaluate, errors, features, steps int
	backprop, fix, fixedDeltas                   int
	look, lookOn, begin                          int
	predict                                      []int // by prediction; −1 where its node is clamped
	fixedSteps                                   []int // by node; −1 where it has none
	first, again                                 []int // by turn
}

// scripts numbers the machine's lists and says what each computes.
func (m *Machine) scripts(turns [][]int) (scripts []machine.Script) {
	e, next := m.energy, 0
	list := func() int { next++; return next - 1 }
	one := func(nodes ...*G.Node) int {
		at := list()
		scripts = append(scripts, machine.Script{{List: at, Nodes: nodes}})
		return at
	}
	settled := slices.Concat(e.hebbian(), e.plain)
	m.lists.gradients = one(e.Gradients...)
	m.lists.evaluate = one(slices.Concat(e.Gradients, e.Energies)...)
	m.lists.errors = one(settled...)
	m.lists.features = one(e.features()...)
	m.lists.steps = list()
	scripts = append(scripts, machine.Script{{List: -1, Nodes: e.Gradients}, {List: m.lists.steps, Nodes: slices.Concat(e.Steps, e.deviations)}})
	m.lists.fixedDeltas = list()
	scripts = append(scripts, machine.Script{{List: -1, Nodes: e.Gradients}, {List: m.lists.fixedDeltas, Nodes: e.fixed.deltas}})
	for _, step := range e.fixed.steps {
		m.lists.fixedSteps = append(m.lists.fixedSteps, -1)
		if step != nil {
			m.lists.fixedSteps[len(m.lists.fixedSteps)-1] = list()
			scripts = append(scripts, machine.Script{{List: -1, Nodes: e.Gradients}, {List: next - 1, Nodes: G.Nodes{step}}})
		}
	}
	for i, of := range e.wiring.Of {
		m.lists.predict = append(m.lists.predict, -1)
		if !e.Spec.Nodes[of].Clamped {
			m.lists.predict[i] = one(e.Terms[i].Prediction)
		}
	}

	// Looks are at all that turns have in common, so that the first turn after one finds
	// it fresh: gradients where there is one turn, errors where there are several. At the
	// start latents have just been predicted, and their errors are 0, where nothing that is
	// fed back has moved since.
	look := slices.Concat(e.Gradients, e.Energies)
	m.lists.look, m.lists.begin = m.lists.evaluate, list()
	if len(turns) > 1 {
		look, m.lists.look = settled, m.lists.errors
	}
	m.lists.lookOn = list()
	scripts = append(scripts, machine.Script{{List: -1, Nodes: settled}, {List: m.lists.lookOn, Nodes: look}})
	predicted, zero := e.begun()
	if e.Spec.Steps == ErrorSteps {
		m.lists.backprop, m.lists.fix = list(), list()
		zero := slices.Concat(zero, e.still(zero))
		scripts = append(scripts,
			append(slices.Clone(predicted), machine.Act{List: m.lists.backprop, Zero: zero, Nodes: slices.Concat(settled, e.pulled)}),
			append(slices.Clone(predicted), machine.Act{List: m.lists.fix, Zero: zero, Nodes: slices.Concat(settled, e.Gradients)}))
	}
	pass := machine.Script{}
	if len(turns) > 1 {
		pass = predicted
	}
	pass = append(pass, machine.Act{List: m.lists.begin, Zero: zero, Nodes: look})
	for _, lists := range []*[]int{&m.lists.first, &m.lists.again} {
		for _, nodes := range turns {
			act := machine.Act{List: list()}
			for _, l := range nodes {
				act.Nodes = append(act.Nodes, e.Gradients[l])
				act.Moves = append(act.Moves, some(G.Nodes{e.Latents[l], e.Noise[l]})...)
			}
			for _, l := range nodes {
				act.Nodes = append(act.Nodes, e.Steps[l], e.deviations[l])
			}
			*lists = append(*lists, act.List)
			pass = append(pass, act)
		}
	}
	return append(scripts, pass)
}

// begun returns the acts by which the free latents come to their predictions, and the errors
// that are then 0, where nothing that is fed back has moved since.
func (e *Energy) begun() (acts machine.Script, zero G.Nodes) {
	for _, l := range e.wiring.Order {
		first := e.wiring.First[l]
		if first < 0 || e.Spec.Nodes[l].Clamped {
			continue
		}
		t, p := &e.Terms[first], &e.wiring.Predictions[first]
		if e.Masks[l] == nil && p.Energy == Gaussian && !slices.ContainsFunc(p.Edges, func(edge Edge) bool { return edge.Feedback }) {
			zero = append(zero, t.Error)
		}
		acts = append(acts, machine.Act{List: -1, Nodes: G.Nodes{t.Prediction}, Moves: G.Nodes{e.Latents[l]}})
	}
	return acts, zero
}

// still returns the gradients that are 0 where these errors are: of nodes that have a part in
// no other term of the energy.
func (e *Energy) still(zero G.Nodes) (gradients G.Nodes) {
	for l, g := range e.Gradients {
		moved := g == nil || e.Masks[l] != nil || e.Spec.Nodes[l].Prior > 0 || slices.ContainsFunc(e.wiring.OwnOf, func(of []int) bool { return slices.Contains(of, l) })
		for i, t := range e.Terms {
			moved = moved || e.wiring.ways(i, l) > 0 && !slices.Contains(zero, t.Error)
		}
		if !moved {
			gradients = append(gradients, g)
		}
	}
	return gradients
}

// hebbian returns what the Hebbian update reads: errors, δ and features; and predictions
// that are not v − ε.
func (e *Energy) hebbian() (nodes G.Nodes) {
	for i, t := range e.Terms {
		nodes = append(nodes, t.Error, t.Delta)
		if e.wiring.Predictions[i].Energy != Gaussian {
			nodes = append(nodes, t.Prediction)
		}
	}
	return append(nodes, e.features()...)
}

func (e *Energy) features() (nodes G.Nodes) {
	for i := range e.Terms {
		for _, edge := range e.Terms[i].Edges {
			nodes = append(nodes, edge.Feature)
		}
	}
	return nodes
}
