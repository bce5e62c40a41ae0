package linear

import (
	"gorgonia.org/tensor"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/vec"
)

// convOuter is ⊗ of a convolution: Δθ = Σ patchesᵀ × narrow · scale, over all positions of
// all examples in their order, with patches of the wide image. The narrow image is the
// error and the wide one the feature; of a transposed convolution the other way round. It
// goes group by group, each of which has columns of θ to itself.
type convOuter struct {
	geometry
	patches    part // of one group
	transposed bool
	f32        narrowed[float32]
	f64        narrowed[float64]
}

func newConvOuter(g geometry, transposed bool) *convOuter {
	return &convOuter{geometry: g, patches: newPart(g.phases(false)[0], g.wide, g.groups), transposed: transposed, f32: newNarrowed[float32](), f64: newNarrowed[float64]()}
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
		o.f32.prepare(o, narrow.Float32s())
	} else {
		o.f64.prepare(o, narrow.Float64s())
	}
}

func (w *narrowed[T]) prepare(o *convOuter, narrow []T) {
	positions, c := len(narrow)/o.narrow.c, o.narrow.c/o.groups
	n := (positions + outerTile - 1) / outerTile * o.groups
	for len(w.tiles) < n {
		w.tiles = append(w.tiles, gemm.Packed[T]{})
	}
	for i := range n {
		lo := i / o.groups * outerTile
		w.tiles[i].Pack(narrow[lo*o.narrow.c+i%o.groups*c:], min(outerTile, positions-lo), c, o.narrow.c, 1)
	}
}

func (o *convOuter) Rows(into []*tensor.Dense, delta, psi *tensor.Dense, scale float64, lo, hi int) {
	if wide, _ := o.ends(delta, psi); wide.Dtype() == tensor.Float32 {
		o.f32.rows(o, into[0].Float32s(), wide.Float32s(), float32(scale), lo, hi)
	} else {
		o.f64.rows(o, into[0].Float64s(), wide.Float64s(), scale, lo, hi)
	}
}

// rows sets rows klo to khi of θ's update.
func (w *narrowed[T]) rows(o *convOuter, into, wide []T, scale T, klo, khi int) {
	r := w.rooms.Get()
	defer w.rooms.Put(r)
	k := khi - klo
	positions, c := len(wide)/o.wide.units()*o.narrow.positions(), o.narrow.c/o.groups
	for lo := 0; lo < positions; lo += outerTile {
		hi := min(lo+outerTile, positions)
		for group := range o.groups {
			a, stride := wide, o.wide.c
			if o.patches.plain {
				a = wide[lo*o.wide.c+group*o.patches.each+klo:]
			} else {
				r.patches = resized(r.patches, (hi-lo)*k)
				fill(r.patches, &o.patches, o.wide, wide, lo, hi, group*o.patches.each, klo, khi)
				a, stride = r.patches, k
			}
			gemm.Mul(into[group*c:], o.narrow.c, a, 1, stride, k, &w.tiles[lo/outerTile*o.groups+group], lo > 0, nil)
		}
	}
	if scale != 1 {
		vec.Scale(into[:k*o.narrow.c], scale)
	}
}
