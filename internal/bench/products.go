package bench

import (
	"context"
	"runtime"
	"slices"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
	"example.com/pcn/model"
)

// product is the shape of a matrix product: rows × depth times depth × cols.
type product struct{ rows, cols, depth int }

type products []product

// products returns the matrix products of settling the batch once, in their order.
func (p *Problem) products(ctx context.Context) (products, error) {
	var list products
	p.network.SetWorkers(1)
	defer p.network.SetWorkers(0)
	gemm.Watch(func(rows, cols, depth int) { list = append(list, product{rows, cols, depth}) })
	defer gemm.Watch(nil)
	_, err := p.network.Settle(ctx, p.Clamps(), p.Inference)
	return list, err
}

// flop returns the number of operations.
func (l products) flop() (n float64) {
	for _, p := range l {
		n += 2 * float64(p.rows) * float64(p.cols) * float64(p.depth)
	}
	return n
}

// run does the products alone, on operands packed beforehand, with as much for each core.
func (l products) run(dtype model.Dtype) {
	if dtype == model.Float32 {
		runProducts[float32](l)
	} else {
		runProducts[float64](l)
	}
}

func runProducts[T vec.Float](l products) {
	packs := map[product]*gemm.Packed[T]{} // by columns and depth
	a, c := 0, 0                           // elements of the largest operands
	for _, p := range l {
		of := product{0, p.cols, p.depth}
		if packs[of] == nil {
			packs[of] = &gemm.Packed[T]{}
			packs[of].Pack(make([]T, p.cols*p.depth), p.depth, p.cols, p.cols, 1)
		}
		a, c = max(a, p.rows*p.depth), max(c, p.rows*p.cols)
	}
	workers := runtime.GOMAXPROCS(0)
	shares := slices.Collect(slices.Chunk(l, max(1, (len(l)+workers-1)/workers)))
	pool.Each(workers, len(shares), func(i int) {
		a, c := make([]T, a), make([]T, c)
		for _, p := range shares[i] {
			gemm.Mul(c, p.cols, a, p.depth, 1, p.rows, packs[product{0, p.cols, p.depth}], false, nil)
		}
	})
}

// peak returns how many operations a millisecond all cores do in products of matrices that
// stay in their caches.
func peak(dtype model.Dtype, rounds int) (float64, error) {
	const size = 192
	list := slices.Repeat(products{{size, size, size}}, 8*runtime.GOMAXPROCS(0))
	ms, err := median(rounds, func() error { list.run(dtype); return nil })
	return list.flop() / ms, err
}
