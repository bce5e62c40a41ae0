package model

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/pcn/internal/dense"
)

// TestSettlingBeginsFromTheKnownSide: a network whose nodes are predicted from both sides
// begins where the predictions that come from what is clamped leave no error.
func TestSettlingBeginsFromTheKnownSide(t *testing.T) {
	n, err := New(Config{Network: "bidirectional depth=3 width=5 down=0.5", Layers: []int{4, 3}, Dtype: Float64, Seed: 1})
	must(t, err)
	input, target := randomBatch(1, Float64, 2, 4), randomBatch(2, Float64, 2, 3)
	for _, c := range []struct {
		clamps Clamps
		want   []string
	}{
		{n.Clamp(input, nil), []string{"input to hidden1", "hidden1 to hidden2", "hidden2 to hidden3", "hidden3 to target"}},
		{n.Clamp(nil, target), []string{"hidden1 to input", "hidden2 to hidden1", "hidden3 to hidden2", "target to hidden3"}},
		{n.Clamp(input, target), []string{"input to hidden1", "hidden1 to hidden2", "hidden2 to hidden3"}},
	} {
		for _, m := range []Method{Gradient, GaussSeidel} { // of one turn, and of several
			r, err := n.Settle(context.Background(), c.clamps, Inference{Method: m, Steps: 1, Rate: 1e-13, Unguarded: true})
			must(t, err)
			var got []string
			for i, p := range n.Spec().Predictions {
				if dense.Dot(r.Errors[i], r.Errors[i]) < 1e-18 {
					got = append(got, p.Edges[0].From[0]+" to "+p.Of)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%v: no error is left by (-want +got)\n%s", m, diff)
			}
		}
	}
}
