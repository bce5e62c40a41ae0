package inspect

import (
	"math"
	"strings"
	"testing"

	"example.com/pcn/internal/jsonfloat"
)

// TestCondition: at a saddle there is no condition number to print.
func TestCondition(t *testing.T) {
	if got := conditionText(&Curvature{LowLeast: 0.5, ConditionMean: 4, ConditionWorst: 8}); got != "4, at worst 8" {
		t.Errorf("at a minimum: %s", got)
	}
	inf := jsonfloat.Float(math.Inf(1))
	if got := conditionText(&Curvature{LowLeast: -0.5, ConditionMean: inf, ConditionWorst: inf}); !strings.HasPrefix(got, "none: ") || !strings.Contains(got, "saddle") {
		t.Errorf("at a saddle: %s", got)
	}
}
