// Package pool runs independent pieces of work on several cores.
package pool

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Each calls f(i) for i = 0..n-1, on up to workers goroutines at once, and
// returns when all are done. With one worker, or one piece, f runs on the
// caller's goroutine and nothing is allocated. Pieces must not depend on each
// other; which goroutine takes which is not determined.
//
// f may call code of the user's own. When it panics on any goroutine, Each panics
// on the caller's, where that can be recovered, once no piece runs any more.
func Each(workers, n int, f func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	g := &group{n: n, f: f}
	g.left.L = &g.mu
	enlist(g, workers-1)
	g.work()
	g.wait()
	if g.panicked != nil {
		panic(g.panicked)
	}
}

// InOrder calls f(i) for i = 0..len(after)-1 as Each does, each once the pieces
// after[i], which are before i, are done.
func InOrder(workers int, after [][]int, f func(i int)) {
	if workers <= 1 {
		Each(1, len(after), f)
		return
	}
	done := make([]atomic.Bool, len(after))
	Each(workers, len(after), func(i int) {
		for _, j := range after[i] {
			for !spin(done[j].Load) {
				runtime.Gosched()
			}
		}
		defer done[i].Store(true) // where f panics too: others wait for it
		f(i)
	})
}

// group is what the goroutines of one Each share.
type group struct {
	n      int
	f      func(i int)
	next   atomic.Int64 // the next piece
	inside atomic.Int64 // goroutines that do pieces

	mu       sync.Mutex // guards what follows
	left     sync.Cond  // no goroutine is inside
	panicked error      // the first
}

// work does pieces until none is left, or one panics. A helper that comes too late
// for any does nothing: nobody waits for it.
func (g *group) work() {
	g.inside.Add(1)
	defer func() {
		p := recover()
		if p != nil {
			g.next.Store(int64(g.n)) // leave the other pieces
			g.mu.Lock()
			if g.panicked == nil {
				g.panicked = fmt.Errorf("%v\n\n%s", p, debug.Stack())
			}
			g.mu.Unlock()
		}
		if g.inside.Add(-1) == 0 {
			g.mu.Lock()
			g.left.Broadcast()
			g.mu.Unlock()
		}
	}()
	for i := int(g.next.Add(1)) - 1; i < g.n; i = int(g.next.Add(1)) - 1 {
		g.f(i)
	}
}

// wait returns when no piece runs, given that none is left to be taken.
func (g *group) wait() {
	if spin(func() bool { return g.inside.Load() == 0 }) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.inside.Load() > 0 {
		g.left.Wait()
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

// patience is how long a goroutine looks for work to come before it gives its core
// back. Waking one that sleeps takes some 100 µs on a virtual machine, longer than
// many a piece of work; while a network learns, the next comes sooner than this.
const patience = 500 * time.Microsecond

// spin reports whether done is so before patience ends.
func spin(done func() bool) bool {
	for began := time.Now(); ; {
		for range 64 {
			if done() {
				return true
			}
		}
		if time.Since(began) > patience {
			return false
		}
	}
}

// helper is a goroutine that does pieces of one group after another. What it looks at
// has a cache line to itself, which nobody's writes to a neighbour take away.
type helper struct {
	_     [64]byte
	given atomic.Pointer[group]
	_     [64]byte
}

// idle are the helpers that look for work.
var idle struct {
	sync.Mutex
	helpers []*helper
}

// enlist has so many helpers work for g: those that look for work, and new ones.
func enlist(g *group, helpers int) {
	idle.Lock()
	at := max(0, len(idle.helpers)-helpers)
	for i, h := range idle.helpers[at:] {
		h.given.Store(g)
		idle.helpers[at+i] = nil
		helpers--
	}
	idle.helpers = idle.helpers[:at]
	idle.Unlock()
	for range helpers {
		h := &helper{}
		h.given.Store(g)
		go h.help()
	}
}

// help works for the group that h is given, and the next, until none comes.
func (h *helper) help() {
	for g := h.given.Swap(nil); g != nil; g = h.given.Swap(nil) {
		g.work()
		if h.look() && !spin(func() bool { return h.given.Load() != nil }) {
			h.leave()
		}
	}
}

// look makes h one of those that look for work, and reports whether it is: not
// where they already are as many as there are cores beside the caller's.
func (h *helper) look() bool {
	idle.Lock()
	defer idle.Unlock()
	if len(idle.helpers) >= runtime.GOMAXPROCS(0)-1 {
		return false
	}
	idle.helpers = append(idle.helpers, h)
	return true
}

// leave takes h off those that look for work, where it has been given none.
func (h *helper) leave() {
	idle.Lock()
	defer idle.Unlock()
	for i, other := range idle.helpers {
		if other == h {
			idle.helpers = append(idle.helpers[:i], idle.helpers[i+1:]...)
			return
		}
	}
}
