package pool

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
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
