package model

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
)

// Settling is a batch between two steps: to look at its latents, gradients and energies,
// and to change latents or parameters before the next one, as a viewer, incremental
// learning or sampling does. [Network.Settle] takes the same steps at once, and with fewer
// looks. A Settling has a machine of its own and belongs to one goroutine; it holds until
// its network is given other parameters than by [Network.Changed].
//
// A step does not go back on what it finds: between two of them the latents are the
// caller's. The rate stays within its bound all the same, unless the Inference is
// unguarded.
type Settling struct {
	network *Network
	own     *Network // its clone, whose machines nobody else takes
	settler *settler
	clamps  []Clamp
	divided *division
	pace    pace
	inf     Inference
	steps   int
	energy  float64 // before the last step
	looked  bool    // errors and energies are of the last Step or Look
	fresh   bool    // and so are gradients
	known   bool    // errors are of where the next Step begins, unless parameters have changed
}

// Begin puts the latents of a batch with clamps c where inf has them begin. What inf says
// of steps, tolerance and stale errors is the caller's to decide.
func (n *Network) Begin(c Clamps, inf Inference) (*Settling, error) {
	s := &Settling{network: n, own: n.Clone()}
	s.own.older = n.older
	if err := s.Again(c, inf); err != nil {
		return nil, err
	}
	return s, nil
}

// Again begins another batch, as [Network.Begin] does, without a machine to be made anew
// where the clamps are of the same nodes.
func (s *Settling) Again(c Clamps, inf Inference) error {
	inf, err := inf.WithDefaults()
	if err != nil {
		return fmt.Errorf("model: inference: %w", err)
	}
	inf.Plain, inf.Tolerance, inf.StaleErrors, inf.Estimate, inf.Trace = true, 0, false, false, false
	n := s.network
	clamps, rows, err := n.check(c)
	if err != nil {
		return err
	}
	if s.pace, err = n.pace(inf); err != nil {
		return err
	}
	s.own.version, s.own.workers = n.version, n.workers
	s.clamps, s.inf, s.divided, s.steps, s.energy = clamps, inf, n.divide(rows), 0, math.Inf(1)
	return s.begin()
}

// begin has a machine begin with the batch.
func (s *Settling) begin() error {
	next, err := s.own.settler(s.clamps, s.divided.rows, s.inf, false)
	if err != nil {
		return err
	}
	s.settler, next.nudge, next.noise = next, nudge{}, noise{}
	next.only(s.divided)
	rate := next.firstRate(s.network, s.clamps, s.pace, s.inf)
	next.machine.Each(func(shard *graph.Shard) { next.shards[shard.Index].begin(shard, rate, s.inf) })
	s.looked, s.fresh, s.known = false, false, false
	return nil
}

// Step moves the latents once, from wherever they are; missing data (see [Clamp]) is then
// what is predicted of it. Parameters that have changed, of
// which the network has been told, are taken anew. It is an error when ctx is cancelled;
// that the energy is no number any longer is for [Result.Finite] to say.
func (s *Settling) Step(ctx context.Context) error {
	tell := len(s.settler.parts) > 0 // which may be renewed by what the energy does
	if err := s.each(ctx, tell, func(_ *graph.Shard, _ *descent, step func()) { step() }); err != nil {
		return err
	}
	before := s.energy
	s.energy = sum(s.settler.energies())
	if !s.inf.Unguarded && s.settler.nudge.to == nil && s.energy > before*(1+riseNoise) && s.settler.lags(s.network) {
		s.settler.renew(s.network) // for the next step
	}
	s.steps++
	s.looked, s.fresh, s.known = false, false, false
	return nil
}

// Descend is a Step by which the energy does not rise, as [Network.Settle] takes it: where it
// has, what steps are divided by is made anew of parameters that it lags behind, and else a
// shard goes back and steps at half the rate, so often as there. It is a Step where the
// inference is unguarded, where latents are nudged or wander, and by a mover that remembers,
// whose way is uphill now and then.
func (s *Settling) Descend(ctx context.Context) error {
	own := s.settler
	if s.inf.Unguarded || own.nudge.to != nil || own.noise.streams != nil || own.shards[0].mover.Remembers() {
		return s.Step(ctx)
	}
	descend := func(shard *graph.Shard, st *descent, step func()) {
		st.latents.keep(shard, st.free)
		for try := 0; ; try++ {
			step()
			if !st.climbed(shard) || own.lags(s.network) || try == retries {
				return
			}
			st.again(shard)
			st.rate /= 2
		}
	}
	if err := s.each(ctx, true, descend); err != nil {
		return err
	}
	if own.lags(s.network) && own.any((*descent).rose) {
		own.machine.Each(func(shard *graph.Shard) { own.shards[shard.Index].again(shard) })
		own.renew(s.network)
		s.known = false
		if err := s.each(ctx, true, descend); err != nil {
			return err
		}
	}
	s.energy = math.Inf(1) // the next Step has nothing to compare with
	s.steps++
	s.looked, s.fresh, s.known = true, false, false
	return nil
}

// each gives the machine the parameters, has every shard take the steps that it wants, with
// errors and energies before each as a trace would have them, and may tell other ranks of them.
func (s *Settling) each(ctx context.Context, tell bool, take func(shard *graph.Shard, st *descent, step func())) error {
	known := s.known && s.settler.version == s.network.version
	if err := s.settler.refresh(s.network, s.inf.MostLag()); err != nil {
		return err
	}
	rate := s.settler.firstRate(s.network, s.clamps, s.pace, s.inf)
	inf := s.inf
	inf.Trace, inf.Unguarded = true, true // a look before each step, after which nothing goes back
	s.settler.machine.Each(func(shard *graph.Shard) {
		st, inf := s.settler.shards[shard.Index], inf
		st.rate, st.predicted, st.known = rate, false, known // wherever the latents have been put
		inf.Steps = s.steps + 2
		take(shard, st, func() {
			st.trace, st.residuals, st.steps, st.full = st.trace[:0], st.residuals[:0], s.steps, st.rate
			st.step(ctx, shard, s.pace, inf)
			st.complete(shard)
		})
	})
	if ctx.Err() != nil {
		return fmt.Errorf("model: step: %w", context.Cause(ctx))
	}
	if tell {
		if err := s.settler.together(s.divided, nil); err != nil {
			return fmt.Errorf("model: step: %w", err)
		}
	}
	return nil
}

// Steps returns how many steps have been taken.
func (s *Settling) Steps() int { return s.steps }

// Latent returns v of a node, (B, d), live: what is changed of a free unit counts from the
// next Step on; for gradients, errors and energies from the next Step or Look on.
func (s *Settling) Latent(node string) (*tensor.Dense, error) {
	l, err := s.network.Node(node)
	if err != nil {
		return nil, err
	}
	return s.settler.machine.Latent(l), nil
}

// Gradient returns ∂E/∂v of a node, (B, d), as of the last Step or Look; nil where the
// node is clamped.
func (s *Settling) Gradient(node string) (*tensor.Dense, error) {
	l, err := s.network.Node(node)
	if err != nil {
		return nil, err
	}
	if !s.fresh {
		s.settler.machine.Each((*graph.Shard).Gradients)
		s.fresh = true
	}
	return s.settler.machine.Gradient(l), nil
}

// Error returns ε of a node's first prediction, (B, d), as of the last Step or Look; nil
// where it has none.
func (s *Settling) Error(node string) (*tensor.Dense, error) {
	l, err := s.network.Node(node)
	if err != nil || s.network.wiring.First[l] < 0 {
		return nil, err
	}
	s.look()
	return s.settler.machine.Error(s.network.wiring.First[l]), nil
}

// Look has gradients, errors and energies computed anew, where latents or parameters have
// been changed. The next Step goes on from them: who changes latents in between looks again.
func (s *Settling) Look() error {
	s.looked, s.fresh, s.known = false, false, false
	if err := s.settler.refresh(s.network, s.inf.MostLag()); err != nil {
		return err
	}
	s.look()
	s.known = true
	return nil
}

// look computes errors and energies, where they are not known.
func (s *Settling) look() {
	if s.looked {
		return
	}
	s.settler.machine.Each(func(shard *graph.Shard) {
		shard.Errors()
		s.settler.shards[shard.Index].read(shard)
	})
	if err := s.settler.together(s.divided, nil); err != nil {
		s.settler.shards[0].last[0] = math.NaN() // so that nothing is learned of it; Share has the error
	}
	s.looked = true
}

// Energy returns the energy over the batch as of the last Step or Look.
func (s *Settling) Energy() float64 {
	s.look()
	return sum(s.settler.energies()) + float64(s.settler.machine.Rows())*sum(s.network.constants())
}

// Result returns the batch as it is, as of the last Step or Look, such as for
// [Network.Hebbian].
func (s *Settling) Result() *Result {
	s.look()
	r := s.settler.gather(s.network, s.inf, s.divided)
	if r.Finite() {
		r.Status = StepLimit
	}
	return r
}
