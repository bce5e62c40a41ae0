package graph

import (
	"fmt"
	"runtime"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/pool"
)

// work is one of a program's lists.
type work int

const (
	workBatch work = iota
	workGradients
	workEvaluate
	workErrors
	workBegin
	workActivations
	workSteps
	workPredictions // + layer
)

// engine is what a machine needs of its core, whatever the dtype.
type engine interface {
	reserve(rows int)
	bind(workers int) error
	set(n *G.Node, v G.Value, rows int) error
	run(w work, lo, hi int)
	turn(t int, first bool, lo, hi int)
	view(at, lo, hi int) *tensor.Dense
	energyOf(at int) []float64
	copyRows(dst, src, lo, hi int)
	at() *valueNodes
}

// Machine runs an [Energy]. It implements gorgonia.VM, for one run over the
// values bound to the graph, and has the stages of a settling network apart:
//
//	m.Freeze()                       // weights have changed
//	m.Load(rows, clamps, masks)      // another batch
//	m.Each(func(s *graph.Shard) {    // on all cores
//		for range steps {
//			s.Gradients()
//			// move s.Latent(l) against s.Gradient(l)
//		}
//	})
//
// A machine belongs to one goroutine; the shards that Each hands out may run
// at once.
type Machine struct {
	energy  *Energy
	core    engine
	rows    int
	shard   int // rows of a shard
	workers int
	shards  []*Shard
	views   map[int]*tensor.Dense // of the whole batch, by the core's number
}

var _ G.VM = (*Machine)(nil)

// Handicap switches off parts of what makes a machine fast, to measure what each
// saves. It changes no result.
type Handicap struct {
	Repack  bool // lay weights out for each product, not once for all
	OneRate bool // do a batch's work at each step
}

// Compile lowers e to a machine. The batch of e's Spec is the size for which
// room is made at first; a machine takes batches of any size.
func Compile(e *Energy) (*Machine, error) { return CompileFor(e, Options{}) }

// Options say what a machine is for.
type Options struct {
	Handicap
	// Order lists the free nodes in the order in which a sweep moves them, for
	// [Shard.Turn]. The energy's Spec must ask for BlockSteps.
	Order []int
}

// CompileFor is Compile with options.
func CompileFor(e *Energy, o Options) (*Machine, error) {
	for i, l := range o.Order {
		if e.Spec.Steps != BlockSteps || l < 0 || l >= len(e.Latents) || e.Steps[l] == nil {
			return nil, fmt.Errorf("graph: order[%d]: must be a free node with a step of its own block, got %d", i, l)
		}
	}
	m := &Machine{energy: e, shard: shardRows(e), workers: runtime.GOMAXPROCS(0)}
	var err error
	if e.Spec.Dtype == tensor.Float32 {
		m.core, err = compile[float32](e, o)
	} else {
		m.core, err = compile[float64](e, o)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// shardRows returns the number of examples that settle together: few, so that a
// small batch takes several cores, but not so few that waking one takes longer than
// their settling.
func shardRows(e *Energy) int {
	const few, many, steps = 16, 32, 16
	work := 0 // of many examples
	for _, w := range e.Weights {
		work += many * steps * w.Shape().TotalSize() / 8 // in vectorised operations
	}
	if pool.Workers(2, work) == 1 {
		return many
	}
	return few
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

// Freeze takes the weights, biases and precisions that are bound to the graph
// and does the work that depends on them alone. Call it after each change of
// them; biases and precisions are read in place.
func (m *Machine) Freeze() error { return m.core.bind(m.workers) }

// Load begins a batch of rows examples: clamps holds for each clamped node a
// (rows, d_l) tensor, and masks for each masked one, both used in place until the
// next Load; nil for the other nodes, and for masks where no node has one. The work
// that depends on them is done by the next Each.
func (m *Machine) Load(rows int, clamps, masks []*tensor.Dense) error {
	if rows <= 0 {
		return fmt.Errorf("graph: a batch must have rows, got %d", rows)
	}
	e := m.energy
	if len(clamps) != len(e.Latents) || masks != nil && len(masks) != len(e.Latents) {
		return fmt.Errorf("graph: clamps and masks must have one entry for each of the %d nodes, got %d and %d", len(e.Latents), len(clamps), len(masks))
	}
	m.core.reserve(rows)
	for l, c := range clamps {
		switch clamped := e.Spec.Clamped[l]; {
		case clamped && c == nil:
			return fmt.Errorf("graph: node %d is clamped and has no value", l)
		case !clamped && c != nil:
			return fmt.Errorf("graph: node %d is free and takes no clamp", l)
		case clamped:
			if err := m.core.set(e.Latents[l], c, rows); err != nil {
				return err
			}
		}
		if e.Masks[l] == nil {
			continue
		}
		if masks == nil || masks[l] == nil {
			return fmt.Errorf("graph: node %d is masked and has no mask", l)
		}
		if err := m.core.set(e.Masks[l], masks[l], rows); err != nil {
			return err
		}
	}
	if rows != m.rows {
		m.cut(rows)
	}
	for l, c := range clamps {
		if c != nil {
			m.views[m.core.at().latents[l]] = c
		}
	}
	for _, s := range m.shards {
		s.loaded = false
	}
	return nil
}

// cut makes the shards of a batch of rows examples.
func (m *Machine) cut(rows int) {
	m.rows, m.shards, m.views = rows, nil, map[int]*tensor.Dense{}
	at := m.core.at()
	for lo := 0; lo < rows; lo += m.shard {
		s := &Shard{core: m.core, Lo: lo, Hi: min(lo+m.shard, rows), Index: len(m.shards)}
		s.latents = make([]*tensor.Dense, len(at.latents))
		s.gradients = make([]*tensor.Dense, len(at.latents))
		s.steps = make([]*tensor.Dense, len(at.latents))
		for l := range at.latents {
			if !m.energy.Spec.Clamped[l] {
				s.latents[l] = m.core.view(at.latents[l], s.Lo, s.Hi)
			}
			if m.energy.Spec.descends(l) {
				s.gradients[l] = m.core.view(at.gradients[l], s.Lo, s.Hi)
				if m.energy.Steps != nil {
					s.steps[l] = m.core.view(at.steps[l], s.Lo, s.Hi)
				}
			}
		}
		for _, at := range at.errors {
			s.errors = append(s.errors, m.core.view(at, s.Lo, s.Hi))
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

// Each calls f once for each shard of the batch, several at a time, and returns
// when all are done.
func (m *Machine) Each(f func(*Shard)) {
	pool.Each(m.workers, len(m.shards), func(i int) {
		s := m.shards[i]
		if !s.loaded {
			m.core.run(workBatch, s.Lo, s.Hi)
			s.loaded = true
		}
		f(s)
	})
}

// Latent returns v_l of the whole batch, (rows, d_l), as a view. It holds until
// the next Load.
func (m *Machine) Latent(l int) *tensor.Dense { return m.view(m.core.at().latents[l]) }

// Error returns ε of layer i, (rows, d_i), as of the last Errors.
func (m *Machine) Error(i int) *tensor.Dense { return m.view(m.core.at().errors[i]) }

// Activation returns φ(v_{i+1}) of layer i, (rows, d_{i+1}), as of the last
// Errors or Activate.
func (m *Machine) Activation(i int) *tensor.Dense { return m.view(m.core.at().activations[i]) }

func (m *Machine) view(at int) *tensor.Dense {
	v := m.views[at]
	if v == nil {
		v = m.core.view(at, 0, m.rows)
		m.views[at] = v
	}
	return v
}

// RowEnergies returns the energy of node i of each example, as of the last
// Errors. It is a view.
func (m *Machine) RowEnergies(i int) []float64 {
	return m.core.energyOf(m.core.at().terms[i])[:m.rows]
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
		if e.Spec.Clamped[l] {
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
		if !e.Spec.Clamped[l] {
			if err := tensor.Copy(m.Latent(l), v.Value().(*tensor.Dense)); err != nil {
				return fmt.Errorf("graph: %s: %w", v.Name(), err)
			}
		}
	}
	m.Each(func(s *Shard) {
		s.Evaluate()
		s.Errors()
	})

	at := m.core.at()
	for l, n := range e.Gradients {
		if n != nil {
			if err := G.UnsafeLet(n, m.view(at.gradients[l])); err != nil {
				return err
			}
		}
	}
	for i, n := range e.Errors {
		if err := G.UnsafeLet(n, m.Error(i)); err != nil {
			return err
		}
		if err := m.letScalar(e.Terms[i], at.terms[i]); err != nil {
			return err
		}
	}
	return m.letScalar(e.Total, at.total)
}

func (m *Machine) letScalar(n *G.Node, at int) error {
	sum := 0.0
	for _, x := range m.core.energyOf(at)[:m.rows] {
		sum += x
	}
	if m.energy.Spec.Dtype == tensor.Float32 {
		return G.UnsafeLet(n, G.NewF32(float32(sum)))
	}
	return G.UnsafeLet(n, G.NewF64(sum))
}

// Reset does nothing: a run leaves nothing behind that the next would see. It
// implements gorgonia.VM.
func (m *Machine) Reset() {}

// Close does nothing: the machine holds memory only. It implements gorgonia.VM.
func (m *Machine) Close() error { return nil }
