// Package op has what the operations of an energy share.
//
// An [Op] is one operation with all that belongs to it: the shape of its result, its
// derivative, a plain Do by which Gorgonia's own machines run it, and the kernel that
// pcn's machine runs in its place. Operations are values of this one type; each is made
// by a function that stands with its formulas in a file of its own, here, in package
// linear or in package feature.
package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/vec"
)

// Op is an operation of the energy. It implements gorgonia.SDOp.
type Op struct {
	// Name tells it from other operations, so every constant that its result depends on
	// is a part of it: Gorgonia takes two operations of one name on the same inputs for
	// one node.
	Name string
	// In has a letter for each input, m for a matrix, v for a vector, s for a scalar; Out
	// is the result's. A matrix has a row for each example, or is made of parameters.
	In  string
	Out byte
	// Shape returns the shape of the result, or what is wrong with those of the inputs.
	// Nil is for a scalar, or that all inputs have one shape, which is the result's.
	Shape func(in []tensor.Shape) (tensor.Shape, error)
	// Derivative returns the derivative by each input times grad, nil where it is not
	// differentiated: by Wrt it says which. Parameters never are, so that Gorgonia's Grad
	// builds no derivative by a weight.
	Derivative func(in G.Nodes, out, grad *G.Node) (G.Nodes, error)
	// Wrt has an x for each input by which it is differentiated; "" for none.
	Wrt string
	// Signs says of each input what becomes of a changed sign: see Sign. Nil is Plain for
	// all.
	Signs []Sign
	// Lazy says that its kernel asks for its inputs itself, to have some of them computed
	// in place: see Lowering.Into.
	Lazy bool
	// Adds says that its kernel adds Args.Plus to the result for nothing.
	Adds bool
	// Product says that it multiplies by a packed operand: what is worth keeping.
	Product bool
	// Whole says that its kernel computes all rows at once: for matrices made of
	// parameters.
	Whole bool
	Faces
}

// Faces are the two ways in which an operation runs, in both dtypes: plainly, over
// whole values, and as the kernel of a machine.
type Faces struct {
	Do32    Reference[float32]
	Do64    Reference[float64]
	Lower32 Lower[float32]
	Lower64 Lower[float64]
}

// Reference is the readable form of an operation: it fills dst, or returns the result
// where that is a scalar. Shapes has that of each input, and the result's last.
type Reference[T vec.Float] func(dst []T, in [][]T, shapes []tensor.Shape) float64

// Lower returns the kernel of an operation.
type Lower[T vec.Float] func(c *Lowering[T], a Args) Kernel[T]

// Sign is what an operation does with the sign of an input. The machine lets a changed
// sign travel with a value for as long as nobody minds, since most of those that Grad
// makes cancel: a value may be kept with its sign changed.
type Sign uint8

const (
	Plain   Sign = iota // wants the value itself: a changed sign is mended first
	Carried             // the result's sign changes with it
	Taken               // the kernel does it: see Args.Neg
)

var _ G.SDOp = (*Op)(nil)

func (o *Op) Arity() int            { return len(o.In) }
func (o *Op) ReturnsPtr() bool      { return false }
func (o *Op) CallsExtern() bool     { return false }
func (o *Op) OverwritesInput() int  { return -1 }
func (o *Op) WriteHash(h hash.Hash) { fmt.Fprintf(h, "pcn %s %s%c", o.Name, o.In, o.Out) }
func (o *Op) String() string        { return o.Name }

func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// Type is built anew at each call, since hm recycles types.
func (o *Op) Type() hm.Type {
	a := hm.TypeVariable('a')
	var types []hm.Type
	for _, kind := range o.In + string(o.Out) {
		switch kind {
		case 'm':
			types = append(types, G.TensorType{Dims: 2, Of: a})
		case 'v':
			types = append(types, G.TensorType{Dims: 1, Of: a})
		case 's':
			types = append(types, a)
		}
	}
	return hm.NewFnType(types...)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Op) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	for i := range min(inputs, len(o.Wrt)) {
		wrt[i] = o.Wrt[i] == 'x'
	}
	return wrt
}

// SymDiff implements gorgonia.SDOp.
func (o *Op) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if o.Derivative == nil {
		return nil, fmt.Errorf("graph: %s is not differentiated", o.Name)
	}
	return o.Derivative(in, out, grad)
}

// InferShape implements gorgonia.Op.
func (o *Op) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	shapes, err := G.DimSizersToShapes(in)
	if err != nil {
		return nil, err
	}
	if len(shapes) != len(o.In) {
		return nil, fmt.Errorf("graph: %s: must have %d inputs, got %d", o.Name, len(o.In), len(shapes))
	}
	dims := map[byte]int{'m': 2, 'v': 1, 's': 0}
	for i, s := range shapes {
		if s.Dims() != dims[o.In[i]] {
			return nil, fmt.Errorf("graph: %s: input %d: must have %d dimensions, got shape %v", o.Name, i, dims[o.In[i]], s)
		}
	}
	if o.Shape != nil {
		s, err := o.Shape(shapes)
		if err != nil {
			err = fmt.Errorf("graph: %s: %w", o.Name, err)
		}
		return s, err
	}
	if o.Out == 's' {
		return tensor.ScalarShape(), nil
	}
	return SameShape(shapes)
}

// SameShape returns the shape that all matrices of in have; a vector has as many
// elements as they have columns.
func SameShape(in []tensor.Shape) (tensor.Shape, error) {
	for _, s := range in[1:] {
		if s.Dims() == 2 && !s.Eq(in[0]) || s.Dims() == 1 && s[0] != in[0][in[0].Dims()-1] {
			return nil, fmt.Errorf("shapes must fit, got %v and %v", in[0], s)
		}
	}
	return in[0].Clone(), nil
}

// Do implements gorgonia.Op.
func (o *Op) Do(in ...G.Value) (G.Value, error) {
	switch dt := in[0].Dtype(); dt {
	case tensor.Float32:
		return do(o, in, o.Do32, func(x float64) G.Value { return G.NewF32(float32(x)) })
	case tensor.Float64:
		return do(o, in, o.Do64, func(x float64) G.Value { return G.NewF64(x) })
	default:
		return nil, fmt.Errorf("graph: %s: dtype: must be float32 or float64, got %v", o.Name, dt)
	}
}

func do[T vec.Float](o *Op, values []G.Value, f Reference[T], scalar func(float64) G.Value) (G.Value, error) {
	in := make([][]T, len(values))
	sizers := make([]G.DimSizer, len(values))
	shapes := make([]tensor.Shape, len(values))
	for i, v := range values {
		switch data := v.Data().(type) {
		case []T:
			in[i] = data
		case T:
			in[i] = []T{data}
		default:
			return nil, fmt.Errorf("graph: %s: input %d: must hold %T, got %T", o.Name, i, in[i], data)
		}
		shapes[i] = v.Shape()
		sizers[i] = v.Shape()
	}
	shape, err := o.InferShape(sizers...)
	if err != nil {
		return nil, err
	}
	shapes = append(shapes, shape)
	if o.Out == 's' {
		return scalar(f(nil, in, shapes)), nil
	}
	dst := make([]T, shape.TotalSize())
	f(dst, in, shapes)
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(dst)), nil
}

// Children returns the inputs of n in the order of its operation's arguments.
func Children(n *G.Node) G.Nodes {
	var in G.Nodes
	for it := n.Graph().From(n.ID()); it.Next(); {
		in = append(in, it.Node().(*G.Node))
	}
	return in
}
