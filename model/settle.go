package model

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/vec"
)

// Result is a settled batch. Its tensors are views of the network's buffers:
// they hold until the next Settle, Predict or Generate. After a mere pass
// downwards there are latents only.
type Result struct {
	Status Status
	// Node is where the energy rose most, when Status is Diverged.
	Node int
	// Steps is the number of steps taken.
	Steps int
	// Rate is the smallest inference rate used, after the guard.
	Rate float64
	// Energy is the total energy over the batch at the latents, and LayerEnergy
	// its part at node i for each layer i. With StaleErrors they are those before
	// the last step.
	Energy      float64
	LayerEnergy []float64
	// Trace holds, where Inference.Trace asks for it, the energy before each
	// step: Trace[t][i] is node i's part.
	Trace [][]float64
	// Latents are v_l for each node, (B, d_l).
	Latents []*tensor.Dense
	// Errors are ε_i for each layer, (B, d_i).
	Errors []*tensor.Dense
	// Activations are φ(v_{i+1}) for each layer, (B, d_{i+1}).
	Activations []*tensor.Dense
}

// Finite reports whether the energy is a number: after a divergence it may not
// be, and nothing can be learned from it.
func (r *Result) Finite() bool { return finite(r.Energy) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// watchEvery is the number of steps between two looks at the energy.
const watchEvery = 8

// riseNoise is how far, relatively, the energy may seem to rise by rounding
// alone; a guarded rate is halved beyond it.
const riseNoise = 1e-5

// riseTolerance is how far, relatively, the energy may end above its lowest
// before that is a divergence.
const riseTolerance = 0.01

// settler settles one pattern of clamps, in one form of the energy.
type settler struct {
	machine *graph.Machine
	free    []int // nodes
	version int   // of the weights the machine has
	shards  []settling
}

// settling is the course of one shard.
type settling struct {
	trace   []float64 // energies, by step and layer
	low     []float64 // by layer, when the total was lowest
	last    []float64 // by layer
	lowest  float64   // total
	rate    float64
	steps   int
	reached bool // ran to the end: not cancelled
}

// settler returns a settler for clamps c that has them and the weights loaded.
// The form is chosen for steps steps, plain where that is 0.
func (n *Network) settler(c Clamps, steps int) (*settler, error) {
	rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	clamped := c.nodes()
	gram := graph.GramPays(n.sizes, clamped, rows, steps)
	for i, p := range n.precisions {
		gram[i] = gram[i] && p == nil
	}
	key := fmt.Sprint(clamped, gram)
	s := n.machines[key]
	if s == nil {
		e, err := n.build(clamped, gram, rows)
		if err != nil {
			return nil, err
		}
		s = &settler{version: -1}
		if s.machine, err = graph.CompileHandicapped(e, n.handicap); err != nil {
			return nil, err
		}
		s.machine.SetWorkers(n.workers)
		for l, fixed := range clamped {
			if !fixed {
				s.free = append(s.free, l)
			}
		}
		n.machines[key] = s
	}
	if s.version != n.version {
		if err := s.machine.Freeze(); err != nil {
			return nil, err
		}
		s.version = n.version
	}
	if err := s.machine.Load(rows, c); err != nil {
		return nil, err
	}
	return s, nil
}

// Settle lets the nodes that have no value in c descend the energy, with the
// weights frozen: the article's inference phase. A divergence is no error but a
// Status. When ctx is cancelled it returns context.Cause.
func (n *Network) Settle(ctx context.Context, c Clamps, inf Inference) (*Result, error) {
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("model: inference: %w", err)
	}
	steps := inf.Steps
	if inf.Plain {
		steps = 0
	}
	s, err := n.settler(c, steps)
	if err != nil {
		return nil, err
	}
	rate := inf.Rate
	if !inf.Unguarded {
		rate = min(rate, n.MaxRate(c))
	}
	layers := n.Depth()
	for len(s.shards) < s.machine.Shards() {
		s.shards = append(s.shards, settling{low: make([]float64, layers), last: make([]float64, layers)})
	}
	s.machine.Each(func(shard *graph.Shard) {
		st := &s.shards[shard.Index]
		st.reached = false
		if ctx.Err() == nil {
			st.settle(shard, s.free, layers, rate, inf)
		}
	})
	for i := range s.machine.Shards() {
		if !s.shards[i].reached {
			return nil, fmt.Errorf("model: settling: %w", context.Cause(ctx))
		}
	}
	return s.result(layers, inf), nil
}

// settle takes a shard from the first step to the last.
func (st *settling) settle(shard *graph.Shard, free []int, layers int, rate float64, inf Inference) {
	st.trace, st.lowest, st.rate = st.trace[:0], math.Inf(1), rate
	start(shard, free, layers, inf.Start)
	for st.steps = 0; st.steps < inf.Steps; st.steps++ {
		if inf.Trace || st.steps%watchEvery == 0 || st.steps == inf.Steps-1 {
			shard.Evaluate()
			if rose := st.watch(shard, layers); !finite(rose) {
				break
			} else if rose > riseNoise*st.lowest && !inf.Unguarded {
				st.rate /= 2
			}
			if inf.Trace {
				st.trace = append(st.trace, st.last...)
			}
		} else {
			shard.Gradients()
		}
		if inf.StaleErrors && st.steps == inf.Steps-1 {
			shard.Errors()
		}
		for _, l := range free {
			addScaled(shard.Latent(l), -st.rate, shard.Gradient(l))
		}
	}
	if inf.StaleErrors {
		shard.Activate()
	} else {
		shard.Errors()
		st.watch(shard, layers)
	}
	st.reached = true
}

// start puts the free latents where settling begins.
func start(shard *graph.Shard, free []int, top int, at Start) {
	for i := len(free) - 1; i >= 0; i-- {
		if l := free[i]; at == Zeros || l == top {
			shard.Latent(l).Zero()
		} else {
			shard.Predict(l)
		}
	}
}

// watch takes the energy as just computed and returns by how much it is above
// its lowest.
func (st *settling) watch(shard *graph.Shard, layers int) (rose float64) {
	total := 0.0
	for i := range layers {
		st.last[i] = shard.Energy(i)
		total += st.last[i]
	}
	rose = total - st.lowest
	if total < st.lowest {
		st.lowest = total
		copy(st.low, st.last)
		return 0
	}
	return rose
}

func addScaled(dst *tensor.Dense, a float64, x *tensor.Dense) {
	if dst.Dtype() == tensor.Float32 {
		vec.AddScaled(dst.Float32s(), float32(a), x.Float32s())
	} else {
		vec.AddScaled(dst.Float64s(), a, x.Float64s())
	}
}

// result gathers what the shards did, in their order.
func (s *settler) result(layers int, inf Inference) *Result {
	r := &Result{Rate: math.Inf(1), LayerEnergy: make([]float64, layers)}
	low := make([]float64, layers)
	for i := range s.machine.Shards() {
		st := &s.shards[i]
		r.Steps = max(r.Steps, st.steps)
		r.Rate = min(r.Rate, st.rate)
		for j := range layers {
			r.LayerEnergy[j] += st.last[j]
			low[j] += st.low[j]
		}
	}
	lowest := 0.0
	for j, e := range r.LayerEnergy {
		r.Energy += e
		lowest += low[j]
	}
	if !r.Finite() || r.Energy > lowest*(1+riseTolerance) {
		r.Status = Diverged
		most := math.Inf(-1)
		for j, e := range r.LayerEnergy {
			if rose := e - low[j]; rose > most || math.IsNaN(rose) {
				most, r.Node = rose, j
				if math.IsNaN(rose) {
					break
				}
			}
		}
	}
	if inf.Trace {
		r.Trace = s.trace(layers, r.Steps)
	}
	m := s.machine
	for l := range layers + 1 {
		r.Latents = append(r.Latents, m.Latent(l))
	}
	for i := range layers {
		r.Errors = append(r.Errors, m.Error(i))
		r.Activations = append(r.Activations, m.Activation(i))
	}
	return r
}

func (s *settler) trace(layers, steps int) [][]float64 {
	trace := make([][]float64, steps)
	for t := range trace {
		trace[t] = make([]float64, layers)
		for i := range s.machine.Shards() {
			if of := s.shards[i].trace; len(of) >= (t+1)*layers {
				for j := range trace[t] {
					trace[t][j] += of[t*layers+j]
				}
			}
		}
	}
	return trace
}
