package model

import (
	"context"
	"testing"

	"example.com/pcn/internal/race"
)

// stepsAllocateNothing counts the allocations of settling with few steps and with many.
func stepsAllocateNothing(t *testing.T, what string, n *Network, c Clamps, inf Inference) {
	t.Helper()
	if race.Enabled {
		return
	}
	n.SetWorkers(1)
	allocations := func(steps int) float64 {
		inf.Steps = steps
		return testing.AllocsPerRun(5, func() {
			_, err := n.Settle(context.Background(), c, inf)
			must(t, err)
		})
	}
	if few, many := allocations(3), allocations(60); many > few {
		t.Errorf("%s, %v: %v allocations in 3 steps, %v in 60", what, inf.Method, few, many)
	}
}
