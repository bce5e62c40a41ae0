package graph

import (
	"cmp"
	"slices"

	G "gorgonia.org/gorgonia"

	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// freezing is the work at the weights rate: the matrices that depend on weights
// alone, some rows at a time, and operands laid out for products. A piece waits for
// those that it reads, and for no other.
type freezing[T vec.Float] struct {
	pieces []piece[T] // each behind those that it reads
	after  [][]int    // by piece: the pieces that it reads
	cost   int        // of all, in multiply-adds
}

// piece is a part of a freezing.
type piece[T vec.Float] struct {
	do    func(m *memory[T])
	after []*piece[T]
	cost  int // in multiply-adds, as far as it decides which of two comes first
	path  int // of the costliest way from here to the end
}

// freezeRows is the number of rows of a matrix that make a piece.
const freezeRows = 32

// packCost is what it takes to lay an element out, in multiply-adds.
const packCost = 16

// freezing returns the work for nodes, each behind those that it reads, and for all
// operands.
func (c *lowerer[T]) freezing(nodes G.Nodes) (f freezing[T]) {
	made := map[*G.Node][]*piece[T]{}              // by node
	laid := make([]*piece[T], len(c.memory.packs)) // by operand
	var all []*piece[T]
	lay := func(i int) *piece[T] {
		if laid[i] == nil {
			w := c.memory.nodes[c.memory.packs[i].weights]
			laid[i] = &piece[T]{
				do:    func(m *memory[T]) { m.packInto(&m.packs[i].Packed, i) },
				after: made[w], cost: packCost * w.Shape().TotalSize(),
			}
			all = append(all, laid[i])
		}
		return laid[i]
	}
	for _, n := range nodes {
		l := c.done[n]
		var after []*piece[T]
		for _, d := range l.deps {
			after = append(after, made[d]...)
		}
		for _, i := range l.packs {
			after = append(after, lay(i))
		}
		rows, block := n.Shape()[0], freezeRows
		if l.whole {
			block = rows
		}
		each := n.Shape()[1] // a product's cost by row; what is done element by element costs less
		if len(l.deps) > 0 {
			each *= l.deps[0].Shape()[0]
		}
		for lo := 0; lo < rows; lo += block {
			hi := min(lo+block, rows)
			p := &piece[T]{do: func(m *memory[T]) { l.kernel(m, lo, hi) }, after: after, cost: (hi - lo) * each}
			made[n], all = append(made[n], p), append(all, p)
		}
	}
	for i := range laid {
		lay(i)
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
		f.cost += p.cost
		f.pieces = append(f.pieces, *p)
		after := make([]int, len(p.after))
		for j, before := range p.after {
			after[j] = at[before]
		}
		f.after = append(f.after, after)
	}
	return f
}

// run does the work.
func (f *freezing[T]) run(m *memory[T], workers int) {
	pool.InOrder(pool.Workers(workers, f.cost/8), f.after, func(i int) { f.pieces[i].do(m) })
}
