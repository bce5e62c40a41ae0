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

// TestAllocationsOfABatch bounds what settling a batch allocates, after a change of the
// parameters too.
func TestAllocationsOfABatch(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	n, err := New(Config{Layers: []int{3, 8, 8, 2}})
	must(t, err)
	n.SetWorkers(1)
	c := n.Clamp(randomBatch(1, Float32, 4, 3), randomBatch(2, Float32, 4, 2))
	for what, most := range map[string]float64{"unchanged": 22, "changed": 30} {
		got := testing.AllocsPerRun(20, func() {
			if what == "changed" {
				n.Changed()
			}
			_, err := n.Settle(context.Background(), c, Inference{})
			must(t, err)
		})
		if got > most {
			t.Errorf("%s parameters: %v allocations, want at most %v", what, got, most)
		}
	}
}
