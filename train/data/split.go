package data

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Split shuffles the examples of s and cuts them into one part per fraction: for
// example Split(s, 1, .7, .15, .15). Examples that the fractions leave over are
// in no part. The parts share the storage of s.
//
// When s has classes the cut is stratified: each part has each class's share of
// the part, to within an example or two. The order within a part spreads the
// classes evenly as well, so that Limit of a part is stratified too.
//
// The same seed gives the same parts. Each fraction must be > 0 and give its part
// at least one example, and they must sum to at most 1.
func Split(s *Set, seed uint64, fractions ...float64) ([]*Set, error) {
	if s == nil || s.Len() == 0 {
		return nil, fmt.Errorf("data: split: set: must have examples, got %v", s)
	}
	n := s.Len()
	if len(fractions) == 0 {
		return nil, fmt.Errorf("data: %s: split: fractions: must be at least one, got none", s.Name)
	}
	sum := 0.0
	for i, f := range fractions {
		if !(f > 0 && f <= 1) {
			return nil, fmt.Errorf("data: %s: split: fractions[%d]: must be a number in (0, 1], got %v", s.Name, i, f)
		}
		sum += f
	}
	if sum > 1+1e-9 {
		return nil, fmt.Errorf("data: %s: split: fractions: must sum to at most 1, got %v", s.Name, sum)
	}
	cuts := make([]int, 1, len(fractions)+1)
	sum = 0
	for i, f := range fractions {
		sum += f
		cut := min(int(math.Round(sum*float64(n))), n)
		if cut == cuts[i] {
			return nil, fmt.Errorf("data: %s: split: fractions[%d]: must give at least one of %d examples, got %v, which gives none", s.Name, i, n, f)
		}
		cuts = append(cuts, cut)
	}

	order := s.spread(rand.New(rand.NewPCG(seed, 0)))
	parts := make([]*Set, len(fractions))
	for i := range parts {
		parts[i] = s.Subset(order[cuts[i]:cuts[i+1]])
	}
	return parts, nil
}

// spread returns the rows of s, shuffled and with each class spread evenly over
// the whole: example k of the m of a class goes to the place (k + 1/2) / m. A
// prefix of this order has each class's share by Sainte-Laguë's method, as seats
// of a parliament have each party's.
func (s *Set) spread(rng *rand.Rand) []int {
	order := rng.Perm(s.Len())
	labels := s.Labels()
	if labels == nil {
		return order
	}
	size := make(map[int]int) // of each class
	for _, k := range labels {
		size[k]++
	}
	place := make([]float64, len(labels))
	seen := make(map[int]int)
	for _, r := range order {
		k := labels[r]
		place[r] = (float64(seen[k]) + 0.5) / float64(size[k])
		seen[k]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(place[a], place[b]) })
	return order
}
