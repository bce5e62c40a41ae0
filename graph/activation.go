package graph

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"example.com/pcn/internal/vec"
)

// Activation is an elementwise nonlinearity φ, applied to a latent before the
// weights. Any type with these methods serves; the package's own run on
// vectorised kernels, others element by element.
type Activation interface {
	// String returns the name by which flags and model files know it.
	String() string
	// Value returns φ(x).
	Value(x float64) float64
	// Slope returns φ'(x), given y = φ(x).
	Slope(x, y float64) float64
	// MaxSlope returns the largest |φ'|, which bounds the inference rate.
	MaxSlope() float64
}

// The built-in activations. At a kink the slope is PyTorch's: ReLU and LeakyReLU
// take the slope of the left side at 0, HardTanh has slope 0 at ±1.
var (
	Identity  Activation = builtin{"identity", vec.Identity, 1}
	Tanh      Activation = builtin{"tanh", vec.Tanh, 1}
	ReLU      Activation = builtin{"relu", vec.ReLU, 1}
	LeakyReLU Activation = builtin{"leaky-relu", vec.LeakyReLU, 1} // slope 0.01 below 0
	Sigmoid   Activation = builtin{"sigmoid", vec.Sigmoid, 0.25}
	GELU      Activation = builtin{"gelu", vec.GELU, 1.1289} // x Φ(x), exact; Hendrycks and Gimpel (2016)
	Softplus  Activation = builtin{"softplus", vec.Softplus, 1}
	HardTanh  Activation = builtin{"hard-tanh", vec.HardTanh, 1} // clamp to [−1, 1]
)

// builtin is an activation with kernels in package vec.
type builtin struct {
	name     string
	fn       vec.Func
	maxSlope float64
}

func (a builtin) String() string             { return a.name }
func (a builtin) Value(x float64) float64    { return vec.Value(a.fn, x) }
func (a builtin) Slope(x, y float64) float64 { return vec.Slope(a.fn, x, y) }
func (a builtin) MaxSlope() float64          { return a.maxSlope }

var registry = struct {
	sync.RWMutex
	byName map[string]Activation
}{byName: map[string]Activation{}}

func init() {
	for _, a := range []Activation{Identity, Tanh, ReLU, LeakyReLU, Sigmoid, GELU, Softplus, HardTanh} {
		registry.byName[a.String()] = a
	}
}

// NewActivation returns an activation made of two scalar functions: value is φ,
// slope is φ' as a function of x and y = φ(x), and maxSlope the largest |φ'|.
// It is usable at once in a [Spec]; [RegisterActivation] makes it known by name.
func NewActivation(name string, value func(x float64) float64, slope func(x, y float64) float64, maxSlope float64) Activation {
	return custom{name, value, slope, maxSlope}
}

type custom struct {
	name     string
	value    func(float64) float64
	slope    func(float64, float64) float64
	maxSlope float64
}

func (a custom) String() string             { return a.name }
func (a custom) Value(x float64) float64    { return a.value(x) }
func (a custom) Slope(x, y float64) float64 { return a.slope(x, y) }
func (a custom) MaxSlope() float64          { return a.maxSlope }

// RegisterActivation makes a known to [ParseActivation] by its name, in place of
// one registered under that name before, which networks made with it keep. It
// returns an error when the name is empty or a built-in activation's, or when
// MaxSlope is not a positive number.
func RegisterActivation(a Activation) error {
	if a == nil {
		return fmt.Errorf("graph: activation: must be one, got none")
	}
	if c, ok := a.(custom); ok && (c.value == nil || c.slope == nil) {
		return fmt.Errorf("graph: activation %q: must have a value and a slope, got none of one", c.name)
	}
	name := a.String()
	if name == "" {
		return fmt.Errorf("graph: activation: must have a name, got none")
	}
	if s := a.MaxSlope(); !(s > 0) || math.IsInf(s, 0) {
		return fmt.Errorf("graph: activation %q: MaxSlope must be a positive number, got %v", name, s)
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byName[name].(builtin); taken {
		return fmt.Errorf("graph: activation %q is built in: give yours another name", name)
	}
	registry.byName[name] = a
	return nil
}

// ParseActivation returns the activation of that name: a built-in one or one
// given to [RegisterActivation].
func ParseActivation(name string) (Activation, error) {
	registry.RLock()
	defer registry.RUnlock()
	if a, ok := registry.byName[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("must be one of %s, got %q", strings.Join(slices.Sorted(maps.Keys(registry.byName)), ", "), name)
}

// Activations returns the names that [ParseActivation] knows, sorted.
func Activations() []string {
	registry.RLock()
	defer registry.RUnlock()
	return slices.Sorted(maps.Keys(registry.byName))
}
