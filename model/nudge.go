package model

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Nudges returns why targets of the network cannot lie a share beta of the way from what a
// pass predicts to what it should be, nil where they can. With a negative beta they lie
// beyond what is predicted.
func (c Config) Nudges(beta float64) error {
	n, err := plan(c)
	if err != nil {
		return err
	}
	if err := n.backpropagates(); err != nil {
		return err
	}
	t := n.terms[n.wiring.First[n.target]]
	name := n.wiring.Nodes[n.target].Name
	if t.energy.Learns() {
		return fmt.Errorf("precision of %s: must not be learned from errors that a nudge makes small, got %v", name, t.energy)
	}
	if beta < 0 && !t.energy.Form().Settles() {
		return fmt.Errorf("energy of %s: must be one that takes all values, for a nudge away from the targets, got %v", name, t.energy)
	}
	return nil
}

// NudgesSoftly is Nudges where the targets' node is free, and drawn by [Settling.Nudge]
// while latents settle by a method.
func (c Config) NudgesSoftly(beta float64, m Method) error {
	if err := c.Nudges(beta); err != nil {
		return err
	}
	n, _ := plan(c)
	_, _, precisions := n.cfg.design()
	i := n.wiring.First[n.target]
	_, err := n.nudge(n.target, slices.Repeat([]float64{precisions[n.wiring.Given[i]]}, n.sizes[n.target]), beta, m)
	return err
}

// Nudge has a node drawn to values (B, d) from the next Step on, by the energy's term
//
//	½ β ‖v − to‖²
//
// which no energy that is read includes: the soft nudge of equilibrium propagation. The
// node, which must be free, Gaussian and predict nothing, goes at each step where it is at rest,
//
//	v ← μ + (to − μ) β / (w Π + β)
//
// A negative β, above −w Π, drives it away.
func (s *Settling) Nudge(node string, to *tensor.Dense, beta float64) error {
	n := s.network
	l, err := n.Node(node)
	if err != nil {
		return err
	}
	if !slices.Contains(s.settler.free, l) || s.clamps[l].Fixed != nil {
		return fmt.Errorf("model: nudge: %s: must be free", node)
	}
	if err := dense.Check(to, n.cfg.Dtype.Tensor(), s.settler.machine.Rows(), n.sizes[l]); err != nil {
		return fmt.Errorf("model: nudge: %s: %w", node, err)
	}
	m, err := n.nudge(l, n.Precision(l), beta, s.inf.Method)
	if err != nil {
		return fmt.Errorf("model: nudge: %w", err)
	}
	m.to = to
	s.settler.nudge = m
	return nil
}

// nudge draws a node to values.
type nudge struct {
	node, prediction int
	to               *tensor.Dense // nil for none
	shares           []float64     // of the way from the prediction, by unit
}

// nudge returns that of node l, of that precision by unit, or why it cannot be nudged.
func (n *Network) nudge(l int, precision []float64, beta float64, m Method) (nudge, error) {
	form, name := m.moves().Form, n.wiring.Nodes[l].Name
	if form != graph.NoSteps && form != graph.BlockSteps {
		return nudge{}, fmt.Errorf("inference.method: must be one that moves each node by itself, where one is drawn softly, got %v", m)
	}
	own := -1
	for i, p := range n.wiring.Predictions {
		if p.Guess {
			continue
		}
		if slices.ContainsFunc(n.wiring.From[i], func(from []int) bool { return slices.Contains(from, l) }) {
			return nudge{}, fmt.Errorf("%s: must predict nothing to be nudged, and predicts %s", name, p.Of)
		}
		if n.wiring.Of[i] != l {
			continue
		}
		if p.Energy != graph.Gaussian || own >= 0 {
			return nudge{}, fmt.Errorf("%s: must have one prediction, of the energy gaussian, to be nudged softly, got %v", name, n.terms[i].energy)
		}
		own = i
	}
	if own < 0 || n.wiring.Nodes[l].Prior > 0 || n.wiring.OwnCurvature(l) > 0 {
		return nudge{}, errors.New(name + ": must have one prediction, and no energy beside it, to be nudged softly")
	}
	shares := make([]float64, len(precision))
	for j, x := range precision {
		x *= n.wiring.Predictions[own].Weight
		if shares[j] = beta / (x + beta); !(x+beta > 0) || !finite(shares[j]) {
			return nudge{}, fmt.Errorf("beta: must be a number above %v, the precision of %s negated, got %v", -x, name, beta)
		}
	}
	return nudge{node: l, prediction: own, shares: shares}, nil
}

// move moves the node of the nudge, where it is one of nodes, and returns the others.
func (m *nudge) move(shard *graph.Shard, nodes []int) []int {
	at := slices.Index(nodes, m.node)
	if m.to == nil || at < 0 {
		return nodes
	}
	v := shard.Latent(m.node)
	dense.AddScaled(v, -1, shard.Error(m.prediction)) // μ
	d := len(m.shares)
	for i := range v.DataSize() {
		mu := dense.At(v, i)
		dense.Set(v, i, mu+m.shares[i%d]*(dense.At(m.to, shard.Lo*d+i)-mu))
	}
	return slices.Delete(slices.Clone(nodes), at, at+1)
}
