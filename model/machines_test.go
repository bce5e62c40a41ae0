package model

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMachinesAreBounded settles batches of many sizes in every form that a network
// has, twice: what is kept is that of a few of them, and what comes out is the same.
func TestMachinesAreBounded(t *testing.T) {
	n, err := New(Config{Layers: []int{40, 60, 50, 30}, Precisions: []float64{1, 2, 1, 1}, Seed: 1})
	must(t, err)
	x, y := randomBatch(1, Float32, 256, 40), randomBatch(2, Float32, 256, 30)
	rows := []int{1, 7, 64, 200, 256}
	rng := rand.New(rand.NewPCG(1, 2))
	half := func(rows int) Clamp {
		return Hide(randomBatch(3, Float32, rows, 40), func(_, _ int) bool { return rng.IntN(2) == 0 })
	}
	before, forms := heap(), 0
	var most int64
	energies := map[string]float64{}
	for again := range 2 {
		rng = rand.New(rand.NewPCG(1, 2))
		for _, b := range rows {
			inputs, targets := randomBatch(1, Float32, b, 40), randomBatch(2, Float32, b, 30)
			for i, c := range []Clamps{n.Clamp(inputs, targets), n.Clamp(nil, targets), n.Clamp(inputs, nil), n.byNode(Clamp{Values: targets}, Clamp{}, Clamp{}, half(b))} {
				for _, method := range allMethods() {
					for _, plain := range []bool{false, true} {
						what := fmt.Sprint(b, i, method, plain)
						r, err := n.Settle(context.Background(), c, Inference{Method: method, Steps: 2, Plain: plain})
						must(t, err)
						if again == 1 && r.Energy != energies[what] {
							t.Fatalf("%s: energy %v, and %v the first time", what, r.Energy, energies[what])
						}
						energies[what] = r.Energy
						forms++
					}
				}
			}
			most = max(most, heap()-before)
		}
	}
	one, err := New(n.Config())
	must(t, err)
	before = heap()
	_, err = one.Settle(context.Background(), one.Clamp(x, y), Inference{Method: Chain, Steps: 2})
	must(t, err)
	single := heap() - before
	t.Logf("%d forms: at most %.1f MB kept, one machine %.1f MB", forms/2, float64(most)/1e6, float64(single)/1e6)
	if most > 12*single {
		t.Errorf("%.1f MB kept, and one machine has %.1f MB", float64(most)/1e6, float64(single)/1e6)
	}
	runtime.KeepAlive(n)
	runtime.KeepAlive(one)
}
