package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"example.com/pcn/cmd/pcnrun/internal/cli"
	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/sealed"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train"
	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
	"example.com/pcn/train/trained"
)

// printProgress says how far a sweep is that has no table yet. Its text is no
// result: it goes where the progress of runs does.
func (s *sweeping) printProgress(missing int) error {
	if s.json {
		return cli.PrintJSON(s.app.Stdout, map[string]any{"dir": s.dir, "runs": len(s.runs), "ended": len(s.runs) - missing})
	}
	text := "when all have"
	if missing == 0 {
		text = "now"
	}
	_, err := fmt.Fprintf(s.info, "%d of %d runs have ended; 'pcnrun sweep %s' makes the table %s\n", len(s.runs)-missing, len(s.runs), s.dir, text)
	return err
}

// table returns what came of the runs, as it was written before if it was.
func (s *sweeping) table(ctx context.Context, records []*run.Record) (*sweep.Table, error) {
	d, err := run.OpenFolder(s.dir)
	for ; errors.Is(err, run.ErrInUse); d, err = run.OpenFolder(s.dir) { // another process makes the table
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err != nil {
		return nil, err
	}
	defer d.Release()
	if err := atomicfile.Clean(s.dir, sweepFile, tableFile, tableCSVFile, sweepPlotsFile); err != nil {
		return nil, err
	}
	if text, err := bounded.ReadFile(d.Path(tableFile)); err == nil {
		t := &sweep.Table{}
		if err := sealed.Unmarshal(text, t); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Path(tableFile), err)
		}
		return t, nil
	}
	outcomes := make([]sweep.Outcome, len(records))
	for i, rec := range records {
		outcomes[i] = sweep.Outcome{Accuracy: (*float64)(rec.Result.ValidationAccuracy), MSE: (*float64)(rec.Result.ValidationMSE), Diverged: rec.Result.Status == run.Diverged}
	}
	t := sweep.NewTable(s.plan, outcomes)
	if t.Winner != nil {
		if err := s.test(ctx, t.Winner); err != nil {
			return nil, err
		}
	}
	if err := report.WritePNG(d.Path(sweepPlotsFile), report.Render(t.Panels()...)); err != nil {
		return nil, err
	}
	if err := atomicfile.Write(d.Path(tableCSVFile), t.WriteCSV); err != nil {
		return nil, err
	}
	text, err := sealed.Marshal(t)
	if err != nil {
		return nil, err
	}
	return t, writeFile(d.Path(tableFile), append(text, '\n')) // last: it says that all is there
}

// test scores the models of the winner on the test part.
func (s *sweeping) test(ctx context.Context, w *sweep.Winner) error {
	var scores []float64
	for _, r := range s.runs {
		if r.Point != w.Point {
			continue
		}
		t, err := trained.Load(filepath.Join(s.path(r.Name()), run.ModelFile), r.Recipe)
		if err != nil {
			return err
		}
		sets, err := s.app.Load(t)
		if err != nil {
			return err
		}
		l, err := t.Learner()
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
	stdout := s.app.Stdout
	switch {
	case s.json:
		return cli.PrintJSON(stdout, t)
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
	terminal.Paint(stdout, terminal.Bold, text)
	if _, err := fmt.Fprintln(stdout); err != nil {
		return err
	}
	fmt.Fprintf(s.info, "wrote %s, %s and %s\n", s.path(tableFile), s.path(tableCSVFile), s.path(sweepPlotsFile))
	return nil
}

// writeFile writes a file at once.
func writeFile(path string, text []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
