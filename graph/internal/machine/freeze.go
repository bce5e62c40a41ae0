package machine

import (
	"cmp"
	"slices"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// freezing is the work at the weights rate: the matrices that depend on weights
// alone, some rows at a time, and operands laid out for products. A piece waits for
// those that it reads, and for no other.
type freezing[T vec.Float] struct {
	pieces []piece[T] // each behind those that it reads
	after  [][]int    // by piece: the pieces that it reads
	due    []bool     // scratch, by piece
	done   bool       // once, all of it
}

// piece is a part of a freezing.
type piece[T vec.Float] struct {
	do    func(m *op.Memory[T])
	of    []int // the frozen inputs that it reads itself
	after []*piece[T]
	cost  int // in multiply-adds, as far as it decides which of two comes first
	path  int // of the costliest way from here to the end
}

// freezeRows is the number of rows of a matrix that make a piece.
const freezeRows = 32

// packCost is what it takes to lay an element out, in multiply-adds.
const packCost = 16

// freezingOf returns the work of the needed instructions at the weights rate, and of all
// operands that needed ones multiply by, given the numbers of the frozen inputs.
func freezingOf[T vec.Float](c *op.Lowering[T], frozen []int, needed map[int]bool) (f freezing[T]) {
	input := func(number int) []int { // which of the frozen a number is
		if i := slices.Index(frozen, number); i >= 0 {
			return []int{i}
		}
		return nil
	}
	made := map[int][]*piece[T]{} // by number
	laid := map[int]*piece[T]{}   // by operand
	var all []*piece[T]
	lay := func(i int) *piece[T] {
		if laid[i] == nil {
			of := &c.Memory.Packs[i]
			laid[i] = &piece[T]{
				do: func(m *op.Memory[T]) { m.PackInto(&m.Packs[i].Packed, i) },
				of: input(of.Matrix), after: made[of.Matrix], cost: packCost * of.Layout.Rows * of.Layout.Cols,
			}
			all = append(all, laid[i])
		}
		return laid[i]
	}
	for at, in := range c.Instructions { // which stand behind what they read
		if in.Rate != op.RateWeights || !needed[at] {
			continue
		}
		var of []int
		var after []*piece[T]
		for _, r := range in.Reads {
			of, after = append(of, input(r)...), append(after, made[r]...)
		}
		for _, i := range in.Packs {
			after = append(after, lay(i))
		}
		block := freezeRows
		if in.Whole {
			block = in.Rows
		}
		each := in.Cols // the cost of a row
		if in.Whole {
			each *= in.Rows
		}
		for _, i := range in.Packs {
			each *= c.Memory.Packs[i].Layout.Rows
		}
		for lo := 0; lo < in.Rows; lo += block {
			hi := min(lo+block, in.Rows)
			p := &piece[T]{do: func(m *op.Memory[T]) { in.Kernel(m, lo, hi) }, of: of, after: after, cost: (hi - lo) * each}
			made[in.Out], all = append(made[in.Out], p), append(all, p)
		}
	}
	for at, in := range c.Instructions {
		if needed[at] {
			for _, i := range in.Packs {
				lay(i)
			}
		}
	}

	for _, p := range slices.Backward(all) {
		p.path += p.cost
		for _, before := range p.after {
			before.path = max(before.path, p.path)
		}
	}
	slices.SortStableFunc(all, func(a, b *piece[T]) int { return cmp.Compare(b.path, a.path) })
	at := map[*piece[T]]int{}
	for i, p := range all {
		at[p] = i
		f.pieces = append(f.pieces, *p)
		after := make([]int, len(p.after))
		for j, before := range p.after {
			after[j] = at[before]
		}
		f.after = append(f.after, after)
	}
	f.due = make([]bool, len(f.pieces))
	return f
}

// run does the work that depends on frozen inputs that have changed.
func (f *freezing[T]) run(m *op.Memory[T], workers int, changed []bool) {
	cost := 0
	for i := range f.pieces {
		p := &f.pieces[i]
		f.due[i] = !f.done || slices.ContainsFunc(p.of, func(of int) bool { return changed[of] }) ||
			slices.ContainsFunc(f.after[i], func(before int) bool { return f.due[before] })
		if f.due[i] {
			cost += p.cost
		}
	}
	f.done = true
	pool.InOrder(pool.Workers(workers, cost/8), f.after, func(i int) {
		if f.due[i] {
			f.pieces[i].do(m)
		}
	})
}
