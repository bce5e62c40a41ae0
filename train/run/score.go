package run

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"example.com/pcn/internal/jsonfloat"
)

// Score is a mean over runs.
type Score struct {
	Mean *jsonfloat.Float `json:"mean"` // null where a run has none
	// StandardError is the standard deviation of the runs over the root of their
	// number, null for a single run.
	StandardError *jsonfloat.Float `json:"standard_error"`
}

// Mean returns the mean of scores, which is none unless all are finite, and its
// standard error.
func Mean(scores []float64) Score {
	mean, deviation := stat.MeanStdDev(scores, nil)
	if len(scores) == 0 || math.IsNaN(mean) || math.IsInf(mean, 0) {
		return Score{}
	}
	s := Score{Mean: (*jsonfloat.Float)(&mean)}
	if len(scores) > 1 {
		e := stat.StdErr(deviation, float64(len(scores)))
		s.StandardError = (*jsonfloat.Float)(&e)
	}
	return s
}

// Text returns an accuracy, or a mean squared error, as people read it.
func (s Score) Text(accuracy bool) string {
	if s.Mean == nil {
		return "-"
	}
	factor, format := 1.0, "%.4g"
	if accuracy {
		factor, format = 100, "%.2f"
	}
	text := fmt.Sprintf(format, factor*float64(*s.Mean))
	if s.StandardError != nil {
		text += fmt.Sprintf(" ± "+strings.Replace(format, "4", "2", 1), factor*float64(*s.StandardError))
	}
	if accuracy {
		text += " %"
	}
	return text
}
