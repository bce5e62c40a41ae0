package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
)

// perceptron is an ordinary network of the same weights as a feedforward n, written with
// Gorgonia's own operations, and its loss by n's energy at the target, summed over the
// batch: the oracle of backpropagation.
func perceptron(t *testing.T, n *Network, inputs, targets *tensor.Dense) (loss float64, grads []*tensor.Dense) {
	t.Helper()
	g := G.NewGraph()
	node := func(x *G.Node, err error) *G.Node {
		t.Helper()
		must(t, err)
		return x
	}
	one := G.NewConstant(1.0)
	activate := map[string]func(*G.Node) *G.Node{
		"identity": func(x *G.Node) *G.Node { return x },
		"tanh":     func(x *G.Node) *G.Node { return node(G.Tanh(x)) },
		"sigmoid":  func(x *G.Node) *G.Node { return node(G.Sigmoid(x)) },
		"softplus": func(x *G.Node) *G.Node { return node(G.Softplus(x)) },
	}
	theta := map[*tensor.Dense]*G.Node{}
	var params G.Nodes
	for _, p := range n.Named() {
		x := G.NewTensor(g, tensor.Float64, p.Value.Dims(), G.WithShape(p.Value.Shape()...), G.WithName(p.Name), G.WithValue(p.Value))
		theta[p.Value] = x
		params = append(params, x)
	}
	rows := inputs.Shape()[0]
	values := map[int]*G.Node{n.InputNode(): G.NewMatrix(g, tensor.Float64, G.WithShape(rows, n.Size(n.InputNode())), G.WithName("x"), G.WithValue(inputs))}
	y := G.NewMatrix(g, tensor.Float64, G.WithShape(rows, n.Size(n.TargetNode())), G.WithName("y"), G.WithValue(targets))
	var value func(l int) *G.Node
	value = func(l int) *G.Node {
		if x, ok := values[l]; ok {
			return x
		}
		i := n.wiring.First[l]
		p := n.wiring.Predictions[i]
		var mu *G.Node
		for j, e := range p.Edges {
			x := activate[e.Feature.String()](value(n.wiring.From[i][j][0]))
			switch e.Map.String() {
			case "dense":
				x = node(G.Mul(x, node(G.Transpose(theta[n.terms[i].edges[j][0]]))))
			case "diagonal":
				x = node(G.BroadcastHadamardProd(x, theta[n.terms[i].edges[j][0]], nil, []byte{0}))
			}
			if e.Scale != 1 {
				x = node(G.Mul(x, G.NewConstant(e.Scale)))
			}
			if mu == nil {
				mu = x
			} else {
				mu = node(G.Add(mu, x))
			}
		}
		if p.Bias {
			mu = node(G.BroadcastAdd(mu, theta[n.terms[i].bias], nil, []byte{0}))
		}
		values[l] = activate[p.After.String()](mu)
		return values[l]
	}
	mu := value(n.TargetNode())
	of := n.wiring.First[n.TargetNode()]
	var parts *G.Node // of −loss
	switch n.NodeEnergy(of) {
	case Gaussian:
		parts = node(G.Neg(node(G.Square(node(G.Sub(y, mu))))))
		if p := n.terms[of].precision; p != nil {
			weights := G.NewVector(g, tensor.Float64, G.WithShape(p.Shape()...), G.WithName("Π"), G.WithValue(p))
			parts = node(G.BroadcastHadamardProd(parts, weights, nil, []byte{0}))
		}
		parts = node(G.Mul(parts, G.NewConstant(0.5)))
	case CrossEntropy:
		parts = node(G.HadamardProd(y, node(G.Log(node(G.SoftMax(mu))))))
	case Bernoulli:
		p := node(G.Sigmoid(mu))
		yes := node(G.HadamardProd(y, node(G.Log(p))))
		no := node(G.HadamardProd(node(G.Sub(one, y)), node(G.Log(node(G.Sub(one, p))))))
		parts = node(G.Add(yes, no))
	}
	cost := node(G.Neg(node(G.Sum(parts))))
	var read G.Value
	G.Read(cost, &read)
	gradients, err := G.Grad(cost, params...)
	must(t, err)
	m := G.NewTapeMachine(g)
	defer m.Close()
	must(t, m.RunAll())
	for i, x := range gradients {
		d := clone(x.Value().(*tensor.Dense))
		if want := params[i].Shape(); !d.Shape().Eq(want) {
			must(t, d.Reshape(want...))
		}
		grads = append(grads, d)
	}
	return read.Data().(float64), grads
}

// feedforwards are networks that are functions from inputs to targets.
func feedforwards() map[string]Config {
	chain := Config{Layers: []int{4, 6, 5, 3}, Activation: "tanh", TopActivation: "sigmoid", WeightInit: PyTorch, Dtype: Float64, Seed: 1}
	after := chain
	after.After = true
	short := Config{Layers: []int{4, 3}, Dtype: Float64, Seed: 2}
	return map[string]Config{"chain": chain, "chain after": after, "one layer": short, "residual": residual(false), "residual after": residual(true), "Y": branching()}
}

// TestBackprop holds the update that Backprop and Hebbian make together, and the loss,
// against Gorgonia's own derivative by the weights of an ordinary network.
func TestBackprop(t *testing.T) {
	const rows = 40
	for name, cfg := range feedforwards() {
		for _, energy := range []NodeEnergy{Gaussian, CrossEntropy, Bernoulli} {
			for _, precise := range []bool{false, true} {
				for _, decay := range []float64{0, 0.05} {
					if precise && energy != Gaussian {
						continue
					}
					c := cfg
					c.WeightDecay = decay
					if len(c.Layers) > 0 {
						c.Energies = make([]NodeEnergy, len(c.Layers))
						c.Energies[len(c.Layers)-1] = energy
					} else {
						c.Predictions = slices.Clone(c.Predictions)
						c.Predictions[0].Energy = energy
					}
					n, err := New(c)
					must(t, err)
					for i, p := range n.Parameters() { // biases and gains too
						dense.AddScaled(p, 0.3, filled(tensor.Float64, randomNumbers(uint64(i)), p.Shape()...))
					}
					if precise {
						must(t, n.SetPrecision(n.TargetNode(), []float64{0.5, 2, 3}))
						if l := n.TargetNode() + 1; n.Predicted(l) { // whose errors are 0
							must(t, n.SetPrecision(l, filledWith(7, n.Size(l))))
						}
					}
					n.Changed()
					inputs, targets := randomBatch(1, Float64, rows, 4), positiveBatch(2, rows, 3)
					what := fmt.Sprintf("%s, %v, precise %v, decay %v", name, energy, precise, decay)
					loss, grads := perceptron(t, n, inputs, targets)
					r, err := n.Backprop(context.Background(), n.Clamp(inputs, targets))
					must(t, err)
					near(t, what+": loss", []float64{r.Energy}, []float64{loss + rows*decayEnergy(n)}, 1e-10)
					u := n.NewUpdate()
					must(t, n.Hebbian(r, u))
					for i, p := range n.Named() {
						want := clone(grads[i])
						for j := range want.Float64s() {
							want.Float64s()[j] /= -rows
						}
						if p.Decays {
							dense.AddScaled(want, -decay, p.Value)
						}
						near(t, what+": "+p.Name, floats(u.Directions()[i]), floats(want), 1e-10)
					}
					predicted, _, err := n.Predict(context.Background(), inputs, Inference{})
					must(t, err)
					if energy == Gaussian {
						off := 0.0
						for i, x := range predicted.Float64s() {
							d := targets.Float64s()[i] - x
							off += n.Precision(n.TargetNode())[i%3] * d * d / 2
						}
						near(t, what+": the loss is of what is predicted", []float64{off}, []float64{loss}, 1e-10)
					}
				}
			}
		}
	}
}

// randomNumbers returns a source of numbers from N(0, 1).
func randomNumbers(seed uint64) func() float64 {
	x, i := randomBatch(seed, Float64, 1, 1000).Float64s(), -1
	return func() float64 { i++; return x[i] }
}

// TestBackpropOfEnergies holds the update by energies that Gorgonia has no operations for,
// and by learned precision, against central differences of the loss; and with a branch
// that ends in data that are missing.
func TestBackpropOfEnergies(t *testing.T) {
	const rows = 3
	for _, energy := range []NodeEnergy{Laplace, GaussianLearned} {
		for name, cfg := range feedforwards() {
			if len(cfg.Layers) > 0 {
				cfg.Energies = make([]NodeEnergy, len(cfg.Layers))
				cfg.Energies[len(cfg.Layers)-1] = energy
			} else {
				cfg.Predictions[0].Energy = energy
				cfg.Nodes = append(cfg.Nodes, Node{Name: "aside", Size: 2})
				cfg.Predictions = append(cfg.Predictions, Prediction{Of: "aside", From: []Edge{{Nodes: []string{cfg.Nodes[1].Name}}}, Energy: Bernoulli})
			}
			n, err := New(cfg)
			must(t, err)
			inputs, targets := randomBatch(1, Float64, rows, 4), randomBatch(2, Float64, rows, 3)
			r, err := n.Backprop(context.Background(), n.Clamp(inputs, targets))
			must(t, err)
			u := n.NewUpdate()
			must(t, n.Hebbian(r, u))
			for i, p := range n.Named() {
				x := p.Value.Float64s()
				at := slices.Clone(x)
				want := fd.Gradient(nil, func(w []float64) float64 {
					copy(x, w)
					n.Changed()
					r, err := n.Backprop(context.Background(), n.Clamp(inputs, targets))
					must(t, err)
					return -r.Energy / rows
				}, at, &fd.Settings{Formula: fd.Central})
				copy(x, at)
				n.Changed()
				near(t, fmt.Sprintf("%s, %v: %s", name, energy, p.Name), floats(u.Directions()[i]), want, 1e-6)
			}
		}
	}
}

// TestBackpropRefuses: what is no function from inputs to targets has no backpropagation.
func TestBackpropRefuses(t *testing.T) {
	x, y := randomBatch(1, Float64, 2, 4), randomBatch(2, Float64, 2, 3)
	prior := residual(false)
	prior.ActivityPrior = 0.1
	for name, cfg := range map[string]Config{
		"generative": {Layers: []int{4, 5, 3}, Direction: Generative, Dtype: Float64}, "circle": circle(), "two-way": twoWay(), "prior": prior,
	} {
		n, err := New(cfg)
		must(t, err)
		if _, err := n.Backprop(context.Background(), n.Clamp(x, y)); !errors.Is(err, ErrNotFeedforward) || n.Feedforward() {
			t.Errorf("%s: got error %v, want %v", name, err, ErrNotFeedforward)
		}
	}
	n, err := New(residual(false))
	must(t, err)
	if _, err := n.Backprop(context.Background(), n.Clamp(x, nil)); err == nil || !strings.Contains(err.Error(), "inputs and targets: must be given both") {
		t.Errorf("no targets: got error %v", err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, err := n.Backprop(ctx, n.Clamp(x, y)); !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
	hidden := residual(false)
	hidden.Predictions[1].Energy = GaussianLearned
	if n, err = New(hidden); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Backprop(context.Background(), n.Clamp(x, y)); err == nil || !strings.Contains(err.Error(), "precision of hidden3: must not be learned") {
		t.Errorf("a learned precision of a hidden node: got error %v", err)
	}
}

// decayEnergy returns ½ λ ‖W‖² over all weights.
func decayEnergy(n *Network) (total float64) {
	for _, p := range n.Named() {
		if p.Decays {
			total += n.Config().WeightDecay * halfSquares(p.Value)
		}
	}
	return total
}

// TestBackpropOfMoreTargets: where a hidden node is fixed, too, the update is minus the
// gradient of the energy of both, by central differences.
func TestBackpropOfMoreTargets(t *testing.T) {
	n, err := New(Config{Layers: []int{4, 5, 6, 3}, Activation: "tanh", Dtype: Float64, Seed: 3})
	must(t, err)
	const rows = 7
	c := n.Clamp(randomBatch(4, Float64, rows, 4), randomBatch(5, Float64, rows, 3))
	c["hidden2"] = Clamp{Values: randomBatch(6, Float64, rows, 6)}
	loss := func() float64 {
		r, err := n.Backprop(context.Background(), c)
		must(t, err)
		return r.Energy
	}
	r, err := n.Backprop(context.Background(), c)
	must(t, err)
	update := n.NewUpdate()
	must(t, n.Hebbian(r, update))
	const h = 1e-6
	for i, p := range n.Parameters() {
		for j := range 3 {
			x := p.Float64s()
			was := x[j]
			x[j] = was + h
			n.Changed()
			up := loss()
			x[j] = was - h
			n.Changed()
			down := loss()
			x[j] = was
			n.Changed()
			want := -(up - down) / (2 * h) / rows
			if got := update.Directions()[i].Float64s()[j]; math.Abs(got-want) > 1e-7 {
				t.Errorf("parameter %d, element %d: %.9f, want %.9f", i, j, got, want)
			}
		}
	}
}
