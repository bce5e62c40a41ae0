package graph

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// op is what the operations of the energy share: a name, an arity, and the
// parts of gorgonia.Op that are the same for all. Each operation embeds it and
// adds its type, its shape, Do and, where it has one, its derivative.
type op struct {
	name  string
	arity int
}

func (o op) Arity() int            { return o.arity }
func (o op) ReturnsPtr() bool      { return false }
func (o op) CallsExtern() bool     { return false }
func (o op) OverwritesInput() int  { return -1 }
func (o op) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn %s/%d", o.name, o.arity) }
func (o op) String() string        { return o.name }

// DiffWRT says that the operation is not differentiated by any input; one that is
// says so itself. (Gorgonia takes an operation without DiffWRT for a mistake.)
func (o op) DiffWRT(inputs int) []bool { return make([]bool, inputs) }

// SymDiff is never called on an operation that is not differentiated.
func (o op) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, fmt.Errorf("graph: %s is not differentiated", o.name)
}

func (o op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// signature builds the operation's type: one argument for each letter of args, m
// a matrix, v a vector, s a scalar, then the result. hm recycles types, so it is
// built anew at each call.
func signature(args string) hm.Type {
	a := hm.TypeVariable('a')
	types := make([]hm.Type, len(args))
	for i, c := range args {
		switch c {
		case 'm':
			types[i] = G.TensorType{Dims: 2, Of: a}
		case 'v':
			types[i] = G.TensorType{Dims: 1, Of: a}
		case 's':
			types[i] = a
		}
	}
	return hm.NewFnType(types...)
}

// shapes checks that there are inputs of the wanted numbers of dimensions.
func (o op) shapes(in []G.DimSizer, dims ...int) ([]tensor.Shape, error) {
	shapes, err := G.DimSizersToShapes(in)
	if err != nil {
		return nil, err
	}
	if len(shapes) != len(dims) {
		return nil, fmt.Errorf("graph: %s wants %d inputs, got %d", o.name, len(dims), len(shapes))
	}
	for i, s := range shapes {
		if s.Dims() != dims[i] {
			return nil, fmt.Errorf("graph: %s: input %d must have %d dimensions, got shape %v", o.name, i, dims[i], s)
		}
	}
	return shapes, nil
}

// same checks that all shapes are one.
func (o op) same(in []G.DimSizer, dims ...int) (tensor.Shape, error) {
	s, err := o.shapes(in, dims...)
	if err != nil {
		return nil, err
	}
	for _, t := range s[1:] {
		if !t.Eq(s[0]) {
			return nil, fmt.Errorf("graph: %s: shapes differ: %v and %v", o.name, s[0], t)
		}
	}
	return s[0].Clone(), nil
}

// do runs the reference of an operation in the dtype of its inputs. It returns
// a matrix when cols > 0 and a scalar otherwise.
func do(values []G.Value, rows, cols int, f32 reference[float32], f64 reference[float64]) (G.Value, error) {
	switch dt := values[0].Dtype(); dt {
	case tensor.Float32:
		return run(values, rows, cols, f32, func(x float64) G.Value { return G.NewF32(float32(x)) })
	case tensor.Float64:
		return run(values, rows, cols, f64, func(x float64) G.Value { return G.NewF64(x) })
	default:
		return nil, fmt.Errorf("graph: dtype must be float32 or float64, got %v", dt)
	}
}

// reference is the readable form of an operation: it fills dst, or returns the
// result where that is a scalar.
type reference[T vec.Float] func(dst []T, in [][]T) float64

func run[T vec.Float](values []G.Value, rows, cols int, f reference[T], scalar func(float64) G.Value) (G.Value, error) {
	in := make([][]T, len(values))
	for i, v := range values {
		switch data := v.Data().(type) {
		case []T:
			in[i] = data
		case T:
			in[i] = []T{data}
		default:
			return nil, fmt.Errorf("graph: input %d holds %T, want %T", i, data, in[i])
		}
	}
	if cols == 0 {
		return scalar(f(nil, in)), nil
	}
	dst := make([]T, rows*cols)
	f(dst, in)
	return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(dst)), nil
}
