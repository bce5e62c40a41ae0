package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/sealed"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/sweep"
)

// table returns what came of the runs, as it was written before if it was.
func (s *sweeping) table(ctx context.Context, outcomes []sweep.Outcome) (*sweep.Table, error) {
	release, err := s.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := atomicfile.Clean(s.Dir, sweepFile, tableFile, tableCSVFile, sweepPlotsFile); err != nil {
		return nil, err
	}
	if text, err := bounded.ReadFile(s.Path(tableFile)); err == nil {
		t := &sweep.Table{}
		if err := sealed.Unmarshal(text, t); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Path(tableFile), err)
		}
		return t, nil
	}
	t := sweep.NewTable(s.Plan, outcomes)
	if t.Winner != nil {
		if err := s.test(ctx, t.Winner); err != nil {
			return nil, err
		}
	}
	if err := report.WritePNG(s.Path(sweepPlotsFile), report.Render(t.Panels()...)); err != nil {
		return nil, err
	}
	if err := atomicfile.Write(s.Path(tableCSVFile), t.WriteCSV); err != nil {
		return nil, err
	}
	text, err := sealed.Marshal(t)
	if err != nil {
		return nil, err
	}
	return t, writeFile(s.Path(tableFile), append(text, '\n')) // last: it says that all is there
}

// test scores the models of the winner on the test part.
func (s *sweeping) test(ctx context.Context, w *sweep.Winner) error {
	var scores []float64
	for _, r := range s.Plan.Runs() {
		if r.Point != w.Point {
			continue
		}
		t, err := reopen(filepath.Join(s.Path(r.Name()), modelFile), r.Recipe)
		if err != nil {
			return err
		}
		sets, err := t.load(s.app.warn)
		if err != nil {
			return err
		}
		l, err := train.NewPCN(t.network, nil, r.Recipe.Inference, &train.SGD{})
		if err != nil {
			return err
		}
		score, err := train.Evaluate(ctx, l, sets.Test)
		if err != nil {
			return err
		}
		if w.Examples = score.Examples; sets.Test.Classes > 0 {
			scores = append(scores, score.Accuracy)
		} else {
			scores = append(scores, score.MSE)
		}
	}
	w.Test = sweep.Mean(scores)
	return nil
}

// print prints the table.
func (s *sweeping) print(t *sweep.Table) error {
	stdout := s.app.stdout
	switch {
	case s.json:
		return printJSON(stdout, t)
	case s.csv:
		return t.WriteCSV(stdout)
	}
	if err := t.Write(stdout); err != nil {
		return err
	}
	text := "no point has a score: the energy of a run of each was no longer a number"
	if w := t.Winner; w != nil {
		text = fmt.Sprintf("point %d is best: test %s %s on %s", w.Point, t.ScoreName(), t.Text(w.Test), plural.Of(w.Examples, "example"))
	}
	paint(stdout, bold, text)
	if _, err := fmt.Fprintln(stdout); err != nil {
		return err
	}
	fmt.Fprintf(s.info, "wrote %s, %s and %s\n", s.Path(tableFile), s.Path(tableCSVFile), s.Path(sweepPlotsFile))
	return nil
}

// writeFile writes a file at once.
func writeFile(path string, text []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
