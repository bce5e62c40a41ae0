package train

import (
	"math"

	"example.com/pcn/model"
)

// Settled is what became of a batch or, in an [Epoch], of many: each number is then a mean
// over the examples, but for those of which it is said otherwise. Where latents do not
// settle, as under backpropagation, what says how they did is 0 and nil.
type Settled struct {
	// Nodes are the names of the nodes, in the order of whatever goes by node.
	Nodes model.Names `json:"nodes,omitempty"`
	// Energy is a mean over the examples, and NodeEnergy each node's part.
	Energy     float64   `json:"energy"`
	NodeEnergy []float64 `json:"node_energy,omitempty"`
	// InferenceRate is the rate at which latents settled, of an epoch the smallest.
	InferenceRate float64 `json:"inference_rate"`
	// Steps is the number of steps, a mean over the examples.
	Steps float64 `json:"steps"`
	// Residual is what was left of the gradient before the last step, and NodeResidual
	// each node's part: see [model.Result].
	Residual     float64   `json:"residual"`
	NodeResidual []float64 `json:"node_residual,omitempty"`
	// Reached is the estimated share, from 0 to 1, of the energy's fall to rest that had
	// been made when the weights learned from the latents, and EndResidual what was left
	// of the gradient at each node there. They are nil where they were not asked for, or
	// there was nothing to lose; of an epoch they are its last batch's, in ten epochs of a
	// run, and nil under rules that settle step by step.
	Reached     *float64  `json:"reached,omitempty"`
	EndResidual []float64 `json:"end_residual,omitempty"`
	// NodeCosine is, for each node that is predicted, the cosine between the update by which
	// the weights first moved and backpropagation's of the same batch, of the batches that
	// Reached is of. It is nil where there is no backpropagation.
	NodeCosine []float64 `json:"node_cosine,omitempty"`
	// TargetAlignment is the mean cosine between the way from old predictions to the targets
	// and that to the new ones, over the examples of such a batch, with the weights moved:
	// see [TargetAlignment].
	TargetAlignment *float64 `json:"target_alignment,omitempty"`
	// Node is where the energy rose most, in the last batch that diverged.
	Node int `json:"node"`
}

// NewSettled returns what became of the batch of r.
func NewSettled(r *model.Result) Settled {
	rows := float64(r.Latents[0].Shape()[0])
	s := Settled{
		Nodes: r.Nodes, Energy: r.Energy / rows, InferenceRate: r.Rate, Steps: r.MeanSteps,
		Residual: r.Residual, NodeResidual: r.NodeResidual, EndResidual: r.EndResidual, Node: r.Node,
	}
	for _, e := range r.NodeEnergy {
		s.NodeEnergy = append(s.NodeEnergy, e/rows)
	}
	if r.ToLose > 0 {
		reached := r.Reached()
		s.Reached = &reached
	}
	return s
}

// Finite reports whether the energy is a number.
func (s Settled) Finite() bool { return !math.IsNaN(s.Energy) && !math.IsInf(s.Energy, 0) }

// add enters that of a batch, that share of the examples so far, in the mean over them.
// What all batches have in common, the mean has exactly.
func (s *Settled) add(of Settled, share float64) {
	s.Nodes = of.Nodes
	s.Energy += share * (of.Energy - s.Energy)
	s.Steps += share * (of.Steps - s.Steps)
	s.Residual += share * (of.Residual - s.Residual)
	s.NodeEnergy, s.NodeResidual = addMean(s.NodeEnergy, share, of.NodeEnergy), addMean(s.NodeResidual, share, of.NodeResidual)
	s.EndResidual = of.EndResidual
	if of.Reached != nil {
		s.Reached = of.Reached
	}
	if of.NodeCosine != nil {
		s.NodeCosine = of.NodeCosine
	}
	if of.TargetAlignment != nil {
		s.TargetAlignment = of.TargetAlignment
	}
	s.InferenceRate = min(s.InferenceRate, of.InferenceRate)
}

// addMean returns mean + share·(x − mean).
func addMean(mean []float64, share float64, x []float64) []float64 {
	for len(mean) < len(x) {
		mean = append(mean, 0)
	}
	for i, v := range x {
		mean[i] += share * (v - mean[i])
	}
	return mean
}
