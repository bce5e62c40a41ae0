package pool

import (
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
