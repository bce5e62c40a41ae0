package model

import (
	"math"

	"gorgonia.org/tensor"
)

// gather returns what the shards did, in their order, given that they are together.
func (s *settler) gather(n *Network, inf Inference, d *division) *Result {
	constants := n.constants()
	nodes := len(constants)
	r := &Result{Rate: math.Inf(1), Gram: s.gram, Renewed: s.renewed, NodeEnergy: s.energies(), NodeResidual: make([]float64, nodes)}
	if inf.measuresEnd() {
		r.EndResidual = make([]float64, nodes)
	}
	low := make([]float64, nodes)
	largest2, rounding, converged, steps := 0.0, 0.0, true, 0
	m := s.machine
	for i := range m.Shards() {
		st := s.shards[i]
		r.Steps = max(r.Steps, st.steps)
		steps += st.steps * m.ShardSize(i)
		r.Rate = min(r.Rate, st.slowest)
		for j := range nodes {
			low[j] += st.low[j]
		}
		rounding += st.rounding
		r.Began += st.began
		for l, x := range st.residual2 {
			r.NodeResidual[l] += x
		}
		for l := range r.EndResidual {
			r.EndResidual[l] += st.end2[l]
		}
		largest2 += st.largest2
		converged = converged && st.converged
	}
	r.MeanSteps = float64(steps) / float64(m.Rows())
	if largest2 > 0 {
		r.Residual = math.Sqrt(sum(r.NodeResidual) / largest2)
		for _, parts := range [][]float64{r.NodeResidual, r.EndResidual} {
			for l, x := range parts {
				parts[l] = math.Sqrt(x / largest2)
			}
		}
	}
	r.Energy = sum(r.NodeEnergy)
	switch {
	case !r.Finite() || r.Energy > sum(low)*(1+riseTolerance)+rounding:
		r.Status, r.Node = Diverged, worst(r.NodeEnergy, low)
	case converged:
		r.Status = Converged
	}
	for i, c := range constants {
		r.NodeEnergy[i] += float64(m.Rows()) * c
		r.Began += float64(m.Rows()) * c
	}
	r.Energy = sum(r.NodeEnergy)
	r.ExampleEnergy = make([]float64, m.Rows())
	for l, constant := range constants {
		for row := range r.ExampleEnergy {
			r.ExampleEnergy[row] += constant
		}
		for row, e := range m.RowEnergies(l) {
			r.ExampleEnergy[row] += e
		}
	}
	if inf.Trace {
		s.traces(r, constants, largest2)
	}
	r.view(n, s, d)
	return r
}

// traces gives r what the shards have recorded before each step.
func (s *settler) traces(r *Result, constants []float64, largest2 float64) {
	nodes := len(constants)
	r.Trace = s.trace(nodes, r.Steps, func(st *descent) (trace, last []float64) { return st.trace, st.last })
	for _, step := range r.Trace {
		for i, x := range constants {
			step[i] += float64(s.machine.Rows()) * x
		}
	}
	r.ResidualTrace = s.trace(nodes, r.Steps, func(st *descent) (trace, last []float64) { return st.residuals, st.residual2 })
	for _, step := range r.ResidualTrace {
		for l, x := range step {
			step[l] = math.Sqrt(x / max(largest2, math.SmallestNonzeroFloat64))
		}
	}
}

// energies returns the energy by node, as last read of each shard.
func (s *settler) energies() []float64 {
	e := make([]float64, len(s.by))
	for i := range s.machine.Shards() {
		for l, x := range s.shards[i].last {
			e[l] += x
		}
	}
	return e
}

// view gives r the machine's latents, errors, deltas and features.
func (r *Result) view(n *Network, s *settler, d *division) {
	if r.of, r.Nodes, r.open = n, n.Nodes(), s.open; d.exchanging != nil {
		r.divided = d
	}
	m := s.machine
	e := m.Energy()
	terms, edges := len(e.Terms), 0
	for _, t := range e.Terms {
		edges += len(t.Edges)
	}
	room := make([]*tensor.Dense, len(e.Latents)+3*terms+edges)
	take := func(n int) (views []*tensor.Dense) {
		views, room = room[:n:n], room[n:]
		return views
	}
	r.Latents = take(len(e.Latents))
	for l := range r.Latents {
		r.Latents[l] = m.Latent(l)
	}
	r.Errors, r.Deltas, r.predicted, r.Features = take(terms), take(terms), take(terms), make([][]*tensor.Dense, terms)
	for i, t := range e.Terms {
		r.Errors[i], r.Deltas[i], r.predicted[i] = m.Error(i), m.Delta(i), m.Prediction(i)
		r.Features[i] = take(len(t.Edges))
		for j := range r.Features[i] {
			r.Features[i][j] = m.Feature(i, j)
		}
	}
}

func sum[T int | float64](x []T) (total T) {
	for _, v := range x {
		total += v
	}
	return total
}

// worst returns the node whose energy is most above its low, or is no number.
func worst(energies, low []float64) int {
	node := 0
	for i := range energies {
		rise := energies[i] - low[i]
		if !finite(rise) {
			return i
		}
		if rise > energies[node]-low[node] {
			node = i
		}
	}
	return node
}

// trace sums the shards' traces of width numbers a step; one that came to rest
// earlier stays where it ended.
func (s *settler) trace(width, steps int, of func(*descent) (trace, last []float64)) [][]float64 {
	trace := make([][]float64, steps)
	for t := range trace {
		trace[t] = make([]float64, width)
		for i := range s.machine.Shards() {
			course, now := of(s.shards[i])
			if len(course) >= (t+1)*width {
				now = course[t*width : (t+1)*width]
			}
			for j, x := range now {
				trace[t][j] += x
			}
		}
	}
	return trace
}
