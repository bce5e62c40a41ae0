package linear

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// convOuter is ⊗ of a convolution: Δθ = Σ patchesᵀ × narrow · scale, over all positions of
// all examples in their order, with patches of the wide image. The narrow image is the
// error and the wide one the feature; of a transposed convolution the other way round.
type convOuter struct {
	plan       *plan
	transposed bool
	f32        narrowed[float32]
	f64        narrowed[float64]
}

func newConvOuter(g geometry, transposed bool) *convOuter {
	return &convOuter{plan: newPlan(g, false, limits{}), transposed: transposed, f32: newNarrowed[float32](), f64: newNarrowed[float64]()}
}

// outerTile is how many positions are multiplied at a time.
const outerTile = 256

// narrowed is the narrow image of a batch as right operands, one for each tile of positions
// and each group.
type narrowed[T vec.Float] struct {
	tiles []gemm.Packed[T]
	rooms *pool.Scratch[room[T]]
}

func newNarrowed[T vec.Float]() narrowed[T] {
	return narrowed[T]{rooms: pool.NewScratch(func() *room[T] { return &room[T]{} })}
}

// ends returns the wide image and the narrow one.
func (o *convOuter) ends(delta, psi *tensor.Dense) (wide, narrow *tensor.Dense) {
	if o.transposed {
		return delta, psi
	}
	return psi, delta
}

func (o *convOuter) Prepare(delta, psi *tensor.Dense) {
	if _, narrow := o.ends(delta, psi); narrow.Dtype() == tensor.Float32 {
		o.f32.prepare(o.plan, narrow.Float32s())
	} else {
		o.f64.prepare(o.plan, narrow.Float64s())
	}
}

func (w *narrowed[T]) prepare(p *plan, narrow []T) {
	positions, c := len(narrow)/p.narrow.c, p.narrow.c/p.groups
	n := (positions + outerTile - 1) / outerTile * p.groups
	for len(w.tiles) < n {
		w.tiles = append(w.tiles, gemm.Packed[T]{})
	}
	for i := range n {
		lo := i / p.groups * outerTile
		w.tiles[i].Pack(narrow[lo*p.narrow.c+i%p.groups*c:], min(outerTile, positions-lo), c, p.narrow.c, 1)
	}
}

func (o *convOuter) Rows(into []*tensor.Dense, delta, psi *tensor.Dense, scale float64, lo, hi int) {
	if wide, _ := o.ends(delta, psi); wide.Dtype() == tensor.Float32 {
		o.f32.rows(o.plan, into[0].Float32s(), wide.Float32s(), float32(scale), lo, hi)
	} else {
		o.f64.rows(o.plan, into[0].Float64s(), wide.Float64s(), scale, lo, hi)
	}
}

// rows sets rows klo to khi of θ's update.
func (w *narrowed[T]) rows(p *plan, into, wide []T, scale T, klo, khi int) {
	r := w.rooms.Get()
	defer w.rooms.Put(r)
	part, k := &p.parts[0], khi-klo
	positions, c := len(wide)/p.wide.units()*p.narrow.positions(), p.narrow.c/p.groups
	for lo := 0; lo < positions; lo += outerTile {
		hi := min(lo+outerTile, positions)
		for group := range p.groups {
			a, stride := wide, p.wide.c
			if part.plain {
				a = wide[lo*p.wide.c+group*part.each+klo:]
			} else {
				r.patches = resized(r.patches, (hi-lo)*k)
				fill(r.patches, part, p.wide, wide, lo, hi, group*part.each, klo, khi)
				a, stride = r.patches, k
			}
			gemm.Mul(into[group*c:], p.narrow.c, a, 1, stride, k, &w.tiles[lo/outerTile*p.groups+group], lo > 0, nil)
		}
	}
	if scale != 1 {
		vec.Scale(into[:k*p.narrow.c], scale)
	}
}
