package vec

// A group is c elements side by side, such as the channels of a position. The functions
// here take n groups of each slice, some of which lie step elements apart, from the
// beginning of one to that of the next, and not c.

// MaxGroups sets each group of dst to the larger of it and that of x, element by element,
// NaN where either is. The groups of x lie step apart.
func MaxGroups[T Float](dst, x []T, n, c, step int) {
	if reach(n, c, c) > len(dst) || reach(n, c, step) > len(x) {
		panic("vec: a slice is too short for its groups")
	}
	current[T]().maxGroups(dst, x, n, c, step)
}

// TakeGroups adds to each group of dst what is left for it: dst += rest and rest = 0 where
// x is y, or either is NaN. The groups of dst and x lie step apart.
func TakeGroups[T Float](dst, rest, x, y []T, n, c, step int) {
	near, far := reach(n, c, c), reach(n, c, step)
	if far > len(dst) || far > len(x) || near > len(rest) || near > len(y) {
		panic("vec: a slice is too short for its groups")
	}
	current[T]().takeGroups(dst, rest, x, y, n, c, step)
}

// AddScaledGroups sets each group of dst to it and a times that of x. The groups lie
// dstStep and xStep apart.
func AddScaledGroups[T Float](dst []T, a T, x []T, n, c, dstStep, xStep int) {
	if reach(n, c, dstStep) > len(dst) || reach(n, c, xStep) > len(x) {
		panic("vec: a slice is too short for its groups")
	}
	current[T]().addScaledGroups(dst, a, x, n, c, dstStep, xStep)
}

// reach is how many elements n groups reach over.
func reach(n, c, step int) int {
	if n <= 0 {
		return 0
	}
	return (n-1)*step + c
}

func maxGroupsLoop[T Float](dst, x []T, n, c, step int) {
	for i := range n {
		group, other := dst[i*c:(i+1)*c], x[i*step:i*step+c]
		for j, v := range other {
			group[j] = max(group[j], v)
		}
	}
}

func takeGroupsLoop[T Float](dst, rest, x, y []T, n, c, step int) {
	for i := range n {
		for j := range c {
			near, far := i*c+j, i*step+j
			taken := rest[near]
			if x[far] < y[near] || x[far] > y[near] {
				taken = 0
			} else {
				rest[near] = 0
			}
			dst[far] += taken
		}
	}
}

func addScaledGroupsLoop[T Float](dst []T, a T, x []T, n, c, dstStep, xStep int) {
	for i := range n {
		group := dst[i*dstStep : i*dstStep+c]
		addScaledLoop(group, group, a, x[i*xStep:i*xStep+c])
	}
}
