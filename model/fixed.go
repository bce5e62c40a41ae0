package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Fixed is a batch at a pass from its inputs, whose predictions and slopes stay as they
// are there, while errors move: the fixed prediction assumption (Millidge, Tschantz and
// Buckley 2022). It is of the network's own buffers, and holds until the network settles,
// predicts or generates.
type Fixed struct {
	network  *Network
	settler  *settler
	levels   [][]int
	residual [][]float64 // by step and shard: squared norm of the gradient before the step
}

// Fix passes from what c fixes, inputs (B, d) and targets (B, k), with the errors of all
// nodes at 0 but that of the targets. The errors are those of [Network.Backprop].
func (n *Network) Fix(c Clamps) (*Fixed, error) {
	s, err := n.passing(c)
	if err != nil {
		return nil, fmt.Errorf("model: fix: %w", err)
	}
	f := &Fixed{network: n, settler: s, levels: n.levels(s.free)}
	s.machine.Each(func(shard *graph.Shard) {
		s.start(shard, TopDown)
		shard.Fix()
		for _, l := range s.free {
			shard.FixedError(l).Zero()
		}
	})
	return f, nil
}

// levels returns the nodes by how many predictions lie at most between them and the
// targets, the fewest first.
func (n *Network) levels(free []int) (levels [][]int) {
	level := map[int]int{}
	for _, l := range free { // each behind those that are predicted from it
		at := 0
		for i, of := range n.wiring.Of {
			above, moves := level[of]
			if moves && slices.ContainsFunc(n.wiring.From[i], func(from []int) bool { return slices.Contains(from, l) }) {
				at = max(at, above+1)
			}
		}
		if level[l] = at; at == len(levels) {
			levels = append(levels, nil)
		}
		levels[at] = append(levels[at], l)
	}
	return levels
}

// Levels returns how many predictions lie at most between a node and the targets: what
// errors take to reach all nodes, in steps.
func (f *Fixed) Levels() int { return len(f.levels) }

// Step moves the errors of all nodes at once,
//
//	d ← d − rate (d − Σ Jᵀ d')
//
// with d' the errors of those that are predicted from a node, and J their Jacobian. It is an
// error when ctx is cancelled.
func (f *Fixed) Step(ctx context.Context, rate float64) error {
	return f.step(ctx, rate, f.settler.free)
}

// StepLevels moves the errors of one level after the other, each once, as Step does those of
// all.
func (f *Fixed) StepLevels(ctx context.Context, rate float64) error {
	return f.step(ctx, rate, f.levels...)
}

// step moves the errors of some nodes at once, and then those of others.
func (f *Fixed) step(ctx context.Context, rate float64, turns ...[]int) error {
	residual := make([][]float64, len(turns))
	for i := range residual {
		residual[i] = make([]float64, f.settler.machine.Shards())
	}
	f.settler.machine.Each(func(shard *graph.Shard) {
		for i, nodes := range turns {
			if ctx.Err() != nil {
				return
			}
			for _, l := range nodes {
				shard.PullFixedStep(l)
			}
			total := 0.0
			for _, l := range nodes {
				total += norm2(shard.FixedStep(l))
				dense.AddScaled(shard.FixedError(l), -rate, shard.FixedStep(l))
			}
			residual[i][shard.Index] = total
		}
	})
	if ctx.Err() != nil {
		return fmt.Errorf("model: fixed predictions: %w", context.Cause(ctx))
	}
	f.residual = append(f.residual, residual...)
	return nil
}

// Result returns the batch as it is, for [Network.Hebbian]: the activities of the pass, and
// as Deltas the errors, times their precision.
func (f *Fixed) Result() *Result {
	f.settler.machine.Each(func(shard *graph.Shard) { shard.PullFixed() })
	r, _ := f.network.passed(f.settler, f.settler.machine.FixedDelta, func(shard int, each func(*float64)) {
		for _, step := range f.residual {
			each(&step[shard])
		}
	}) // Share has the error
	r.Steps, r.MeanSteps = len(f.residual), float64(len(f.residual))
	left, largest := 0.0, 0.0
	for _, step := range f.residual {
		left = math.Sqrt(sum(step))
		largest = max(largest, left)
	}
	if largest > 0 {
		r.Residual = left / largest
	}
	return r
}
