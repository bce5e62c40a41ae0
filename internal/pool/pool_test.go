package pool

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEachVisitsEachOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7, 100} {
		for _, n := range []int{0, 1, 5, 64} {
			visits := make([]atomic.Int32, n)
			Each(workers, n, func(i int) { visits[i].Add(1) })
			for i := range visits {
				if v := visits[i].Load(); v != 1 {
					t.Errorf("workers %d, n %d: piece %d was done %d times", workers, n, i, v)
				}
			}
		}
	}
}

// TestEachAgain has many callers at once call Each again and again, so that helpers
// go from one to another, come late and leave.
func TestEachAgain(t *testing.T) {
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for round := range 300 {
				var total atomic.Int64
				Each(2+caller, 20, func(i int) { total.Add(int64(i)) })
				if total.Load() != 190 {
					t.Errorf("caller %d, round %d: pieces add up to %d, want 190", caller, round, total.Load())
				}
				if round%100 == 99 {
					time.Sleep(2 * patience)
				}
			}
		})
	}
	callers.Wait()
	looking := func() int {
		idle.Lock()
		defer idle.Unlock()
		return len(idle.helpers)
	}
	for began := time.Now(); looking() > 0; time.Sleep(patience) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d helpers still look for work", looking())
		}
	}
}

// TestWaitForALongPiece: the caller is done long before the helper, and sleeps.
func TestWaitForALongPiece(t *testing.T) {
	var began, done atomic.Bool
	Each(2, 2, func(i int) {
		if i == 0 { // whoever has it waits until the other piece has begun elsewhere
			for !began.Load() {
				runtime.Gosched()
			}
			return
		}
		began.Store(true)
		time.Sleep(10 * patience)
		done.Store(true)
	})
	if !done.Load() {
		t.Error("Each has returned before a piece was done")
	}
}

func TestInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, workers := range []int{1, 2, 5} {
		for range 50 {
			after := make([][]int, 40)
			for i := range after {
				for range min(i, 3) {
					after[i] = append(after[i], rng.IntN(i))
				}
			}
			done := make([]atomic.Bool, len(after))
			InOrder(workers, after, func(i int) {
				for _, j := range after[i] {
					if !done[j].Load() {
						t.Errorf("%d workers: piece %d was done before %d", workers, i, j)
					}
				}
				if done[i].Swap(true) {
					t.Errorf("%d workers: piece %d was done twice", workers, i)
				}
			})
			for i := range done {
				if !done[i].Load() {
					t.Errorf("%d workers: piece %d was not done", workers, i)
				}
			}
		}
		p := func() (p any) {
			defer func() { p = recover() }()
			InOrder(workers, [][]int{{}, {0}, {1}, {2}}, func(i int) {
				if i == 1 {
					panic("piece of work")
				}
			})
			return nil
		}()
		if !strings.HasPrefix(fmt.Sprint(p), "piece of work") {
			t.Errorf("%d workers: recovered %v", workers, p)
		}
	}
}

// TestPanicReachesTheCaller: a panic on another goroutine would end the program.
func TestPanicReachesTheCaller(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		var running atomic.Int32
		p := func() (p any) {
			defer func() { p = recover() }()
			Each(workers, 1000, func(i int) {
				running.Add(1)
				defer running.Add(-1)
				if i%10 == 7 {
					panic("piece of work")
				}
			})
			return nil
		}()
		if !strings.HasPrefix(fmt.Sprint(p), "piece of work") {
			t.Errorf("workers %d: recovered %v", workers, p)
		}
		if n := running.Load(); n != 0 {
			t.Errorf("workers %d: %d pieces still run", workers, n)
		}
	}
}
