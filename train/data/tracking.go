package data

import (
	"math"
	"math/rand/v2"

	"example.com/pcn/internal/kalman"
)

// Tracking returns n sequences of a point that moves and is seen in noise, each of so many
// steps: position, velocity and acceleration begin at 0, the input exp(−0.01 t) pushes the
// acceleration, noise of variance 1 shakes all three at every step, and the targets are
// three numbers that mix them, each with noise of variance 1 (Millidge, Tang, Osanlouy,
// Harper and Bogacz 2024). The same seed gives the same sequences, and the first of a larger
// set are those of a smaller one. The transforms are the identity. The set is empty when n
// or steps is <= 0.
func Tracking(n, steps int, seed uint64) *Set {
	n = max(n, 0)
	if steps <= 0 {
		n, steps = 0, 1
	}
	system := kalman.Motion()
	k, _ := system.C.Dims()
	inputs := make([][]float64, steps)
	for t := range inputs {
		inputs[t] = []float64{math.Exp(-0.01 * float64(t))}
	}
	s := &Set{
		Name:    "tracking",
		n:       n,
		steps:   steps,
		inputs:  values{width: steps},
		targets: values{width: steps * k},
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for range n {
		for t, y := range system.Targets(rng, inputs) {
			s.inputs.append(inputs[t][0])
			for _, x := range y {
				s.targets.append(x)
			}
		}
	}
	return s.WithTransforms(Transform{}, Transform{})
}
