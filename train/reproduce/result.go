package reproduce

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/train/report"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// Result is what came of a table.
type Result struct {
	Table string `json:"table"`
	Head
	Quick   bool     `json:"quick"`
	Columns []Column `json:"columns"`
	Seeds   []uint64 `json:"seeds"`
	Rows    []Row    `json:"rows"`
}

// Row is what came of a row.
type Row struct {
	Name      string           `json:"name"`
	Line      string           `json:"line,omitempty"`
	At        float64          `json:"at,omitempty"`
	Scores    []run.Score      `json:"scores"` // one for each of Result.Columns
	Published *jsonfloat.Float `json:"published,omitempty"`
	Seconds   run.Score        `json:"seconds"` // of learning
	Diverged  int              `json:"diverged"`
	Error     string           `json:"error,omitempty"` // why the row could not be run
}

// NewResult measures the outcomes of the table's runs, one for each seed of each row in their
// order.
func (t *Table) NewResult(ctx context.Context, o Options, outcomes []sweep.Outcome) (*Result, error) {
	res := &Result{Table: t.Name, Head: t.Head, Quick: o.Quick, Columns: t.measure.columns, Seeds: t.Plan.Seeds}
	for i, spec := range t.Rows {
		row := Row{Name: spec.Name, Line: spec.Line, At: spec.At}
		if spec.Published != 0 {
			row.Published = (*jsonfloat.Float)(&spec.Published)
		}
		figures := make([][]float64, len(res.Columns))
		var seconds []float64
		for j, run := range t.Plan.RunsOf(t.Plan.Points[i]) {
			out := outcomes[i*len(res.Seeds)+j]
			if out.Err != nil {
				row.Error = out.Err.Error()
				break
			}
			if out.Diverged {
				row.Diverged++
			}
			of, err := t.measure.of(ctx, run, out)
			if err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", spec.Name, run.Seed, err)
			}
			for k, x := range of {
				figures[k] = append(figures[k], x)
			}
			took := 0.0
			for _, e := range out.Epochs {
				took += e.Seconds
			}
			seconds = append(seconds, took)
		}
		if row.Error == "" {
			row.Seconds = run.Mean(seconds)
		}
		for _, of := range figures {
			if row.Error != "" {
				of = nil
			}
			row.Scores = append(row.Scores, run.Mean(of))
		}
		res.Rows = append(res.Rows, row)
	}
	return res, nil
}

// Failed is how many rows could not be run.
func (r *Result) Failed() int {
	n := 0
	for _, row := range r.Rows {
		if row.Error != "" {
			n++
		}
	}
	return n
}

// shown returns which columns any row has a figure for.
func (r *Result) shown() (columns []int) {
	for k := range r.Columns {
		if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Scores[k].Mean != nil }) {
			columns = append(columns, k)
		}
	}
	return columns
}

// text returns a score of a column as people read it.
func (c Column) text(s run.Score) string {
	if s.Mean == nil {
		return "-"
	}
	text := fmt.Sprintf("%.*f", c.Digits, float64(*s.Mean))
	if s.StandardError != nil {
		text += fmt.Sprintf(" ± %.*f", c.Digits, float64(*s.StandardError))
	}
	return text
}

// head returns the name of a column with its unit.
func (c Column) head() string {
	if c.Unit == "" {
		return c.Name
	}
	return c.Name + " (" + c.Unit + ")"
}

// Write writes the table as people read it.
func (r *Result) Write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\npublished: %s; %s\nhere:      %s\n\n", r.Title, r.Source, r.Theirs, r.Ours); err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	published := slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Published != nil })
	fmt.Fprint(tab, "row")
	for _, k := range r.shown() {
		fmt.Fprint(tab, "\t", r.Columns[k].head())
		if published && r.Columns[k].Published {
			fmt.Fprint(tab, "\tpublished")
		}
	}
	fmt.Fprintln(tab, "\truns\tseconds of learning")
	for _, row := range r.Rows {
		fmt.Fprint(tab, row.Name)
		for _, k := range r.shown() {
			c := r.Columns[k]
			fmt.Fprint(tab, "\t", c.text(row.Scores[k]))
			if published && c.Published {
				fmt.Fprint(tab, "\t", publishedText(c, row.Published))
			}
		}
		runs := fmt.Sprint(len(r.Seeds))
		switch {
		case row.Error != "":
			runs = "-"
		case row.Diverged > 0:
			runs += fmt.Sprintf(", %d diverged", row.Diverged)
		}
		fmt.Fprintf(tab, "\t%s\t%s\n", runs, Column{Digits: 1}.text(row.Seconds))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, row := range r.Rows {
		if row.Error == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s could not be run: %s\n", row.Name, strings.ReplaceAll(row.Error, "\n", "; ")); err != nil {
			return err
		}
	}
	return nil
}

// publishedText returns a published figure as people read it, with the digits that it has.
func publishedText(c Column, x *jsonfloat.Float) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f", c.Digits, float64(*x))
}

// Panels draws a panel for each column but references: rows side by side, or along lines
// where they have such, with the published figures or the reference beside.
func (r *Result) Panels() (panels []*report.Panel) {
	for _, k := range r.shown() {
		if k == 0 || r.Columns[k-1].Reference == "" {
			panels = append(panels, r.panel(k))
		}
	}
	return panels
}

// panel draws column k.
func (r *Result) panel(k int) *report.Panel {
	c := r.Columns[k]
	if !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Line == "" }) {
		return r.lines(k)
	}
	var names []string
	var ours, theirs []report.Point
	other := "published"
	for i, row := range r.Rows {
		names = append(names, row.Name)
		ours = point(ours, i, row.Scores[k])
		switch {
		case c.Reference != "":
			other = c.Reference
			theirs = point(theirs, i, row.Scores[k+1])
		case row.Published != nil && c.Published:
			theirs = append(theirs, report.Point{X: float64(i), Y: float64(*row.Published)})
		}
	}
	return report.Beside(c.Name+", mean ± standard error", "row", c.head(), names, ours, theirs, other)
}

// point adds the point of a score, where there is one, at place i.
func point(to []report.Point, i int, s run.Score) []report.Point {
	if s.Mean == nil {
		return to
	}
	pt := report.Point{X: float64(i), Y: float64(*s.Mean)}
	if s.StandardError != nil {
		pt.Error = float64(*s.StandardError)
	}
	return append(to, pt)
}

// lines draws column k along the lines of the rows.
func (r *Result) lines(k int) *report.Panel {
	var lines []report.Line
	add := func(name string, at float64, s run.Score) {
		i := slices.IndexFunc(lines, func(l report.Line) bool { return l.Name == name })
		if i < 0 {
			i, lines = len(lines), append(lines, report.Line{Name: name})
		}
		y := math.NaN()
		if s.Mean != nil {
			y = float64(*s.Mean)
		}
		lines[i].X, lines[i].Y = append(lines[i].X, at), append(lines[i].Y, y)
	}
	for _, row := range r.Rows {
		add(row.Line, row.At, row.Scores[k])
	}
	if name := r.Columns[k].Reference; name != "" {
		for _, row := range r.Rows {
			if row.Line == r.Rows[0].Line { // it is the same for all
				add(name, row.At, row.Scores[k+1])
			}
		}
	}
	return report.Lines(r.Columns[k].Name, r.Along, r.Columns[k].head(), lines...)
}

// Save writes r, and a picture of it, to files in the folder of d, whose names it returns.
func (r *Result) Save(ctx context.Context, d *sweep.Driver) (file, picture string, err error) {
	file, picture = "result.json", "result.png"
	if r.Quick {
		file, picture = "quick.json", "quick.png"
	}
	release, err := d.Lock(ctx)
	if err != nil {
		return "", "", err
	}
	defer release()
	if err := atomicfile.Clean(d.Dir, TableFile, file, picture); err != nil {
		return "", "", err
	}
	if err := report.WritePNG(d.Path(picture), report.Render(r.Panels()...)); err != nil {
		return "", "", err
	}
	return file, picture, atomicfile.Write(d.Path(file), func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}
