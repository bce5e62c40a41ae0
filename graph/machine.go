package graph

import (
	"fmt"
	"runtime"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/machine"
	"example.com/pcn/internal/pool"
)

// Machine runs an [Energy]. It implements gorgonia.VM, for one run over the
// values bound to the graph, and has the stages of a settling network one by one:
//
//	m.Freeze()                       // parameters have changed
//	m.Load(rows, clamps, masks)      // another batch
//	m.Each(func(s *graph.Shard) {    // on all cores
//		for range steps {
//			s.Gradients()
//			// move s.Latent(l) against s.Gradient(l)
//		}
//	})
//
// The shards that Each hands out may run at once. The package's overview says what may be
// called when.
type Machine struct {
	energy  *Energy
	engine  machine.Engine
	lists   lists
	rows    int
	shard   int // rows of a shard
	workers int
	shards  []*Shard
	active  [2]int          // those that Each takes, from the first to before the second
	clamps  []*tensor.Dense // by node, as loaded; nil where it is free
	views   map[int]*tensor.Dense
}

var _ G.VM = (*Machine)(nil)

// Handicap switches off parts of what makes a machine fast, to measure what each
// saves. It changes no result.
type Handicap struct {
	Repack  bool // lay weights out for each product, not once for all
	OneRate bool // do a batch's work at each step
}

// Compile lowers e to a machine. The batch of e's Spec is the size for which
// room is made at first; a machine takes batches of any size. It is an error where e has
// operations of others than [Build].
func Compile(e *Energy) (*Machine, error) { return CompileFor(e, Options{}) }

// Options say what a machine is for.
type Options struct {
	Handicap
	// Turns lists the nodes that move together in each turn of a pass: see [Shard.Turn].
	// None is one turn of all nodes that have a gradient. Several turns are for energies
	// of which the Spec asks for BlockSteps.
	Turns [][]int
}

// CompileFor is Compile with options.
func CompileFor(e *Energy, o Options) (*Machine, error) {
	if len(o.Turns) == 0 {
		var all []int
		for l, g := range e.Gradients {
			if g != nil {
				all = append(all, l)
			}
		}
		o.Turns = [][]int{all}
	}
	for i, nodes := range o.Turns {
		for _, l := range nodes {
			if l < 0 || l >= len(e.Latents) || e.Gradients[l] == nil || len(o.Turns) > 1 && e.Spec.Steps != BlockSteps {
				return nil, fmt.Errorf("graph: turns[%d]: must be of free nodes, with steps of their own blocks where there are several turns, got %d", i, l)
			}
		}
	}
	m := &Machine{energy: e, shard: shardRows(e), workers: runtime.GOMAXPROCS(0)}
	p := machine.Plan{
		Graph: e.Graph, Dtype: e.Spec.Dtype, Rows: e.Spec.Batch, Frozen: slices.Clone(e.frozen), InPlaceOf: map[*G.Node]*G.Node{},
		Unfused: len(o.Turns) > 1, Repack: o.Repack, OneRate: o.OneRate,
	}
	for _, x := range e.frozen {
		if older := e.Older[x]; older != nil {
			p.Frozen = append(p.Frozen, older)
			p.InPlaceOf[older] = x
		}
	}
	for l, v := range e.Latents {
		if e.Spec.Nodes[l].Clamped {
			p.Data = append(p.Data, v)
		} else {
			p.Latents = append(p.Latents, v)
		}
		if e.Masks[l] != nil {
			p.Data = append(p.Data, e.Masks[l])
		}
		if e.plain[l] != e.Energies[l] {
			p.Same = append(p.Same, [2]*G.Node{e.Energies[l], e.plain[l]})
		}
	}
	p.Latents = append(p.Latents, some(slices.Concat(e.fixed.errors, e.Noise))...)
	p.Scripts = m.scripts(o.Turns)
	p.Asked = some(slices.Concat(e.Gradients, e.Steps, e.Energies, e.plain, e.hebbian(), e.pulled, e.deviations, e.fixed.errors, e.fixed.steps, e.fixed.deltas))
	var err error
	if m.engine, err = machine.New(p); err != nil {
		return nil, err
	}
	return m, nil
}

// ShardRows returns the number of examples that settle together. The sizes of the
// network decide it, and nothing else, so that results do not depend on the number of
// cores.
func (m *Machine) ShardRows() int { return m.shard }

// Energy returns the energy that m runs.
func (m *Machine) Energy() *Energy { return m.energy }

// SetWorkers sets how many shards run at once, all cores if n <= 0. It changes
// no result.
func (m *Machine) SetWorkers(n int) {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	m.workers = n
}

// Freeze takes the parameters, biases and precisions that are bound to the graph
// and does the work that depends on them alone; that which depends on them and on clamps is
// done by the next Each. Call it after each change of
// them; biases and precisions are read in place. It is an error where one is not bound.
//
// Still are those that are as they were at the last Freeze, such as of Energy.Older: work
// that depends on no others is not done again.
func (m *Machine) Freeze(still ...*G.Node) error {
	m.unload()
	return m.engine.Freeze(m.workers, still)
}

// unload has the work of the batch done anew by the next Each.
func (m *Machine) unload() {
	for _, s := range m.shards {
		s.loaded = false
	}
}

// Load begins a batch of rows examples: clamps holds for each clamped node a
// (rows, d) tensor, and masks for each masked one, both used in place until the
// next Load; nil for the other nodes, and for masks where no node has one. The work
// that depends on them is done by the next Each. The error names what is missing, or of
// another shape.
func (m *Machine) Load(rows int, clamps, masks []*tensor.Dense) error {
	if rows <= 0 {
		return fmt.Errorf("graph: rows: must be > 0, got %d", rows)
	}
	e := m.energy
	if len(clamps) != len(e.Latents) || masks != nil && len(masks) != len(e.Latents) {
		return fmt.Errorf("graph: clamps and masks: must be one for each of the %d nodes, got %d and %d", len(e.Latents), len(clamps), len(masks))
	}
	m.engine.Reserve(rows)
	for l, c := range clamps {
		node := e.Spec.Nodes[l]
		switch {
		case node.Clamped && c == nil:
			return fmt.Errorf("graph: node %s: must have a clamp", node.Name)
		case !node.Clamped && c != nil:
			return fmt.Errorf("graph: node %s: is free and must have no clamp", node.Name)
		case node.Clamped:
			if err := m.engine.Set(e.Latents[l], c, rows); err != nil {
				return err
			}
		}
		if e.Masks[l] == nil {
			continue
		}
		if masks == nil || masks[l] == nil {
			return fmt.Errorf("graph: node %s: must have a mask", node.Name)
		}
		if err := m.engine.Set(e.Masks[l], masks[l], rows); err != nil {
			return err
		}
	}
	if rows != m.rows {
		m.cut(rows)
	}
	m.active = [2]int{0, len(m.shards)}
	m.clamps = append(m.clamps[:0], clamps...)
	m.unload()
	return nil
}

// cut makes the shards of a batch of rows examples.
func (m *Machine) cut(rows int) {
	m.rows, m.shards, m.views = rows, nil, map[int]*tensor.Dense{}
	e := m.energy
	free, errors := slices.Clone(e.Latents), make(G.Nodes, len(e.Terms))
	for l, n := range e.Spec.Nodes {
		if n.Clamped {
			free[l] = nil
		}
	}
	for i := range e.Terms {
		errors[i] = e.Terms[i].Error
	}
	for lo := 0; lo < rows; lo += m.shard {
		s := &Shard{machine: m, Lo: lo, Hi: min(lo+m.shard, rows), Index: len(m.shards), energies: make([][]float64, len(e.Latents))}
		s.latents, s.gradients, s.steps, s.errors = s.views(free), s.views(e.Gradients), s.views(e.Steps), s.views(errors)
		s.noise = s.views(e.Noise)
		s.deviations, s.fixedErrors, s.fixedSteps = s.views(e.deviations), s.views(e.fixed.errors), s.views(e.fixed.steps)
		for l, n := range e.Energies {
			if n != nil {
				s.energies[l] = m.engine.Energies(m.engine.Number(n))[s.Lo:s.Hi]
			}
		}
		m.shards = append(m.shards, s)
	}
}

// Rows returns the number of examples loaded.
func (m *Machine) Rows() int { return m.rows }

// Shards returns the number of shards of the batch loaded.
func (m *Machine) Shards() int { return len(m.shards) }

// ShardSize returns the number of examples of shard i.
func (m *Machine) ShardSize(i int) int { return m.shards[i].Hi - m.shards[i].Lo }

// Only has Each take the shards of examples lo to hi alone, until the next Load: whole
// shards, of a batch that several processes settle. Of others nothing is computed.
func (m *Machine) Only(lo, hi int) {
	m.active = [2]int{(lo + m.shard - 1) / m.shard, (hi + m.shard - 1) / m.shard}
}

// Each calls f once for each shard of the batch, several at a time, and returns
// when all are done.
func (m *Machine) Each(f func(*Shard)) {
	first := m.active[0]
	pool.Each(m.workers, m.active[1]-first, func(i int) {
		s := m.shards[first+i]
		if !s.loaded {
			m.engine.Begin(s.Lo, s.Hi)
			s.loaded = true
		}
		f(s)
	})
}

// Latent returns v of node l for the whole batch, (rows, d), as a view. It holds until
// the next Load.
func (m *Machine) Latent(l int) *tensor.Dense {
	if c := m.clamps[l]; c != nil {
		return c
	}
	return m.view(m.energy.Latents[l])
}

// Gradient returns ∂E/∂v of node l for the whole batch, (rows, d), as of the last Gradients
// or Evaluate; nil where it has none.
func (m *Machine) Gradient(l int) *tensor.Dense { return m.view(m.energy.Gradients[l]) }

// Pulled returns, for an energy with ErrorSteps, minus the step of prediction i's node as
// the prediction's sum has it, pulled back through what comes after the map, (rows, d), as
// of the last Backprop: what stands in place of δ in backpropagation. Nil where the node
// has no step.
func (m *Machine) Pulled(i int) *tensor.Dense { return m.view(m.energy.pulled[i]) }

// Error returns ε of prediction i, (rows, d), as of the last Errors.
func (m *Machine) Error(i int) *tensor.Dense { return m.view(m.energy.Terms[i].Error) }

// Prediction returns μ of prediction i, or what its energy makes of it, (rows, d), as of
// the last Errors; nil where that is v − ε: of a Gaussian energy.
func (m *Machine) Prediction(i int) *tensor.Dense {
	if m.energy.wiring.Predictions[i].Energy == Gaussian {
		return nil
	}
	return m.view(m.energy.Terms[i].Prediction)
}

// Delta returns δ of prediction i, (rows, d), as of the last Errors: see [Term].
func (m *Machine) Delta(i int) *tensor.Dense { return m.view(m.energy.Terms[i].Delta) }

// Feature returns ψ of edge j of prediction i, (rows, k), as of the last Errors or
// Features.
func (m *Machine) Feature(i, j int) *tensor.Dense {
	f := m.energy.Terms[i].Edges[j].Feature
	if l := slices.Index(m.energy.Latents, f); l >= 0 {
		return m.Latent(l)
	}
	return m.view(f)
}

// view returns a value of the whole batch, nil of none.
func (m *Machine) view(n *G.Node) *tensor.Dense {
	if n == nil {
		return nil
	}
	at := m.engine.Number(n)
	v := m.views[at]
	if v == nil {
		v = m.engine.View(at, 0, m.rows)
		m.views[at] = v
	}
	return v
}

// RowEnergies returns the energy of node l of each example, as of the last
// Errors or Evaluate. It is a view; nil where the node has no energy.
func (m *Machine) RowEnergies(l int) []float64 {
	if m.energy.Energies[l] == nil {
		return nil
	}
	return m.engine.Energies(m.engine.Number(m.energy.Energies[l]))[:m.rows]
}

// RunAll runs the graph once over the values bound to its inputs, latents
// included, and binds the errors, energies and gradients to their nodes. It
// implements gorgonia.VM.
func (m *Machine) RunAll() error {
	e := m.energy
	if err := m.Freeze(); err != nil {
		return err
	}
	clamps, masks := make([]*tensor.Dense, len(e.Latents)), make([]*tensor.Dense, len(e.Latents))
	for l, v := range e.Latents {
		d, ok := v.Value().(*tensor.Dense)
		if !ok {
			return fmt.Errorf("graph: %s has no value", v.Name())
		}
		if e.Spec.Nodes[l].Clamped {
			clamps[l] = d
		}
		if n := e.Masks[l]; n != nil {
			if masks[l], ok = n.Value().(*tensor.Dense); !ok {
				return fmt.Errorf("graph: %s has no value", n.Name())
			}
		}
	}
	if err := m.Load(e.Spec.Batch, clamps, masks); err != nil {
		return err
	}
	for l, v := range e.Latents {
		if !e.Spec.Nodes[l].Clamped {
			if err := tensor.Copy(m.Latent(l), v.Value().(*tensor.Dense)); err != nil {
				return fmt.Errorf("graph: %s: %w", v.Name(), err)
			}
		}
	}
	m.Each(func(s *Shard) {
		s.Evaluate()
		s.Errors()
	})
	for _, n := range some(slices.Concat(e.Gradients, e.hebbian())) {
		if n.Op() == nil {
			continue // a latent
		}
		if err := G.UnsafeLet(n, m.view(n)); err != nil {
			return err
		}
	}
	total := 0.0
	for _, n := range some(e.Energies) {
		of := 0.0
		for _, x := range m.engine.Energies(m.engine.Number(n))[:m.rows] {
			of += x
		}
		if err := m.letScalar(n, of); err != nil {
			return err
		}
		total += of
	}
	return m.letScalar(e.Total, total)
}

func (m *Machine) letScalar(n *G.Node, x float64) error {
	if m.energy.Spec.Dtype == tensor.Float32 {
		return G.UnsafeLet(n, G.NewF32(float32(x)))
	}
	return G.UnsafeLet(n, G.NewF64(x))
}

// Reset does nothing: a run leaves nothing behind that the next would see. It
// implements gorgonia.VM.
func (m *Machine) Reset() {}

// Close does nothing: the machine holds memory only. It implements gorgonia.VM.
func (m *Machine) Close() error { return nil }
