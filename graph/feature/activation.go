package feature

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/internal/op"
	"example.com/pcn/internal/registry"
	"example.com/pcn/internal/vec"
)

// Activation is a nonlinearity φ of each unit by itself. The package's own run on
// vectorised kernels; [NewActivation] makes others, which run unit by unit.
type Activation struct {
	name     string
	value    func(x float64) float64
	slope    func(x, y float64) float64
	maxSlope float64
	kernel   vec.Func
	builtin  bool    // kernel has it
	leak     float64 // slope below 0 of a leaky ReLU with an argument
}

// The built-in activations. At a kink the slope is PyTorch's: ReLU, LeakyReLU and SELU
// take the slope of the left side at 0, HardTanh has slope 0 at ±1.
var (
	Identity  = builtin("identity", vec.Identity, 1)
	Tanh      = builtin("tanh", vec.Tanh, 1)
	ReLU      = builtin("relu", vec.ReLU, 1)
	LeakyReLU = builtin("leaky-relu", vec.LeakyReLU, 1) // slope 0.01 below 0; of another: [Activation.WithArguments]
	Sigmoid   = builtin("sigmoid", vec.Sigmoid, 0.25)
	GELU      = builtin("gelu", vec.GELU, 1.1289042) // x Φ(x), exact; Hendrycks and Gimpel (2016)
	Softplus  = builtin("softplus", vec.Softplus, 1)
	HardTanh  = builtin("hard-tanh", vec.HardTanh, 1) // clamp to [−1, 1]
	SiLU      = builtin("silu", vec.SiLU, 1.0998394)  // x σ(x), swish; Ramachandran and others (2017)
	ELU       = builtin("elu", vec.ELU, 1)            // eˣ − 1 below 0; Clevert and others (2016)
	SELU      = builtin("selu", vec.SELU, 1.7580994)  // λ x, and λ α (eˣ − 1) below 0; Klambauer and others (2017)
	Mish      = builtin("mish", vec.Mish, 1.0884982)  // x tanh(softplus x); Misra (2020)
)

func builtin(name string, kernel vec.Func, maxSlope float64) *Activation {
	return &Activation{
		name: name, maxSlope: maxSlope, kernel: kernel, builtin: true,
		value: func(x float64) float64 { return vec.Value(kernel, x) },
		slope: func(x, y float64) float64 { return vec.Slope(kernel, x, y) },
	}
}

// NewActivation returns an activation made of two scalar functions: value is φ,
// slope is φ' as a function of x and y = φ(x), and maxSlope the largest |φ'|.
// It is usable at once in a graph.Spec; [RegisterActivation] makes it known by name.
func NewActivation(name string, value func(x float64) float64, slope func(x, y float64) float64, maxSlope float64) *Activation {
	return &Activation{name: name, value: value, slope: slope, maxSlope: maxSlope}
}

// String returns the name by which flags and model files know it.
func (a *Activation) String() string { return a.name }

// Leak returns the slope below 0 of a leaky ReLU, 0 of others.
func (a *Activation) Leak() float64 {
	if a == LeakyReLU {
		return vec.Leak
	}
	return a.leak
}

// WithArguments returns the activation with words behind its name: of LeakyReLU its slope
// below 0, such as 0.2. It then runs unit by unit.
func (a *Activation) WithArguments(words []string) (Feature, error) { return a.with(words) }

func (a *Activation) with(words []string) (*Activation, error) {
	switch {
	case len(words) == 0:
		return a, nil
	case a != LeakyReLU:
		return nil, fmt.Errorf("%s: must have nothing behind its name, got %q", a.name, strings.Join(words, " "))
	}
	leak, err := strconv.ParseFloat(words[0], 64)
	if err != nil || len(words) > 1 || !(leak >= 0 && leak <= 1) {
		return nil, fmt.Errorf("%s: must have its slope below 0 behind its name, from 0 to 1, such as %[1]s 0.2, got %q", a.name, strings.Join(words, " "))
	}
	if leak == vec.Leak {
		return a, nil
	}
	return &Activation{
		name: fmt.Sprintf("%s %v", a.name, leak), maxSlope: 1, leak: leak,
		value: func(x float64) float64 { return max(x, leak*x) },
		slope: func(x, _ float64) float64 {
			if x > 0 {
				return 1
			}
			return max(x, leak) // NaN where x is
		},
	}, nil
}

// Value returns φ(x).
func (a *Activation) Value(x float64) float64 { return a.value(x) }

// Slope returns φ'(x), given y = φ(x).
func (a *Activation) Slope(x, y float64) float64 { return a.slope(x, y) }

// MaxSlope returns the largest |φ'|, which bounds the inference rate.
func (a *Activation) MaxSlope(...tensor.Shape) float64 { return a.maxSlope }

// Linear is true of the identity.
func (a *Activation) Linear() bool { return a == Identity }

// UnitByUnit is true.
func (a *Activation) UnitByUnit() bool { return true }

// Shape returns the source's.
func (a *Activation) Shape(in ...tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%v: must have one source, got %d", a, len(in))
	}
	return in[0], nil
}

// Build adds φ(v) to a graph, (B, d) for v (B, d).
func (a *Activation) Build(b *op.Builder, _ []tensor.Shape, in ...*G.Node) *G.Node {
	if a == Identity {
		return in[0]
	}
	return b.Apply(fmt.Sprintf("%v(%s)", a, in[0].Name()), activate(a), in[0])
}

// activate is φ(x), unit by unit: (B, d) → (B, d).
func activate(a *Activation) *op.Op {
	o := &op.Op{
		Name: a.name, In: "m", Out: 'm', Wrt: "x",
		Derivative: func(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
			g, err := G.ApplyOp(slope(a), in[0], out, grad)
			return G.Nodes{g}, err
		},
		Faces: op.Rowwise("m", activateRows[float32](a), activateRows[float64](a)),
	}
	o.Do32, o.Do64 = activateDo[float32](a), activateDo[float64](a)
	return o
}

func activateDo[T vec.Float](a *Activation) op.Reference[T] {
	return func(dst []T, in [][]T, _ []tensor.Shape) float64 {
		for i, x := range in[0] {
			dst[i] = T(a.Value(float64(x)))
		}
		return 0
	}
}

func activateRows[T vec.Float](a *Activation) func(dst []T, x op.Rows[T], _ int) {
	if a.builtin {
		return func(dst []T, x op.Rows[T], _ int) { vec.Apply(a.kernel, dst, x[0]) }
	}
	return func(dst []T, x op.Rows[T], _ int) {
		for i, v := range x[0] {
			dst[i] = T(a.value(float64(v)))
		}
	}
}

// slope is the derivative of φ: x, y = φ(x), g → g ⊙ φ'(x), all (B, d).
func slope(a *Activation) *op.Op {
	return &op.Op{
		Name: a.name + "'", In: "mmm", Out: 'm', Adds: true, Lazy: true,
		Faces: op.Faces{Do32: slopeDo[float32](a), Do64: slopeDo[float64](a), Lower32: slopeLower[float32](a), Lower64: slopeLower[float64](a)},
	}
}

func slopeDo[T vec.Float](a *Activation) op.Reference[T] {
	return func(dst []T, in [][]T, _ []tensor.Shape) float64 {
		x, y, g := in[0], in[1], in[2]
		for i := range dst {
			dst[i] = g[i] * T(a.Slope(float64(x[i]), float64(y[i])))
		}
		return 0
	}
}

// slopeLower is plus + s·g ⊙ φ'(x), with s the sign that g comes with. Where nobody else
// reads g it is computed in place.
func slopeLower[T vec.Float](of *Activation) op.Lower[T] {
	return func(c *op.Lowering[T], a op.Args) op.Kernel[T] {
		in := op.Children(a.Node)
		x, y := c.Positive(in[0]), c.Positive(in[1])
		var before op.Kernel[T]
		g, neg, ok := a.Out, false, false
		if a.Plus != a.Out {
			before, neg, ok = c.IntoSigned(in[2], a.Out, -1)
		}
		if !ok {
			g, neg = c.Value(in[2])
		}
		sign := T(1)
		if neg {
			sign = -1
		}
		return func(m *op.Memory[T], lo, hi int) {
			if before != nil {
				before(m, lo, hi)
			}
			out, gs, xs, ys := m.Rows(a.Out, lo, hi), m.Rows(g, lo, hi), m.Rows(x, lo, hi), m.Rows(y, lo, hi)
			var plus []T
			if a.Plus >= 0 {
				plus = m.Rows(a.Plus, lo, hi)
			}
			if of.builtin {
				vec.MulSlope(of.kernel, out, plus, sign, gs, xs, ys)
				return
			}
			for i := range out {
				v := sign * gs[i] * T(of.slope(float64(xs[i]), float64(ys[i])))
				if plus != nil {
					v += plus[i]
				}
				out[i] = v
			}
		}
	}
}

var activations = registry.New(func() map[string]*Activation {
	all := map[string]*Activation{}
	for _, a := range []*Activation{Identity, Tanh, ReLU, LeakyReLU, Sigmoid, GELU, Softplus, HardTanh, SiLU, ELU, SELU, Mish} {
		all[a.name] = a
	}
	return all
}())

// RegisterActivation makes a known to [ParseActivation] by its name, in place of
// one registered under that name before, which networks made with it keep. It
// returns an error when the name is empty or a built-in activation's, or when
// the largest slope is not a positive number.
func RegisterActivation(a *Activation) error {
	if a == nil || a.value == nil || a.slope == nil {
		return fmt.Errorf("feature: activation: must be of NewActivation, with a value and a slope, got none")
	}
	if s := a.maxSlope; !(s > 0) || math.IsInf(s, 0) {
		return fmt.Errorf("feature: activation %q: maxSlope: must be a positive number, got %v", a.name, s)
	}
	if err := activations.Add(a.name, a); err != nil {
		return fmt.Errorf("feature: activation: %w", err)
	}
	return nil
}

// ParseActivation returns the activation of that name: a built-in one, with its argument
// behind it, such as leaky-relu 0.2, or one given to [RegisterActivation].
func ParseActivation(text string) (*Activation, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return activations.Parse(text)
	}
	a, err := activations.Parse(words[0])
	if err != nil {
		return nil, err
	}
	return a.with(words[1:])
}

// Activations returns the names that [ParseActivation] knows, sorted.
func Activations() []string { return activations.Names() }
