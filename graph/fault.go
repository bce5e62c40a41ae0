package graph

import (
	"errors"
	"fmt"
	"strings"

	"example.com/pcn/graph/linear"
)

// Fault is one thing that is wrong with a [Spec], and where it is there.
type Fault struct {
	Node       int // by its place in Spec.Nodes; −1 where it is of none
	Prediction int // by its place in Spec.Predictions; −1 where it is of none
	Text       string
}

// Error names the node or the prediction, and says what was wished.
func (f *Fault) Error() string { return "graph: " + f.Text }

type faults []error

// of returns what notes a fault of that node or prediction.
func (f *faults) of(node, prediction int) func(format string, a ...any) {
	return func(format string, a ...any) {
		*f = append(*f, &Fault{node, prediction, fmt.Sprintf(format, a...)})
	}
}

func (f faults) err() error { return errors.Join(f...) }

// shapes lists parameters by name with their shapes.
func shapes(of []linear.Parameter) string {
	if len(of) == 0 {
		return "none"
	}
	var s []string
	for _, p := range of {
		s = append(s, p.Name+" "+strings.Join(strings.Fields(strings.Trim(fmt.Sprint(p.Shape), "[]")), " × "))
		if p.ZeroDiagonal {
			s[len(s)-1] += " of a zero diagonal"
		}
	}
	return strings.Join(s, ", ")
}
