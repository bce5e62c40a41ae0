package model

import (
	"encoding"
	"encoding/json"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/enum"
)

// Direction says which end of a network is the bottom.
type Direction int

const (
	Discriminative Direction = iota // target at the bottom, input at the top
	Generative                      // input at the bottom, target at the top
)

// Start says where the free latents are when settling begins.
type Start int

const (
	TopDown Start = iota // at what is predicted, from what is fixed on; a free top is 0
	Zeros                // at 0, as in the article
	Normal               // drawn from N(0, 1) by the network's seed, the same at each settling
	Warm                 // where Clamp.Start says, else top-down; train keeps where each example settled last
)

// Dtype is the type of a network's numbers.
type Dtype int

const (
	Float32 Dtype = iota // 4 bytes a number
	Float64              // 8 bytes
)

// Tensor returns the dtype as package tensor names it.
func (d Dtype) Tensor() tensor.Dtype {
	if d == Float64 {
		return tensor.Float64
	}
	return tensor.Float32
}

// NodeEnergy names the form of a node's energy: how its latent is measured against what
// is predicted of it. graph.RegisterNodeEnergy adds others.
type NodeEnergy string

const (
	// Gaussian is ½ Π ‖ε‖², with a fixed precision Π.
	Gaussian NodeEnergy = ""
	// GaussianLearned is ½ Σ Π ε² − ½ Σ log Π with a precision for each unit that
	// is learned: see [Network.Hebbian].
	GaussianLearned NodeEnergy = "gaussian-learned"
	// CrossEntropy is −Σ v log p with the prediction p = softmax(μ), for classes.
	CrossEntropy NodeEnergy = "cross-entropy"
	// Bernoulli is −Σ v log p + (1−v) log(1−p) with the prediction p = σ(μ), for
	// values from 0 to 1.
	Bernoulli NodeEnergy = "bernoulli"
	// Laplace is Σ log cosh ε, which outliers move no more than others.
	Laplace NodeEnergy = "laplace"
)

// Form returns the form of energy that the graph has for e, nil where there is none of
// that name: a learned precision is frozen there, as any other.
func (e NodeEnergy) Form() *graph.NodeEnergy {
	if e == GaussianLearned {
		return graph.Gaussian
	}
	form, _ := graph.ParseNodeEnergy(e.String())
	return form
}

// String returns the name.
func (e NodeEnergy) String() string {
	if e == Gaussian {
		return graph.Gaussian.String()
	}
	return string(e)
}

// check returns which names there are, where there is none such.
func (e NodeEnergy) check() error {
	_, err := enum.Index(NodeEnergies(), e.String())
	return err
}

// MarshalText returns the name.
func (e NodeEnergy) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalJSON takes a name as a file has it. Whether there is such an energy is for who
// knows the field: see [Config.WithDefaults].
func (e *NodeEnergy) UnmarshalJSON(b []byte) error {
	*e = Gaussian
	err := json.Unmarshal(b, (*string)(e))
	if e.String() == graph.Gaussian.String() {
		*e = Gaussian
	}
	return err
}

// Learns reports whether the precision of such an energy is learned.
func (e NodeEnergy) Learns() bool { return e == GaussianLearned }

// Status is how settling ended.
type Status int

const (
	StepLimit Status = iota // all steps were taken
	Converged               // at rest, to within Inference.Tolerance
	Diverged                // the energy rose, or is no longer finite
)

var (
	directions = []string{"discriminative", "generative"}
	starts     = []string{"top-down", "zeros", "normal", "warm"}
	dtypes     = []string{"float32", "float64"}
	statuses   = []string{"step-limit", "converged", "diverged"}
)

// String returns the name.
func (d Direction) String() string { return enum.Name(d, directions) }

// String returns the name.
func (s Start) String() string { return enum.Name(s, starts) }

// String returns the name.
func (d Dtype) String() string { return enum.Name(d, dtypes) }

// String returns the name.
func (s Status) String() string { return enum.Name(s, statuses) }

// MarshalText returns the name.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalText returns the name.
func (s Start) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText returns the name.
func (d Dtype) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalText returns the name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes a name.
func (d *Direction) UnmarshalText(b []byte) error { return enum.Parse(d, directions, string(b)) }

// UnmarshalText takes a name.
func (s *Start) UnmarshalText(b []byte) error { return enum.Parse(s, starts, string(b)) }

// UnmarshalText takes a name.
func (d *Dtype) UnmarshalText(b []byte) error { return enum.Parse(d, dtypes, string(b)) }

// UnmarshalText takes the name of an energy.
func (e *NodeEnergy) UnmarshalText(b []byte) error {
	if *e = NodeEnergy(b); e.String() == graph.Gaussian.String() {
		*e = Gaussian
	}
	return e.check()
}

// UnmarshalText takes a name.
func (s *Status) UnmarshalText(b []byte) error { return enum.Parse(s, statuses, string(b)) }

// Starts returns the names of where latents may begin.
func Starts() []string { return slices.Clone(starts) }

// NodeEnergies returns the names of the forms of a node's energy.
func NodeEnergies() []string {
	names := append(graph.NodeEnergies(), string(GaussianLearned))
	slices.Sort(names)
	return names
}

// coded is a pointer to one of a few values with names.
type coded interface {
	fmt.Stringer
	encoding.TextUnmarshaler
}

// valid returns what is wrong with a value that is none of them.
func valid(e coded) error { return e.UnmarshalText([]byte(e.String())) }
