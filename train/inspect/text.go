package inspect

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/shape"
)

// precisionText is that of the units, or the mean with the least and the largest.
func precisionText(n Node) string {
	switch {
	case n.Precision == nil:
		return ""
	case n.Precisions == nil:
		return fmt.Sprintf("%.4g", *n.Precision)
	}
	return fmt.Sprintf("%.4g (%.4g to %.4g)", *n.Precision, n.Precisions.Low, n.Precisions.High)
}

// stepsText says how many steps were taken, of how many.
func stepsText(s *Settled) string {
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

// conditionText says what the energy is like where the examples settled.
func conditionText(k *Curvature) string {
	if k.LowLeast <= 0 {
		return "none: where an example settled is no minimum but a saddle or ridge, off which its energy falls or stays level"
	}
	return fmt.Sprintf("%.4g, at worst %.4g", k.ConditionMean, k.ConditionWorst)
}

// Write writes what was found as people read it.
func (in *Inspection) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	text := func(x *jsonfloat.Float) string {
		if x == nil {
			return ""
		}
		return fmt.Sprintf("%.4g", *x)
	}
	nodes, predictions := slices.Clone(in.Nodes), slices.Clone(in.Predictions)
	if in.Network.Chain() { // of a chain the top first
		slices.Reverse(nodes)
		slices.Reverse(predictions)
	}
	fmt.Fprintf(t, "%v\n\n", in.network)
	fmt.Fprintln(t, "node\tshape\trole\tprecision\tenergy\tresidual")
	for _, node := range nodes {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", node.Name, shape.Text(node.Shape), node.Role, precisionText(node), text(node.Energy), text(node.Residual))
	}
	fmt.Fprint(t, "\nof\tfrom\tby\tweights\tnorm\tspectral")
	if in.Predictions[0].Cosine != nil {
		fmt.Fprint(t, "\tcosine")
	}
	fmt.Fprintln(t)
	for _, p := range predictions {
		weights := strings.ReplaceAll(shape.Text(p.Shape), "×", " × ")
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Of, p.From, p.By, weights, text(p.Frobenius), text(p.Spectral), text(p.Cosine))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if s := in.Settled; s != nil {
		fmt.Fprintf(w, "examples    %s of %s, both ends clamped\n", plural.Of(s.Examples, s.Part+" example"), s.Dataset)
		fmt.Fprintf(w, "settling    %v, %s at rate %.3g: %s\n", s.Inference.Method, stepsText(s), s.InferenceRate, s.Status)
		fmt.Fprintf(w, "energy      from %.4g to %.4g an example, residual %.2g\n", s.Start, s.Energy, s.Residual)
		fmt.Fprintf(w, "rest        estimated at %.4g: %.3g %% of the fall was made\n", s.Energy-s.Left, 100**s.Reached)
		if s.Equilibrium != nil {
			fmt.Fprintf(w, "            in closed form at %.6g\n", *s.Equilibrium)
		}
		if s.TargetAlignment != nil {
			fmt.Fprintf(w, "alignment   %.4g, cosine of a step of the weights to the targets\n", *s.TargetAlignment)
		}
	}
	if k := in.Curvature; k != nil {
		how := "exact"
		if !k.Exact {
			how = "by Lanczos"
		}
		fmt.Fprintf(w, "curvature   eigenvalues %.4g to %.4g, mean %.4g to %.4g\n            of %s, %s, %s\n",
			k.LowLeast, k.HighLargest, k.LowMean, k.HighMean, plural.Of(k.Free, "free unit"), how, plural.Of(k.Examples, "example"))
		fmt.Fprintf(w, "condition   %s\n", conditionText(k))
		fmt.Fprintf(w, "safe rate   %.4g measured, the guard allows %.4g\n", k.RateMeasured, k.RateBound)
	}
	for _, what := range in.LeftOut {
		fmt.Fprintf(w, "left out    %s\n", what)
	}
	return nil
}
