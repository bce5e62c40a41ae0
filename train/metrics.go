package train

import (
	"encoding/json"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
)

// MarshalJSON writes what is no finite number as null.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return json.Marshal(epochJSON{
		Epoch: e.Epoch, Energy: jsonfloat.Float(e.Energy), Nodes: e.Nodes, NodeEnergy: numbers(e.NodeEnergy), Validation: e.Validation,
		Rate: jsonfloat.Float(e.Rate), InferenceRate: jsonfloat.Float(e.InferenceRate), Steps: jsonfloat.Float(e.Steps),
		Residual: jsonfloat.Float(e.Residual), NodeResidual: numbers(e.NodeResidual), ToLose: (*jsonfloat.Float)(e.ToLose), EndResidual: numbers(e.EndResidual),
		Diverged: e.Diverged, Batches: e.Batches, Node: e.Node, Seconds: jsonfloat.Float(e.Seconds),
	})
}

// UnmarshalJSON reads null as NaN.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	var j epochJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*e = Epoch{
		Epoch: j.Epoch, Energy: float64(j.Energy), Nodes: j.Nodes, NodeEnergy: floats(j.NodeEnergy), Validation: j.Validation,
		Rate: float64(j.Rate), InferenceRate: float64(j.InferenceRate), Steps: float64(j.Steps),
		Residual: float64(j.Residual), NodeResidual: floats(j.NodeResidual), ToLose: (*float64)(j.ToLose), EndResidual: floats(j.EndResidual),
		Diverged: j.Diverged, Batches: j.Batches, Node: j.Node, Seconds: float64(j.Seconds),
	}
	return nil
}

// MarshalJSON writes what is no finite number as null.
func (s Score) MarshalJSON() ([]byte, error) {
	return json.Marshal(scoreJSON{s.Examples, s.Classes, jsonfloat.Float(s.Accuracy), jsonfloat.Float(s.MSE)})
}

// UnmarshalJSON reads null as NaN.
func (s *Score) UnmarshalJSON(text []byte) error {
	var j scoreJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*s = Score{j.Examples, j.Classes, float64(j.Accuracy), float64(j.MSE)}
	return nil
}

type epochJSON struct {
	Epoch         int               `json:"epoch"`
	Energy        jsonfloat.Float   `json:"energy"`
	Nodes         model.Names       `json:"nodes,omitempty"`
	NodeEnergy    []jsonfloat.Float `json:"node_energy,omitempty"`
	Validation    *Score            `json:"validation,omitempty"`
	Rate          jsonfloat.Float   `json:"rate"`
	InferenceRate jsonfloat.Float   `json:"inference_rate"`
	Steps         jsonfloat.Float   `json:"steps"`
	Residual      jsonfloat.Float   `json:"residual"`
	NodeResidual  []jsonfloat.Float `json:"node_residual,omitempty"`
	ToLose        *jsonfloat.Float  `json:"to_lose,omitempty"`
	EndResidual   []jsonfloat.Float `json:"end_residual,omitempty"`
	Diverged      int               `json:"diverged"`
	Batches       int               `json:"batches"`
	Node          int               `json:"node"`
	Seconds       jsonfloat.Float   `json:"seconds"`
}

type scoreJSON struct {
	Examples int             `json:"examples"`
	Classes  int             `json:"classes,omitempty"`
	Accuracy jsonfloat.Float `json:"accuracy"`
	MSE      jsonfloat.Float `json:"mse"`
}

func numbers(x []float64) []jsonfloat.Float {
	var out []jsonfloat.Float
	for _, v := range x {
		out = append(out, jsonfloat.Float(v))
	}
	return out
}

func floats(x []jsonfloat.Float) []float64 {
	var out []float64
	for _, v := range x {
		out = append(out, float64(v))
	}
	return out
}
