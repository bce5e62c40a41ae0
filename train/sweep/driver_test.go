package sweep

import (
	"sync"
	"testing"
)

// TestSideBySide has two processes, or what are two to each other, take the same runs at
// once: each returns when all runs have ended, and each run was carried out once.
func TestSideBySide(t *testing.T) {
	const text = `
base: {data: {dataset: sine}, learning: {epochs: 20}}
seeds: 3
keys: {learning.rate: [0.001, 0.01]}
`
	dir := t.TempDir()
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := map[string]int{}
	for range 2 {
		all.Go(func() {
			d := &Driver{Dir: dir, Plan: parse(t, text), Shard: Shard{1, 1}, Text: []byte(text), File: "sweep.yaml", Read: Load, Workers: 2}
			d.Ended = func(r Run, _ Outcome, _ int, now bool) {
				mu.Lock()
				defer mu.Unlock()
				if now {
					taken[r.Name()]++
				}
			}
			if err := d.Begin(t.Context()); err != nil {
				t.Error(err)
				return
			}
			if err := d.Run(t.Context()); err != nil {
				t.Error(err)
			}
			if _, missing, err := d.Outcomes(); missing > 0 || err != nil {
				t.Errorf("%d runs are missing: %v", missing, err)
			}
		})
	}
	all.Wait()
	if len(taken) != 6 {
		t.Errorf("6 runs were to be carried out, got %v", taken)
	}
	for name, times := range taken {
		if times != 1 {
			t.Errorf("%s was carried out %d times", name, times)
		}
	}
}
