package model

import (
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/vec"
)

// LionMover is Lion on latents (Chen and others 2023): v ← v − γ sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g.
type LionMover struct {
	AlongGradient
	Beta1, Beta2 float64 // β₁ and β₂, from 0 to below 1
	mean         latents
}

// Remembers implements [Mover].
func (m *LionMover) Remembers() bool { return true }

// Begin implements [Mover].
func (m *LionMover) Begin(s *graph.Shard, nodes []int) { m.mean.zero(s, nodes) }

// Move implements [Mover].
func (m *LionMover) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		if v, g := s.Latent(l), s.Gradient(l); v.Dtype() == tensor.Float32 {
			lion(v.Float32s(), m.mean[l].Float32s(), g.Float32s(), float32(m.Beta1), float32(m.Beta2), float32(rates[l]))
		} else {
			lion(v.Float64s(), m.mean[l].Float64s(), g.Float64s(), m.Beta1, m.Beta2, rates[l])
		}
	}
}

func lion[T vec.Float](v, mean, g []T, beta1, beta2, rate T) {
	for i, x := range g {
		switch c := beta1*mean[i] + (1-beta1)*x; {
		case c > 0:
			v[i] -= rate
		case c < 0:
			v[i] += rate
		}
		mean[i] = beta2*mean[i] + (1-beta2)*x
	}
}
