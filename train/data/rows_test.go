package data

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gorgonia.org/tensor"
)

// readAll returns all rows of r, inputs and then what is learned, and what ended
// them.
func readAll(t testing.TB, r io.Reader, o RowOptions) ([][]float64, error) {
	t.Helper()
	var out [][]float64
	_, err := NewRows(r, "rows", o).Each(t.Context(), func(b *Batch) error {
		if b.First != len(out) {
			t.Errorf("first is %d after %d rows", b.First, len(out))
		}
		width := len(b.Inputs) / b.N
		for i := range b.N {
			row := slices.Clone(b.Inputs[i*width : (i+1)*width])
			if o.classes() {
				row = append(row, float64(b.Labels[i]))
			} else {
				row = append(row, b.Targets[i*o.Outputs:(i+1)*o.Outputs]...)
			}
			out = append(out, row)
		}
		return nil
	})
	return out, err
}

// named are the options for inputs a and b.
func named(outputs int, learned ...string) RowOptions {
	return RowOptions{Columns: Columns{Inputs: []string{"a", "b"}, Targets: learned}, Width: 2, Outputs: outputs}
}

// classed are the options for width inputs and a class of these names.
func classed(width int, label string, names ...string) RowOptions {
	return RowOptions{Columns: Columns{Label: label, Classes: names}, Width: width, Outputs: 1}
}

func TestRows(t *testing.T) {
	plain := func(width, outputs int, learned ...string) RowOptions {
		return RowOptions{Columns: Columns{Targets: learned}, Width: width, Outputs: outputs}
	}
	holes := named(0)
	holes.Holes = true
	ab := named(0)
	both := named(1)
	both.Label, both.Classes = "kind", []string{"h", "i, j"}
	counted := RowOptions{Columns: Columns{Inputs: []string{"0", "1"}}, Width: 2}
	for name, c := range map[string]struct {
		text string
		opts RowOptions
		want [][]float64
		err  string
	}{
		"csv":                      {"1,2\n3,4\n", plain(2, 0), [][]float64{{1, 2}, {3, 4}}, ""},
		"header, mark, space, end": {"\ufeff\r\n\"a b\",c\r\n 1 ,\t-2.5e1\r\n\r\n3,0x1p2", plain(2, 0), [][]float64{{1, -25}, {3, 4}}, ""},
		"quotes":                   {"\"1\",2\n", plain(2, 0), [][]float64{{1, 2}}, ""},
		"a header comes first":     {"1\nx\n", plain(1, 0), [][]float64{{1}}, `line 2: column 1: must be a finite number, got "x"`},
		"width":                    {"1,2\n\n3\n", plain(2, 0), [][]float64{{1, 2}}, "line 3: must have 2 fields, got 1"},
		"a comma in a field":       {"1,2\n\"1,2\"\n", plain(2, 0), [][]float64{{1, 2}}, `line 2: must have 2 fields, got 1`},
		"open quote":               {"1\n\"2\n", plain(1, 0), [][]float64{{1}}, `parse error on line 2, column 4: extraneous or missing " in quoted-field`},
		"infinite":                 {"1,inf\n", plain(2, 0), nil, `line 1: column 2: must be a finite number, got "inf"`},
		"empty field":              {"1,\n", plain(2, 0), nil, `line 1: column 2: must be a finite number, got ""`},
		"blank lines":              {"a,b\n1,2\n  \t \n3,4\n   \n", plain(2, 0), [][]float64{{1, 2}, {3, 4}}, ""},
		"blank lines of tabs":      {"a\tb\n1\t2\n\t\n", plain(2, 0), [][]float64{{1, 2}}, ""},
		"tabs":                     {"a\tb\n1\t2\n", plain(2, 0), [][]float64{{1, 2}}, ""},
		"semicolons":               {"\"a;b,,,,\";b\n1;2\n", plain(2, 0), [][]float64{{1, 2}}, ""},
		"gzip":                     {string(gzipped(t, []byte("a,b\n1,2\n"))), plain(2, 0), [][]float64{{1, 2}}, ""},
		"a break within quotes":    {"\"a\n(cm)\",b\n1,2\n3,x\n", plain(2, 0), [][]float64{{1, 2}}, `line 4: column 2 ("b"): must be a finite number`},
		"a count is a header":      {"0,1,2\n3,4,5\n", plain(3, 0), [][]float64{{3, 4, 5}}, ""},
		"two are none":             {"0,1\n3,4\n", plain(2, 0), [][]float64{{0, 1}, {3, 4}}, ""},

		"arrays":                {"[1, 2]\n\n [3,4.5e-1]", plain(2, 0), [][]float64{{1, 2}, {3, 0.45}}, ""},
		"arrays over lines":     {"[1,\n2]\n[3,4]", plain(2, 0), [][]float64{{1, 2}, {3, 4}}, ""},
		"objects":               {`{"input":[1,2],"id":"a","label":"x"}` + "\n" + `{"x":[3,4]}`, plain(2, 0), [][]float64{{1, 2}, {3, 4}}, ""},
		"no array in an object": {`{"x":5}`, plain(1, 0), [][]float64{{5}}, ""},
		"csv after an array":    {"[1]\n2\n", plain(1, 0), [][]float64{{1}}, "row 2: must be a JSON array or object, got 2"},
		"array among csv":       {"1\n[2]\n", plain(1, 0), [][]float64{{1}}, `line 2: column 1: must be a finite number, got "[2]"`},
		"an array in an array":  {"[1,[2]]", plain(2, 0), nil, `row 1: column 2: must be a finite number, got "[2]"`},
		"text in an array":      {`[1,"b"]`, plain(2, 0), nil, `row 1: column 2: must be a finite number, got "b"`},
		"open array":            {"[1", plain(1, 0), nil, `row 1: must be a JSON array or object: unexpected EOF`},
		"no numbers":            {"[]", plain(2, 0), nil, "row 1: must have at least 1 columns, inputs and 0 to learn, got 0"},
		"an element too few":    {"[1,2]\n[1]", plain(2, 0), [][]float64{{1, 2}}, "row 2: must have 2 fields, got 1"},
		"no input":              {`{"z":[1]}`, plain(1, 0), nil, `row 1: must have one member of "input", "x", got 0`},
		"null":                  {`{"x":null}`, plain(1, 0), nil, `row 1: column 1: must be a finite number, got ""`},
		"two inputs":            {`{"x":[1],"input":[1]}`, plain(1, 0), nil, `row 1: must have one member of "input", "x", got 2`},
		"short input":           {`{"x":[1]}`, plain(2, 0), nil, `row 1: must have 2 fields, got 1 and 0`},

		"targets last":          {"1,2,3\n", plain(1, 2), [][]float64{{1, 2, 3}}, ""},
		"targets by name":       {"a,b,c\n1,2,3\n", plain(1, 2, "c", "a"), [][]float64{{2, 3, 1}}, ""},
		"targets by place":      {"1,2,3\n", plain(2, 1, "1"), [][]float64{{2, 3, 1}}, ""},
		"left out by place":     {"1,2,3\n", plain(2, 0, "1"), [][]float64{{2, 3}}, ""},
		"column not there":      {"a,b\n1,2\n", plain(1, 1, "z"), nil, `line 1: no column "z": must have "z", got "a", "b"`},
		"column without header": {"1,2\n", plain(1, 1, "z"), nil, `line 1: no column "z", since there is no header: must be a place, 1 to 2`},
		"column twice":          {"1,2\n", plain(1, 2, "1", "1"), nil, `line 1: column 1 is asked for twice`},
		"no target":             {"1\n", plain(1, 1), nil, "line 1: must have at least 2 columns, inputs and 1 to learn, got 1"},
		"a header too long":     {"a,b,c\n1,2\n", plain(1, 1, "c"), nil, "line 1: must have 2 fields, 1 inputs and 1 to learn, got 3"},

		"no class":               {"1\n", classed(1, "", "0", "1"), nil, "line 1: must have at least 2 columns"},
		"class too large":        {"1,3\n", classed(1, "", "0", "1", "2"), nil, `line 1: column 2: must be one of the classes "0", "1", "2", got "3"`},
		"half a class":           {"l,x\n0.5,1\n", classed(1, "L", "0", "1"), nil, `line 2: column 1 ("l"): must be one of the classes "0", "1", got "0.5"`},
		"a number's other text":  {"1,0.0\n2,1e0\n", classed(1, "", "0", "1"), [][]float64{{1, 0}, {2, 1}}, ""},
		"labels of objects":      {`{"input":[1],"label":2}` + "\n" + `{"y":[1],"x":[3]}`, classed(1, "", "0", "1", "2"), [][]float64{{1, 2}, {3, 1}}, ""},
		"targets of objects":     {`{"input":[1],"target":[2,3]}`, plain(1, 2), [][]float64{{1, 2, 3}}, ""},
		"an object's bad label":  {`{"input":[1],"label":-1}`, classed(1, "", "0", "1"), nil, `row 1: column 2: must be one of the classes "0", "1", got "-1"`},
		"an object's no label":   {`{"input":[1]}`, classed(1, "", "0", "1"), nil, `row 1: must have one member of "label", "target", "y", got 0`},
		"an object's two labels": {`{"input":[1],"label":1,"target":1}`, plain(1, 1), nil, `row 1: must have one member of "label", "target", "y", got 2`},
		"array with the target":  {`[1,2,0]`, plain(2, 1), [][]float64{{1, 2, 0}}, ""},
		"a class by name":        {"1,rose\n2,\"a, b\"\n", classed(1, "", "a, b", "rose"), [][]float64{{1, 1}, {2, 0}}, ""},
		"names by column":        {"kind,x\nrose,1\n", classed(1, "kind", "iris", "rose"), [][]float64{{1, 1}}, ""},
		"a name in Latin-1":      {"kind,x\nGr\xf6\xdfe,1\n", classed(1, "kind", "iris", "Größe"), [][]float64{{1, 1}}, ""},
		"names in arrays":        {`[1,"a, b"]`, classed(1, "", "rose", "a, b"), [][]float64{{1, 1}}, ""},
		"no name in an array":    {`[1,0]`, classed(1, "", "rose", "iris"), nil, `row 1: column 2: must be one of the classes "rose", "iris", got "0"`},
		"names of objects":       {`{"x":[1],"label":"iris"}` + "\n" + `{"x":[2],"y":"rose"}`, classed(1, "", "rose", "iris"), [][]float64{{1, 1}, {2, 0}}, ""},

		"inputs by name":          {"b,a\n1,2\n", ab, [][]float64{{2, 1}}, ""},
		"inputs in place":         {"a,b\n1,2\n", ab, [][]float64{{1, 2}}, ""},
		"names in other case":     {" B ,A\n1,2\n", ab, [][]float64{{2, 1}}, ""},
		"case tells two apart":    {"A,b,a\n1,2,3\n", ab, [][]float64{{3, 2}}, ""},
		"no name of an input":     {"c,d\n1,2\n", ab, nil, `line 1: no column "a", "b": must have "a", "b", got "c", "d"`},
		"no header":               {"1,2\n", ab, [][]float64{{1, 2}}, ""},
		"an input missing":        {"b,c\n1,2\n", ab, nil, `line 1: no column "a": must have "a", "b", got "b", "c"`},
		"an input twice":          {"a,b,a\n1,2,3\n", ab, nil, `line 1: columns 1 and 3 are both named "a": names must differ`},
		"columns left out":        {"note,b,kind,a\nx,1,\"i, j\",2\n\"x\",3,,4\n", ab, [][]float64{{2, 1}, {4, 3}}, ""},
		"a column is bad":         {"note,b,a\nx,1,y\n", ab, nil, `line 2: column 3 ("a"): must be a finite number, got "y"`},
		"a field too few":         {"note,b,a\nx,1\n", ab, nil, "line 2: must have 3 fields as on the first line, got 2"},
		"some names are numbers":  {"b,2020,a\n5,6,7\n", ab, [][]float64{{7, 5}}, ""},
		"neither header nor row":  {"c,2020\n5,6\n", ab, nil, `line 1: must be numbers, or a header that names "a", "b", got "c", "2020"`},
		"a count is no name":      {"0,1,2\n5,6,7\n", ab, nil, `line 1: no column "a", "b": must have "a", "b", got "0", "1", "2"`},
		"names that are numbers":  {"1,0,kind\n5,6,x\n", counted, nil, `line 1: must have 2 fields: "0", "1", got 3`},
		"all names are numbers":   {"1,0\n5,6\n", counted, [][]float64{{6, 5}}, ""},
		"holes by name":           {"b,a\n,2\n", holes, [][]float64{{2, math.NaN()}}, ""},
		"holes":                   {"1,\nNaN,2\n", holes, [][]float64{{1, math.NaN()}, {math.NaN(), 2}}, ""},
		"holes of arrays":         {`[1,null]`, holes, [][]float64{{1, math.NaN()}}, ""},
		"a target by name":        {"y,b,z,a\n1,2,3,4\n", named(1, "z"), [][]float64{{4, 2, 3}}, ""},
		"the last but inputs":     {"y,b,z,a\n1,2,3,4\n", named(1), [][]float64{{4, 2, 3}}, ""},
		"no target by name":       {"b,a\n1,2\n", named(1), nil, "line 1: must have at least 2 columns, inputs and 1 to learn, got 2"},
		"an input as target":      {"b,a,y\n1,2,3\n", named(1, "a"), nil, `line 1: column 2 ("a") is asked for twice`},
		"a class by its column":   {"kind,b,a\n\"i, j\",1,2\n", both, [][]float64{{2, 1, 1}}, ""},
		"members":                 {`{"b":1,"a":2,"z":"x"}` + "\n" + `{"x":[3,4]}`, ab, [][]float64{{2, 1}, {3, 4}}, ""},
		"a member missing":        {`{"b":1}`, ab, nil, `row 1: no member "a": must have "a", "b", or "input"`},
		"a member that is text":   {`{"b":1,"a":"c"}`, ab, nil, `row 1: column 1 ("a"): must be a finite number, got "c"`},
		"a member with its class": {`{"b":1,"a":2,"kind":"i, j"}`, both, [][]float64{{2, 1, 1}}, ""},
		"no member asked for":     {`{"a":1,"b":1}`, named(1, "y"), nil, `row 1: no member "y" to learn`},
		"a member's bad class":    {`{"a":1,"b":2,"kind":"k"}`, both, nil, `row 1: column 3: must be one of the classes "h", "i, j", got "k"`},

		"nothing":     {"\n\n", plain(2, 0), nil, "must have rows of numbers, got none"},
		"a long line": {"1\n" + strings.Repeat(" ", maxRecordBytes+textBuffer) + "\n", plain(1, 0), [][]float64{{1}}, "a line longer than 4194304 bytes"},
	} {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			if how != "whole" && len(c.text) > 1000 {
				continue
			}
			got, err := readAll(t, r, c.opts)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "data: rows: "+c.err)) {
				t.Errorf("%s, %s: got error %v, want %q", name, how, err, c.err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s, %s: (-want +got)\n%s", name, how, diff)
			}
		}
	}
}

// TestRowsFailingReader keeps the rows before a reader fails.
func TestRowsFailingReader(t *testing.T) {
	broken := errors.New("broken")
	got, err := readAll(t, io.MultiReader(strings.NewReader("1\n2\n"), iotest.ErrReader(broken)), RowOptions{Width: 1})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "data: rows: ") || len(got) != 2 {
		t.Errorf("got %v and error %v", got, err)
	}
}

// TestRowsPause: rows that are there are used while the next is slow to come, also
// when a part of it is there.
func TestRowsPause(t *testing.T) {
	r, w := io.Pipe()
	used := make(chan int)
	done := make(chan error)
	go func() {
		_, err := NewRows(r, "rows", RowOptions{Width: 1}).Each(t.Context(), func(b *Batch) error {
			used <- b.First + b.N
			return nil
		})
		done <- err
	}()
	for i, text := range []string{"1\n2\n3", "\n4", "\n"} {
		io.WriteString(w, text)
		select {
		case n := <-used:
			if want := i + 2; n != want {
				t.Errorf("%d rows are used, want %d", n, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q: no row is used", text)
		}
	}
	w.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestRowsAllocations: a number costs no memory of its own.
func TestRowsAllocations(t *testing.T) {
	const rows = 1000
	line := strings.TrimSuffix(strings.Repeat("-0.12345678,", 64), ",")
	for name, text := range map[string]string{"csv": line + "\n", "json": "[" + line + "]\n"} {
		all := strings.Repeat(text, rows)
		n := testing.AllocsPerRun(3, func() {
			reader, err := newRowReader(strings.NewReader(all), "rows", RowOptions{Width: 64})
			if err != nil {
				t.Fatal(err)
			}
			for b := new(Batch); reader.next(b) == nil; b.Inputs = b.Inputs[:0] {
			}
		})
		if n > 4*rows+100 {
			t.Errorf("%s: %v allocations for %d rows", name, n, rows)
		}
	}
}

// TestTransformTensor: numbers are rounded once they are scaled, and what was scaled
// comes back as it was.
func TestTransformTensor(t *testing.T) {
	times := []float64{1700000000, 1700000020, 1700000040, 1700000060}
	tr := Transform{Shift: []float64{1700000030}, Scale: []float64{1. / 20}}
	x, err := tr.Tensor(tensor.Float32, times, 1)
	if err != nil || !slices.Equal(x.Float32s(), []float32{-1.5, -.5, .5, 1.5}) {
		t.Errorf("got %v, %v", x, err)
	}
	raw, err := tr.Undo(x)
	if err != nil || !slices.Equal(raw.Float64s(), times) {
		t.Errorf("got %v, %v", raw, err)
	}
	if _, err := (Transform{}).Tensor(tensor.Float32, []float64{1, 1e39}, 2); err == nil || !strings.Contains(err.Error(), "column 2: must be a number within float32 once scaled, got 1e+39") {
		t.Errorf("got error %v", err)
	}
}

// FuzzRows reads anything without a panic, and to the same rows however it is
// cut into reads.
func FuzzRows(f *testing.F) {
	for _, text := range []string{"a,b,c\n1,2,3\n", "[1,2,3]\n", `{"x":[1,2],"y":0}`, "\ufeff\"1\", 2,1e400", "1,2,0\r\n\r\n\"", `{"input":[1],"label":{}}`, "0,y,a\n1,2,3\n", `{"0":1,"a":2,"y":1}`, "a\t0;y\n1\t2\t3\n"} {
		f.Add(text, 0, 0)
		f.Add(text, 1, 3)
		f.Add(text, -1, 0)
	}
	f.Fuzz(func(t *testing.T, text string, targets, classes int) {
		o := RowOptions{Width: 2, Outputs: int(uint(targets) % 3)}
		if o.Outputs == 1 && classes%2 == 0 {
			o.Classes = []string{"0", "b", "c, d"}
		}
		if targets < 0 {
			o.Inputs = []string{"a", "0"}
			o.Targets = []string{"y", "z"}[:o.Outputs]
		}
		got, err := readAll(t, strings.NewReader(text), o)
		again, errAgain := readAll(t, iotest.HalfReader(strings.NewReader(text)), o)
		if diff := cmp.Diff(got, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Errorf("%s, errors %v and %v", diff, err, errAgain)
		}
		for _, row := range got {
			if len(row) != 2+o.Outputs {
				t.Errorf("row %v", row)
			}
			if slices.ContainsFunc(row, func(x float64) bool { return !finite(x) }) {
				t.Errorf("row %v", row)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	for name, field := range map[string]string{"whole": "12,", "fractions": "-0.12345678,"} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(strings.TrimSuffix(strings.Repeat(field, 64), ",")+"\n", 1000)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := NewRows(strings.NewReader(text), "b", RowOptions{Width: 64}).Each(b.Context(), func(*Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
