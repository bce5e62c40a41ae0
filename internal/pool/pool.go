// Package pool runs independent pieces of work on several cores.
package pool

import (
	"sync"
	"sync/atomic"
)

// Each calls f(i) for i = 0..n-1, on up to workers goroutines at once, and
// returns when all are done. With one worker, or one piece, f runs on the
// caller's goroutine and nothing is allocated. Pieces must not depend on each
// other; which goroutine takes which is not determined.
func Each(workers, n int, f func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// worthwhile is the number of elementary operations, vectorised, that take about
// as long as waking a goroutine.
const worthwhile = 1 << 17

// Workers returns how many of workers are worth their waking for ops elementary
// operations: all, or one.
func Workers(workers, ops int) int {
	if ops < worthwhile {
		return 1
	}
	return workers
}
