package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestMisuse calls what a user can call with what is missing, zero, or of another
// network: each is an error that says what must be, and none a panic.
func TestMisuse(t *testing.T) {
	ctx := context.Background()
	network := func(d Dtype, layers ...int) *Network {
		n, err := New(Config{Layers: layers, Dtype: d, Seed: 1})
		must(t, err)
		return n
	}
	settled := func(n *Network) *Result {
		dt := n.cfg.Dtype
		r, err := n.Settle(ctx, n.Clamp(randomBatch(1, dt, 2, n.Size(n.InputNode())), randomBatch(2, dt, 2, n.Size(n.TargetNode()))), Inference{})
		must(t, err)
		return r
	}
	n, twin, wide, other := network(Float32, 4, 3, 2), network(Float32, 4, 3, 2), network(Float64, 4, 3, 2), network(Float32, 4, 5, 2)
	learning, err := New(Config{Layers: []int{4, 3, 2}, Energies: []NodeEnergy{Gaussian, GaussianLearned, Gaussian}})
	must(t, err)
	x, y := randomBatch(1, Float32, 2, 4), randomBatch(2, Float32, 2, 2)
	ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 4))
	vector := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(4))
	view := func() *tensor.Dense {
		v, err := randomBatch(1, Float32, 2, 8).Slice(nil, tensor.S(0, 4))
		must(t, err)
		return v.(*tensor.Dense)
	}()
	both := n.Clamp(x, y)
	own := settled(n)
	fell, err := n.Infer(ctx, n.Clamp(x, nil), Inference{})
	must(t, err)
	hebbian := func(n *Network, r *Result, u *Update) func() error { return func() error { return n.Hebbian(r, u) } }
	settle := func(c Clamps) func() error {
		return func() error { _, err := n.Settle(ctx, c, Inference{}); return err }
	}
	for name, c := range map[string]struct {
		call func() error
		want string // contained in the error
	}{
		"hebbian: no result":       {hebbian(n, nil, n.NewUpdate()), "model: hebbian: result: must be of a settled batch, got none"},
		"hebbian: no update":       {hebbian(n, own, nil), "model: hebbian: update: must be of NewUpdate, got none"},
		"hebbian: zero result":     {hebbian(n, &Result{}, n.NewUpdate()), "must be one for each of the 2 predictions, got 0"},
		"hebbian: zero update":     {hebbian(n, own, &Update{}), "update: must be one for each of the 4 parameters, got 0"},
		"hebbian: fallen":          {hebbian(n, fell, n.NewUpdate()), "must be one for each of the 2 predictions, got 0"},
		"hebbian: twin":            {hebbian(n, settled(twin), n.NewUpdate()), "result: must be of this network"},
		"hebbian: other result":    {hebbian(n, settled(other), n.NewUpdate()), "4-5-2"},
		"hebbian: other by hand":   {hebbian(n, &Result{Errors: settled(other).Errors, Deltas: settled(other).Deltas, Features: settled(other).Features}, n.NewUpdate()), "result: features[0][0]: must be float32 of shape (2, 3), got float32 of shape (2, 5)"},
		"hebbian: dtype by hand":   {hebbian(n, &Result{Errors: settled(wide).Errors, Deltas: settled(wide).Deltas, Features: settled(wide).Features}, n.NewUpdate()), "result: errors[0]: must be float32 of shape (B, 2), got float64"},
		"hebbian: no numbers":      {hebbian(n, &Result{Errors: make([]*tensor.Dense, 2), Deltas: make([]*tensor.Dense, 2), Features: make([][]*tensor.Dense, 2)}, n.NewUpdate()), "result: errors[0]: must be float32 of shape (B, 2), got none"},
		"hebbian: other update":    {hebbian(n, own, other.NewUpdate()), "update: layers.0.W.weight: must be float32 of shape (2, 3), got float32 of shape (2, 5)"},
		"hebbian: update's dtype":  {hebbian(n, own, wide.NewUpdate()), "update: layers.0.W.weight: must be float32 of shape (2, 3), got float64"},
		"hebbian: update's logs":   {hebbian(n, own, learning.NewUpdate()), "update: must be one for each of the 4 parameters, got 5"},
		"hebbian: no logs":         {hebbian(learning, settled(learning), n.NewUpdate()), "update: must be one for each of the 5 parameters, got 4"},
		"hebbian: no biases":       {hebbian(n, own, &Update{directions: []*tensor.Dense{n.NewUpdate().directions[0], nil, nil, nil}}), "update: layers.0.W.bias: must be float32 of shape (2), got none"},
		"settle: no clamps":        {settle(nil), "clamps: must fix at least one node, got none"},
		"settle: nothing fixed":    {settle(n.Clamp(nil, nil)), "clamps: must fix at least one node"},
		"settle: other network's":  {settle(Clamps{"input": {Values: x}, "hidden2": {}}), `clamps: must be of nodes target, hidden1, input, got "hidden2"`},
		"settle: swapped":          {settle(n.Clamp(y, x)), "clamp of target: values: must be float32 of shape (B, 2), got float32 of shape (2, 4)"},
		"settle: integers":         {settle(n.Clamp(ints, nil)), "clamp of input: values: must be float32 of shape (B, 4), got int"},
		"settle: vector":           {settle(n.Clamp(vector, nil)), "clamp of input: values: must be float32 of shape (B, 4), got float32 of shape (4)"},
		"settle: view":             {settle(n.Clamp(view, nil)), "clamp of input: values: must have its rows one after the other"},
		"settle: mask of integers": {settle(Clamps{"input": {Values: x, Fixed: ints}}), "clamp of input: fixed: must be float64 of shape (2, 4), got int"},
		"settle: start":            {settle(Clamps{"target": {Start: x}, "input": {Values: x}}), "clamp of target: start: must be float32 of shape (2, 2), got float32 of shape (2, 4)"},
		"settle: hides nothing":    {settle(Clamps{"input": Hide(nil, func(_, _ int) bool { return true })}), "clamps: must fix at least one node"},
		"settle: hides a vector":   {settle(Clamps{"input": Hide(vector, func(_, _ int) bool { return true })}), "clamp of input: values: must be float32"},
		"settle: node rates": {func() error {
			_, err := n.Settle(ctx, both, Inference{NodeRates: map[string]float64{"hidden2": 1}})
			return err
		}, `node_rates: must be one of target, hidden1, input, got "hidden2"`},
		"settle: method":             {func() error { _, err := n.Settle(ctx, both, Inference{Method: "99"}); return err }, "method: must be one of adam, chain, error-coordinates, gauss-seidel, gradient"},
		"predict: nothing":           {func() error { _, _, err := n.Predict(ctx, nil, Inference{}); return err }, "clamps: must fix at least one node"},
		"classify: nothing":          {func() error { _, _, err := n.Classify(ctx, nil, Inference{}); return err }, "clamps: must fix at least one node"},
		"generate: nothing":          {func() error { _, _, err := n.Generate(ctx, nil, Inference{}); return err }, "clamps: must fix at least one node"},
		"sample: nothing":            {func() error { _, err := n.Sample(ctx, nil, Sampling{Temperature: 1}, Inference{}); return err }, "clamps: must fix at least one node"},
		"complete: nothing":          {func() error { _, err := n.Complete(ctx, Clamp{}, Recall{}, Inference{}); return err }, "complete: inputs: must be float32 of shape (B, 4), got none"},
		"complete: by nothing known": {func() error { _, err := n.Complete(ctx, Clamp{Values: x}, Recall{By: 7}, Inference{}); return err }, "complete: by: must be one of settle, energy, got"},
		"energy":                     {func() error { _, err := n.Energy(nil); return err }, "clamps: must fix at least one node"},
		"equilibrium":                {func() error { _, err := n.Equilibrium(nil); return err }, "clamps: must fix at least one node"},
		"hessian: no latents":        {func() error { _, err := n.Hessian(both, nil); return err }, "hessian: latents: must be one for each of the 3 nodes, got 0"},
		"hessian: nil latents":       {func() error { _, err := n.Hessian(both, make([]*tensor.Dense, 3)); return err }, "hessian: latents[1]: must be float64 of shape (2, 3), got none"},
		"hessian: integers": {func() error {
			_, err := n.Hessian(n.Clamp(nil, y), []*tensor.Dense{y, randomBatch(1, Float32, 2, 3), ints})
			return err
		}, "hessian: latents[2]: must be float64 of shape (2, 4), got int"},
		"temperature: nothing":  {func() error { _, err := Temperature(nil, nil); return err }, "temperature: energies: must be float64 of shape (B, B), got none"},
		"temperature: integers": {func() error { _, err := Temperature(ints, []int{0, 1}); return err }, "temperature: energies: must be float64"},
		"matrix: nothing":       {func() error { _, err := Float32.Matrix(); return err }, "must have at least one row"},
		"matrix: no such type":  {func() error { _, err := Dtype(9).Matrix([]float64{1}); return err }, "dtype: must be one of float32, float64, got"},
		"as: no such type":      {func() error { _, err := n.As(9); return err }, "dtype: must be one of float32, float64, got"},
		"new: nothing":          {func() error { _, err := New(Config{}); return err }, "layers: must name at least 2 sizes"},
		"state: zero":           {func() error { return twin.SetState(State{}) }, "norms_current: must be 0 or 1"},
		"state: other":          {func() error { return twin.SetState(other.State()) }, "model: state: "},
		"state: dtype":          {func() error { return twin.SetState(wide.State()) }, "parameters.0: must be float32 of shape (2, 3), got float64"},
		"precision: no node":    {func() error { return n.SetPrecision(7, nil) }, "precision of node 7: must be of a node that is predicted"},
		"precision: nothing":    {func() error { return n.SetPrecision(0, nil) }, "must be one for each of the 2 units, got 0"},
		"read: nothing":         {func() error { _, err := Read(nil, Config{}); return err }, "neither a safetensors nor an NPZ file"},
		"load: no name":         {func() error { _, err := Load("", Config{}); return err }, "model: "},
		"zero network":          {func() error { _, err := new(Network).Settle(ctx, nil, Inference{}); return err }, "clamps: must fix at least one node"},
		"zero network's update": {func() error { return new(Network).Hebbian(&Result{}, &Update{}) }, "hebbian: network: must be of New, got the zero one"},
		"zero network's copy":   {func() error { _, err := new(Network).As(Float32); return err }, "layers: must name at least 2 sizes"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.call(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}

	var empty State
	empty.SetTensor("x", nil)

	// What returns no error says nothing of what is not there, and does not panic.
	for what, got := range map[string]any{
		"MaxRate":      math.IsNaN(n.MaxRate(nil)),
		"Argmax":       Argmax(nil) == nil,
		"Rows":         Rows(nil) == nil,
		"vector":       fmt.Sprint(Argmax(vector)) == "[0]",
		"String":       (*Result)(nil).String() == "no result" && new(Result).String() != "",
		"Energies":     new(Result).Energies() == nil,
		"Reached":      new(Result).Reached() == 1,
		"Finite":       !(*Result)(nil).Finite(),
		"Directions":   new(Update).Directions() == nil,
		"SetTensor":    len(empty.Clone().Tensors) == 0,
		"hides none":   Hide(x, nil).Fixed == nil,
		"no such name": NodeEnergy("none").Form() == nil && !NodeEnergy("none").Learns(),
	} {
		if got != true {
			t.Errorf("%s: got %v", what, got)
		}
	}
}
