package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// groupOp is a function of groups under test. Its slices are outputs first.
type groupOp[T Float] struct {
	name string
	far  string // by slice: f where groups lie step apart
	call func(v [][]T, n, c, step int)
	want func(v [][]T, n, c, step int)
}

func groupOps[T Float]() []groupOp[T] {
	return []groupOp[T]{
		{"MaxGroups", "nf", func(v [][]T, n, c, step int) { MaxGroups(v[0], v[1], n, c, step) },
			func(v [][]T, n, c, step int) { maxGroupsLoop(v[0], v[1], n, c, step) }},
		{"TakeGroups", "fnfn", func(v [][]T, n, c, step int) { TakeGroups(v[0], v[1], v[2], v[3], n, c, step) },
			func(v [][]T, n, c, step int) { takeGroupsLoop(v[0], v[1], v[2], v[3], n, c, step) }},
		{"AddScaledGroups to near", "nf", func(v [][]T, n, c, step int) { AddScaledGroups(v[0], 0.5, v[1], n, c, c, step) },
			func(v [][]T, n, c, step int) { addScaledGroupsLoop(v[0], 0.5, v[1], n, c, c, step) }},
		{"AddScaledGroups to far", "fn", func(v [][]T, n, c, step int) { AddScaledGroups(v[0], 0.5, v[1], n, c, step, c) },
			func(v [][]T, n, c, step int) { addScaledGroupsLoop(v[0], 0.5, v[1], n, c, step, c) }},
	}
}

// TestGroups holds the kernels against the loops, to the bit: of numbers among which many
// are alike, NaN and infinite.
func TestGroups(t *testing.T) { eachType(t, testGroups[float32], testGroups[float64]) }

func testGroups[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := []T{0, 1, -1, 2, 0.5, T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN())}
	for _, o := range groupOps[T]() {
		for c := range 40 {
			for _, n := range []int{0, 1, 2, 5} {
				for _, step := range []int{c, c + 1, 3 * c} {
					v := make([][]T, len(o.far))
					for k := range v {
						length := reach(n, c, c)
						if o.far[k] == 'f' {
							length = reach(n, c, step)
						}
						v[k] = make([]T, length)
						for i := range v[k] {
							v[k][i] = values[rng.IntN(len(values))]
						}
					}
					want := make([][]T, len(v))
					for k := range v {
						want[k] = slices.Clone(v[k])
					}
					o.call(v, n, c, step)
					o.want(want, n, c, step)
					for k := range v {
						for i := range v[k] {
							if !identical(v[k][i], want[k][i]) && v[k][i] != want[k][i] { // of two zeros either is the larger
								t.Fatalf("%s of %d groups of %d, %d apart: element %d of slice %d is %v, want %v", o.name, n, c, step, i, k, v[k][i], want[k][i])
							}
						}
					}
				}
			}
		}
		v := make([][]T, len(o.far))
		for k := range v {
			v[k] = make([]T, reach(3, 5, 10))
		}
		if n := testing.AllocsPerRun(10, func() { o.call(v, 3, 5, 10) }); n != 0 {
			t.Errorf("%s: %v allocations", o.name, n)
		}
		for k := range v {
			short := slices.Clone(v)
			if short[k] = short[k][:reach(3, 5, 5)-1]; o.far[k] == 'f' {
				short[k] = v[k][:reach(3, 5, 10)-1]
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: slice %d is short: no panic", o.name, k)
					}
				}()
				o.call(short, 3, 5, 10)
			}()
		}
	}
}
