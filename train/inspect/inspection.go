package inspect

import (
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
)

// Inspection is what there is to say of a model. Nodes and predictions are in the order
// of the network, of a chain from the bottom.
type Inspection struct {
	Model       string        `json:"model"`
	Network     model.Config  `json:"network"`
	Weights     int           `json:"weights"` // and biases
	Nodes       []Node        `json:"nodes"`
	Predictions []Prediction  `json:"predictions"`
	Settled     *Settled      `json:"settled,omitempty"`   // where there are data
	Curvature   *Curvature    `json:"curvature,omitempty"` // and the energy is finite
	Graph       []string      `json:"graph"`               // files
	Figure      string        `json:"figure,omitempty"`
	LeftOut     []string      `json:"left_out,omitempty"` // what, and why
	Result      *model.Result `json:"-"`                  // of settling; nil where there are no data

	panels  []*report.Panel // of settling
	network *model.Network
	clamps  model.Clamps
}

// Node is a node of the network.
type Node struct {
	Name       string           `json:"name"`
	Size       int              `json:"size"`
	Shape      []int            `json:"shape"`
	Role       string           `json:"role"`                 // inputs, targets or hidden
	Precision  *jsonfloat.Float `json:"precision,omitempty"`  // mean over the units; not of the top
	Precisions *Extent          `json:"precisions,omitempty"` // where the units differ
	Energy     *jsonfloat.Float `json:"energy,omitempty"`     // mean over the examples, settled
	Residual   *jsonfloat.Float `json:"residual,omitempty"`   // of the largest gradient, settled
}

// Extent is the least and the largest of some numbers.
type Extent struct {
	Low  jsonfloat.Float `json:"low"`
	High jsonfloat.Float `json:"high"`
}

// Prediction is an edge of a prediction. The cosine is of the prediction.
type Prediction struct {
	Of        string           `json:"of"`
	From      string           `json:"from"`
	Map       string           `json:"map"`
	Feature   string           `json:"feature"` // before the map
	After     string           `json:"after"`   // behind it
	Scale     jsonfloat.Float  `json:"scale"`
	Shape     []int            `json:"shape,omitempty"`
	Frobenius *jsonfloat.Float `json:"frobenius,omitempty"` // of weights, where there are
	Spectral  *jsonfloat.Float `json:"spectral,omitempty"`
	Cosine    *jsonfloat.Float `json:"cosine,omitempty"` // between the Hebbian update and backprop's direction
	By        string           `json:"-"`                // map and feature in words

	prediction int
}

// Settled is how a batch settled.
type Settled struct {
	Dataset   string          `json:"dataset"`
	Part      string          `json:"part"`
	Examples  int             `json:"examples"`
	Inference model.Inference `json:"inference"`
	Status    string          `json:"status"`
	train.Settled
	Start       float64  `json:"energy_start"`          // an example
	Left        float64  `json:"energy_to_lose"`        // an example, estimated
	Equilibrium *float64 `json:"equilibrium,omitempty"` // energy of an example, in closed form, of linear networks
}

// MarshalJSON writes what is no finite number as null.
func (s Settled) MarshalJSON() ([]byte, error) { return jsonfloat.Marshal(s) }

// Curvature is of the energy of a few examples where they settled.
type Curvature struct {
	Examples       int             `json:"examples"`
	Free           int             `json:"free"`  // units of an example
	Exact          bool            `json:"exact"` // not by Lanczos
	LowMean        jsonfloat.Float `json:"low_mean"`
	LowLeast       jsonfloat.Float `json:"low_least"`
	HighMean       jsonfloat.Float `json:"high_mean"`
	HighLargest    jsonfloat.Float `json:"high_largest"`
	ConditionMean  jsonfloat.Float `json:"condition_mean"` // null where an example is on a saddle or ridge
	ConditionWorst jsonfloat.Float `json:"condition_worst"`
	RateBound      jsonfloat.Float `json:"rate_bound"` // of the guard: 1/λ with a bound on λ
	RateMeasured   jsonfloat.Float `json:"rate_safe"`  // 1/λ with the largest found
}

func (in *Inspection) leaveOut(what, why string) {
	in.LeftOut = append(in.LeftOut, what+": "+why)
}
