// Package pool runs independent pieces of work on several cores.
package pool

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Each calls f(i) for i = 0..n-1, on up to workers goroutines at once, and
// returns when all are done. With one worker, or one piece, f runs on the
// caller's goroutine and nothing is allocated. Pieces must not depend on each
// other; which goroutine takes which is not determined.
//
// f may call code of the user's own. When it panics on any goroutine, Each panics
// on the caller's, where that can be recovered, once all goroutines have ended.
func Each(workers, n int, f func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	g := group{n: n, f: f}
	for range workers - 1 {
		g.wg.Go(g.work)
	}
	g.work()
	g.wg.Wait()
	if g.panicked != nil {
		panic(g.panicked)
	}
}

// group is what the goroutines of one Each share.
type group struct {
	n        int
	f        func(i int)
	next     atomic.Int64
	wg       sync.WaitGroup
	once     sync.Once
	panicked error // the first
}

// work does pieces until none is left, or one panics.
func (g *group) work() {
	defer func() {
		if p := recover(); p != nil {
			g.next.Store(int64(g.n)) // leave the other pieces
			g.once.Do(func() { g.panicked = fmt.Errorf("%v\n\n%s", p, debug.Stack()) })
		}
	}()
	for i := int(g.next.Add(1)) - 1; i < g.n; i = int(g.next.Add(1)) - 1 {
		g.f(i)
	}
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
