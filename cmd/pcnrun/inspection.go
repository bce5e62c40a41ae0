package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/shape"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// inspection is what --json prints of a model. Nodes and predictions are in the order
// of the network, of a chain from the bottom.
type inspection struct {
	Model       string           `json:"model"`
	Network     model.Config     `json:"network"`
	Weights     int              `json:"weights"` // and biases
	Nodes       []nodeInfo       `json:"nodes"`
	Predictions []predictionInfo `json:"predictions"`
	Settled     *settledInfo     `json:"settled,omitempty"`   // where there are data
	Curvature   *curvature       `json:"curvature,omitempty"` // and the energy is finite
	Graph       []string         `json:"graph"`               // files
	Figure      string           `json:"figure,omitempty"`
	LeftOut     []string         `json:"left_out,omitempty"` // what, and why
}

type nodeInfo struct {
	Name       string  `json:"name"`
	Size       int     `json:"size"`
	Shape      []int   `json:"shape"`
	Role       string  `json:"role"`                 // inputs, targets or hidden
	Precision  *number `json:"precision,omitempty"`  // mean over the units; not of the top
	Precisions *extent `json:"precisions,omitempty"` // where the units differ
	Energy     *number `json:"energy,omitempty"`     // mean over the examples, settled
	Residual   *number `json:"residual,omitempty"`   // of the largest gradient, settled
}

// extent is the least and the largest of some numbers.
type extent struct {
	Low  number `json:"low"`
	High number `json:"high"`
}

// predictionInfo is an edge of a prediction. The cosine is of the prediction.
type predictionInfo struct {
	Of         string  `json:"of"`
	From       string  `json:"from"`
	Map        string  `json:"map"`
	Feature    string  `json:"feature"` // before the map
	After      string  `json:"after"`   // behind it
	Scale      number  `json:"scale"`
	Shape      []int   `json:"shape,omitempty"`
	Frobenius  *number `json:"frobenius,omitempty"` // of weights, where there are
	Spectral   *number `json:"spectral,omitempty"`
	Cosine     *number `json:"cosine,omitempty"` // between the Hebbian update and backprop's direction
	by         string  // in words
	prediction int
}

// precision is that of the units, or the mean with the least and the largest.
func (n nodeInfo) precision() string {
	switch {
	case n.Precision == nil:
		return ""
	case n.Precisions == nil:
		return fmt.Sprintf("%.4g", *n.Precision)
	}
	return fmt.Sprintf("%.4g (%.4g to %.4g)", *n.Precision, n.Precisions.Low, n.Precisions.High)
}

// settledInfo is how a batch settled.
type settledInfo struct {
	Dataset   string          `json:"dataset"`
	Part      string          `json:"part"`
	Examples  int             `json:"examples"`
	Inference model.Inference `json:"inference"`
	Status    string          `json:"status"`
	train.Settled
	Start       float64  `json:"energy_start"`          // an example
	Left        float64  `json:"energy_to_lose"`        // an example, estimated
	Reached     float64  `json:"reached"`               // share of the fall to equilibrium
	Equilibrium *float64 `json:"equilibrium,omitempty"` // energy of an example, in closed form, of linear networks
}

// MarshalJSON writes what is no finite number as null.
func (s settledInfo) MarshalJSON() ([]byte, error) { return jsonfloat.Marshal(s) }

// steps says how many steps were taken, of how many.
func (s *settledInfo) steps() string {
	if s.Steps == 1 && s.Inference.Steps == 1 {
		return "1 step"
	}
	return fmt.Sprintf("%.3g of %s", s.Steps, atMost(s.Inference.Steps))
}

// atMost says how many steps settling may take.
func atMost(steps int) string {
	if steps == 1 {
		return "1 step"
	}
	return fmt.Sprintf("at most %d steps", steps)
}

// curvature is of the energy of a few examples where they settled.
type curvature struct {
	Examples       int    `json:"examples"`
	Free           int    `json:"free"`  // units of an example
	Exact          bool   `json:"exact"` // not by Lanczos
	LowMean        number `json:"low_mean"`
	LowLeast       number `json:"low_least"`
	HighMean       number `json:"high_mean"`
	HighLargest    number `json:"high_largest"`
	ConditionMean  number `json:"condition_mean"` // null where an example is on a saddle or ridge
	ConditionWorst number `json:"condition_worst"`
	RateBound      number `json:"rate_bound"` // of the guard: 1/λ with a bound on λ
	RateMeasured   number `json:"rate_safe"`  // 1/λ with the largest found
}

// condition says what the energy is like where the examples settled.
func (k *curvature) condition() string {
	if k.LowLeast <= 0 {
		return "none: where an example settled is no minimum but a saddle or ridge, off which its energy falls or stays level"
	}
	return fmt.Sprintf("%.4g, at worst %.4g", k.ConditionMean, k.ConditionWorst)
}

func (in *inspection) leaveOut(what, why string) {
	in.LeftOut = append(in.LeftOut, what+": "+why)
}

// print writes what was found for people.
func (in *inspection) print(w io.Writer, n *model.Network) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	text := func(x *number) string {
		if x == nil {
			return ""
		}
		return fmt.Sprintf("%.4g", *x)
	}
	nodes, predictions := slices.Clone(in.Nodes), slices.Clone(in.Predictions)
	if n.Config().Chain() { // of a chain the top first
		slices.Reverse(nodes)
		slices.Reverse(predictions)
	}
	fmt.Fprintf(t, "%v\n\n", n)
	fmt.Fprintln(t, "node\tshape\trole\tprecision\tenergy\tresidual")
	for _, node := range nodes {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", node.Name, shape.Text(node.Shape), node.Role, node.precision(), text(node.Energy), text(node.Residual))
	}
	fmt.Fprint(t, "\nprediction of\tfrom\tby\tshape\tFrobenius norm\tspectral norm")
	if in.Predictions[0].Cosine != nil {
		fmt.Fprint(t, "\tcosine to backprop")
	}
	fmt.Fprintln(t)
	for _, p := range predictions {
		weights := strings.ReplaceAll(shape.Text(p.Shape), "×", " × ")
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Of, p.From, p.by, weights, text(p.Frobenius), text(p.Spectral), text(p.Cosine))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if s := in.Settled; s != nil {
		fmt.Fprintf(w, "settling    %v, %s at rate %.3g, %s; %s of %s, both ends clamped\n",
			s.Inference.Method, s.steps(), s.InferenceRate, s.Status, plural.Of(s.Examples, s.Part+" example"), s.Dataset)
		fmt.Fprintf(w, "energy      %.4g from %.4g an example, residual %.2g\n", s.Energy, s.Start, s.Residual)
		if s.TargetAlignment != nil {
			fmt.Fprintf(w, "alignment   a step of the weights goes to the targets with a cosine of %.4g\n", *s.TargetAlignment)
		}
		fmt.Fprintf(w, "equilibrium about %.3g still to lose: %s of the fall was made\n", s.Left, percent(s.Reached))
		if s.Equilibrium != nil {
			fmt.Fprintf(w, "            in closed form at %.6g\n", *s.Equilibrium)
		}
	}
	if k := in.Curvature; k != nil {
		how := "exact"
		if !k.Exact {
			how = "by Lanczos"
		}
		fmt.Fprintf(w, "curvature   eigenvalues %.4g to %.4g, mean %.4g to %.4g; %s, %s, %s\n",
			k.LowLeast, k.HighLargest, k.LowMean, k.HighMean, plural.Of(k.Free, "free unit"), how, plural.Of(k.Examples, "example"))
		fmt.Fprintf(w, "condition   %s\n", k.condition())
		fmt.Fprintf(w, "safe rate   %.4g measured, the guard allows %.4g\n", k.RateMeasured, k.RateBound)
	}
	for _, what := range in.LeftOut {
		fmt.Fprintf(w, "left out    %s\n", what)
	}
	files := in.Graph
	if in.Figure != "" {
		files = append(files, in.Figure)
	}
	_, err := fmt.Fprintf(w, "wrote %s\n", strings.Join(files, ", "))
	return err
}
