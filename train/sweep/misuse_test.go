package sweep

import (
	"context"
	"io"
	"testing"

	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
)

// TestMisuse calls what a user can call with what is missing or zero: none panics.
func TestMisuse(t *testing.T) {
	if err := Each(context.Background(), 1, []Run{{}}, nil); err == nil {
		t.Error("nothing to do: no error")
	}
	if err := Each(context.Background(), -2, nil, func(context.Context, Run) error { return nil }); err != nil {
		t.Error(err)
	}
	for _, call := range []func() error{
		func() error { _, err := Load(""); return err },
		func() error { _, err := Parse("", nil); return err },
		func() error { _, err := ParseShard(""); return err },
	} {
		if call() == nil {
			t.Error("nothing to read: no error")
		}
	}
	for _, s := range []Shard{{}, {Index: 7, Count: 2}, {Index: -7, Count: -2}} {
		if runs := s.Of([]Run{{}, {}}); runs != nil {
			t.Errorf("shard %v of two runs has %v", s, runs)
		}
	}
	p := &Plan{Points: []Point{{}}, Seeds: []uint64{1, 2}}
	for _, table := range []*Table{{}, NewTable(nil, nil), NewTable(&Plan{}, make([]Outcome, 3)), NewTable(p, make([]Outcome, 1))} {
		if err := table.Write(io.Discard); err != nil {
			t.Error(err)
		}
		if err := table.WriteCSV(io.Discard); err != nil {
			t.Error(err)
		}
		report.Render(table.Panels()...)
	}
	if s := NewTable(p, make([]Outcome, 1)).Rows[0].Validation; s.Mean != nil {
		t.Errorf("a run without a score: the mean is %v", *s.Mean)
	}
	if (&Plan{}).Runs() != nil || (&Plan{}).Same(nil) || run.Mean(nil).Mean != nil {
		t.Error("a zero plan has runs")
	}
}
