package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gorgonia.org/tensor"

	"example.com/pcn/model"
)

// readAll returns all rows of r, and what ended them.
func readAll(t testing.TB, r io.Reader, p rowParser) ([][]float64, error) {
	t.Helper()
	s := newRows(r, "rows", p.width, model.Float64)
	p.limit = s.parser.limit
	s.parser = p
	var out [][]float64
	_, err := s.eachPair(t.Context(), model.Float64, func(inputs *tensor.Dense, targets []float64) error {
		for i, row := range model.Rows(inputs) {
			out = append(out, append(row, targets[i*p.targets:(i+1)*p.targets]...))
		}
		return nil
	})
	return out, err
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		parser rowParser
		want   [][]float64
		err    string
	}{
		"csv":                      {"1,2\n3,4\n", rowParser{width: 2}, [][]float64{{1, 2}, {3, 4}}, ""},
		"header, mark, space, end": {"\ufeff\r\n\"a b\",c\r\n 1 ,\t-2.5e1\r\n\r\n3,0x1p2", rowParser{width: 2}, [][]float64{{1, -25}, {3, 4}}, ""},
		"quotes":                   {"\"1\",2\n", rowParser{width: 2}, [][]float64{{1, 2}}, ""},
		"a header comes first":     {"1\nx\n", rowParser{width: 1}, [][]float64{{1}}, `rows: line 2: column 1: want a finite number, got "x"`},
		"width":                    {"1,2\n\n3\n", rowParser{width: 2}, [][]float64{{1, 2}}, "rows: line 3: want 2 numbers, got 1"},
		"a comma in a field":       {"1,2\n\"1,2\"\n", rowParser{width: 2}, [][]float64{{1, 2}}, `rows: line 2: column 1: want a finite number, got "1,2"`},
		"open quote":               {"1\n\"2\n", rowParser{width: 1}, [][]float64{{1}}, `rows: line 2: extraneous or missing " in quoted-field`},
		"infinite":                 {"1,inf\n", rowParser{width: 2}, nil, `rows: line 1: column 2: want a finite number, got "inf"`},
		"empty field":              {"1,\n", rowParser{width: 2}, nil, `rows: line 1: column 2: want a finite number, got ""`},
		"arrays":                   {"[1, 2]\n\n [3,4.5e-1]", rowParser{width: 2}, [][]float64{{1, 2}, {3, 0.45}}, ""},
		"objects":                  {`{"input":[1,2],"id":"a","label":"x"}` + "\n" + `{"x":[3,4]}`, rowParser{width: 2}, [][]float64{{1, 2}, {3, 4}}, ""},
		"no array in an object":    {`{"x":5}`, rowParser{width: 1}, [][]float64{{5}}, ""},
		"csv after an array":       {"[1]\n2\n", rowParser{width: 1}, [][]float64{{1}}, "rows: line 2: want a JSON array of numbers"},
		"array among csv":          {"1\n[2]\n", rowParser{width: 1}, [][]float64{{1}}, `rows: line 2: column 1: want a finite number, got "[2]"`},
		"an array in an array":     {"[1,[2]]", rowParser{width: 2}, nil, `rows: line 1: element 2: want a finite number, got "[2]"`},
		"text in an array":         {`[1,"2"]`, rowParser{width: 2}, nil, `rows: line 1: element 2: want a finite number, got "\"2\""`},
		"open array":               {"[1", rowParser{width: 1}, nil, `rows: line 1: want a JSON array of numbers, got "[1"`},
		"no numbers":               {"[]", rowParser{width: 2}, nil, "rows: line 1: want 2 numbers, got 1"},
		"no input":                 {`{"z":[1]}`, rowParser{width: 1}, nil, `rows: line 1: want a member "input" or "x"`},
		"null":                     {`{"x":null}`, rowParser{width: 1}, nil, `rows: line 1: "x": element 1: want a finite number, got "null"`},
		"two inputs":               {`{"x":[1],"input":[1]}`, rowParser{width: 1}, nil, `rows: line 1: want one of "input" and "x", got both`},
		"short input":              {`{"x":[1]}`, rowParser{width: 2}, nil, `rows: line 1: "x": want 2 numbers, got 1`},

		"targets last":           {"1,2,3\n", rowParser{width: 1, targets: 2}, [][]float64{{1, 2, 3}}, ""},
		"targets by name":        {"a,b,c\n1,2,3\n", rowParser{width: 1, targets: 2, columns: []string{"c", "a"}}, [][]float64{{2, 3, 1}}, ""},
		"targets by place":       {"1,2,3\n", rowParser{width: 2, targets: 1, columns: []string{"1"}}, [][]float64{{2, 3, 1}}, ""},
		"column not there":       {"a,b\n1,2\n", rowParser{width: 1, targets: 1, columns: []string{"z"}}, nil, `rows: line 1: no column "z", the header has ["a" "b"]`},
		"column without header":  {"1,2\n", rowParser{width: 1, targets: 1, columns: []string{"z"}}, nil, `rows: line 1: no column "z": there is no header, want a place 1 to 2`},
		"column twice":           {"a,b\n", rowParser{width: 1, targets: 2, columns: []string{"a", "1"}}, nil, `rows: line 1: column "1" is named twice`},
		"columns of objects":     {`{"x":[1],"y":[1]}`, rowParser{width: 1, targets: 1, columns: []string{"1"}}, nil, `rows: line 1: columns ["1"] are named, and an object has`},
		"class too large":        {"1,3\n", rowParser{width: 1, targets: 1, classes: 3}, nil, "rows: line 1: column 2: want a class 0 to 2, got 3"},
		"half a class":           {"l,x\n0.5,1\n", rowParser{width: 1, targets: 1, classes: 3, columns: []string{"l"}}, nil, "rows: line 2: column 1: want a class 0 to 2, got 0.5"},
		"no class":               {"1\n", rowParser{width: 1, targets: 1, classes: 3}, nil, "rows: line 1: want 2 numbers, the inputs and the class, got 1"},
		"no target":              {"1\n", rowParser{width: 1, targets: 1}, nil, "rows: line 1: want 2 numbers, 1 inputs and 1 targets, got 1"},
		"labels of objects":      {`{"input":[1],"label":2}` + "\n" + `{"y":[1],"x":[3]}`, rowParser{width: 1, targets: 1, classes: 3}, [][]float64{{1, 2}, {3, 1}}, ""},
		"targets of objects":     {`{"input":[1],"target":[2,3]}`, rowParser{width: 1, targets: 2}, [][]float64{{1, 2, 3}}, ""},
		"an object's bad label":  {`{"input":[1],"label":-1}`, rowParser{width: 1, targets: 1, classes: 3}, nil, `rows: line 1: "label": want a class 0 to 2, got -1`},
		"an object's no label":   {`{"input":[1]}`, rowParser{width: 1, targets: 1, classes: 3}, nil, `rows: line 1: want a member "label", "target" or "y"`},
		"an object's two labels": {`{"input":[1],"label":1,"target":1}`, rowParser{width: 1, targets: 1}, nil, `rows: line 1: want one of "label" and "target", got both`},
		"array with the target":  {`[1,2,0]`, rowParser{width: 2, targets: 1}, [][]float64{{1, 2, 0}}, ""},
		"a class by name":        {"1,rose\n2,\"a, b\"\n", rowParser{width: 1, targets: 1, classes: 2, names: []string{"a, b", "rose"}}, [][]float64{{1, 1}, {2, 0}}, ""},
		"names by column":        {"kind,x\nrose,1\n", rowParser{width: 1, targets: 1, classes: 2, names: []string{"iris", "rose"}, columns: []string{"kind"}}, [][]float64{{1, 1}}, ""},
		"no such name":           {"1,lily\n", rowParser{width: 1, targets: 1, classes: 2, names: []string{"iris", "rose"}}, nil, `rows: line 1: column 2: want one of the classes "iris", "rose", got "lily"`},
		"names, too few":         {"1\n", rowParser{width: 1, targets: 1, classes: 2, names: []string{"iris", "rose"}}, nil, "rows: line 1: want 2 numbers, the inputs and the class, got 1"},
		"names in arrays":        {`[1,"a, b"]`, rowParser{width: 1, targets: 1, classes: 2, names: []string{"rose", "a, b"}}, [][]float64{{1, 1}}, ""},
		"no name in an array":    {`[1,0]`, rowParser{width: 1, targets: 1, classes: 2, names: []string{"rose", "iris"}}, nil, `rows: line 1: element 2: want one of the classes "rose", "iris", got "0"`},
		"names of objects":       {`{"x":[1],"label":"iris"}` + "\n" + `{"x":[2],"y":"rose"}`, rowParser{width: 1, targets: 1, classes: 2, names: []string{"rose", "iris"}}, [][]float64{{1, 1}, {2, 0}}, ""},
		"an object's no name":    {`{"x":[1],"label":"lily"}`, rowParser{width: 1, targets: 1, classes: 2, names: []string{"rose", "iris"}}, nil, `rows: line 1: "label": want one of the classes "rose", "iris", got "lily"`},

		"inputs by name":            {"b,a\n1,2\n", rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{2, 1}}, ""},
		"inputs in place":           {"a,b\n1,2\n", rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{1, 2}}, ""},
		"no name of an input":       {"c,d\n1,2\n", rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{1, 2}}, ""},
		"no header":                 {"1,2\n", rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{1, 2}}, ""},
		"an input missing":          {"b,c\n1,2\n", rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 1: the header has no "a", want all inputs of the model by name, "a", "b", or none`},
		"an input twice":            {"a,b,a\n1,2,3\n", rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 1: columns 1 and 3 are both named "a", want one`},
		"columns left out":          {"note,b,kind,a\nx,1,\"i, j\",2\n\"x\",3,,4\n", rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{2, 1}, {4, 3}}, ""},
		"a column is bad":           {"note,b,a\nx,1,y\n", rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 2: column 3: want a finite number, got "y"`},
		"a comma in a named column": {"note,b,a\nx,\"1,2\",3\n", rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 2: column 2: want a finite number, got "1,2"`},
		"a field too few":           {"note,b,a\nx,1\n", rowParser{width: 2, inputs: []string{"a", "b"}}, nil, "rows: line 2: want 3 fields, as many as the header has, got 2"},
		"names that are numbers":    {"1,0,kind\n5,6,x\n", rowParser{width: 2, inputs: []string{"0", "1"}}, [][]float64{{6, 5}}, ""},
		"holes by name":             {"b,a\n,2\n", rowParser{width: 2, inputs: []string{"a", "b"}, holes: true}, [][]float64{{2, math.NaN()}}, ""},
		"a target by name":          {"y,b,z,a\n1,2,3,4\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}, columns: []string{"z"}}, [][]float64{{4, 2, 3}}, ""},
		"a target's place":          {"y,b,z,a\n1,2,3,4\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}, columns: []string{"1"}}, [][]float64{{4, 2, 1}}, ""},
		"the target learned":        {"y,b,z,a\n1,2,3,4\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}, learned: []string{"y"}}, [][]float64{{4, 2, 1}}, ""},
		"the last but inputs":       {"y,b,z,a\n1,2,3,4\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}, learned: []string{"x"}}, [][]float64{{4, 2, 3}}, ""},
		"no target by name":         {"b,a\n1,2\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}}, nil, "rows: line 1: the header has 0 columns beside the inputs, want 1 for the targets"},
		"an input as target":        {"b,a,y\n1,2,3\n", rowParser{width: 2, targets: 1, inputs: []string{"a", "b"}, columns: []string{"a"}}, nil, `rows: line 1: column "a" is an input of the model, want a target`},
		"a target twice":            {"y,a,y\n1,2,3\n", rowParser{width: 1, targets: 1, inputs: []string{"a"}, columns: []string{"y"}}, nil, `rows: line 1: columns 1 and 3 are both named "y"`},
		"a header too long":         {"a,b,c\n1,2\n", rowParser{width: 1, targets: 1, columns: []string{"c"}}, nil, "rows: line 1: want 2 numbers, 1 inputs and 1 targets, got 3"},
		"a class by its column":     {"kind,b,a\n\"i, j\",1,2\n", rowParser{width: 2, targets: 1, classes: 2, names: []string{"h", "i, j"}, inputs: []string{"a", "b"}, learned: []string{"kind"}}, [][]float64{{2, 1, 1}}, ""},
		"members":                   {`{"b":1,"a":2,"z":"x"}` + "\n" + `{"x":[3,4]}`, rowParser{width: 2, inputs: []string{"a", "b"}}, [][]float64{{2, 1}, {3, 4}}, ""},
		"a member missing":          {`{"b":1}`, rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 1: the object has no "a"`},
		"a member that is text":     {`{"b":1,"a":"2"}`, rowParser{width: 2, inputs: []string{"a", "b"}}, nil, `rows: line 1: "a": want a finite number, got "\"2\""`},
		"a member with its target":  {`{"b":1,"a":2,"kind":"i"}`, rowParser{width: 2, targets: 1, classes: 2, names: []string{"h", "i"}, inputs: []string{"a", "b"}, learned: []string{"kind"}}, [][]float64{{2, 1, 1}}, ""},
		"a member asked for":        {`{"x":1,"kind":3,"y":2}`, rowParser{width: 1, targets: 1, inputs: []string{"x"}, columns: []string{"y"}, learned: []string{"kind"}}, [][]float64{{1, 2}}, ""},
		"no member asked for":       {`{"x":1}`, rowParser{width: 1, targets: 1, inputs: []string{"x"}, columns: []string{"y"}}, nil, `rows: line 1: want a member "y"`},
		"which member":              {`{"x":1,"y":2}`, rowParser{width: 1, targets: 1, inputs: []string{"x"}}, nil, "rows: line 1: which member is the target?"},
		"a member's bad class":      {`{"x":1,"y":2}`, rowParser{width: 1, targets: 1, classes: 2, inputs: []string{"x"}, learned: []string{"y"}}, nil, `rows: line 1: "y": want a class 0 to 1, got 2`},

		"nothing":     {"\n\n", rowParser{width: 2}, nil, ""},
		"a long line": {"1\n" + strings.Repeat(" ", maxLineBytes+1) + "\n", rowParser{width: 1}, [][]float64{{1}}, "rows: line 2: longer than 4194304 bytes"},
	} {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			if how != "whole" && len(c.text) > 1000 {
				continue
			}
			got, err := readAll(t, r, c.parser)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)) {
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
	got, err := readAll(t, io.MultiReader(strings.NewReader("1\n2\n"), iotest.ErrReader(broken)), rowParser{width: 1})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "rows: line 3: ") || len(got) != 2 {
		t.Errorf("got %v and error %v", got, err)
	}
}

// TestRowsAllocations: a number costs no memory of its own, read or written.
func TestRowsAllocations(t *testing.T) {
	p := rowParser{width: 64, limit: math.MaxFloat32}
	line := bytes.Repeat([]byte("-0.12345678,"), 64)
	line = line[:len(line)-1]
	array := []byte("[" + string(line) + "]")
	longer := []byte(string(line) + ",text")
	named := rowParser{width: 64, limit: math.MaxFloat32}
	for i := range 64 {
		named.inputs = append(named.inputs, fmt.Sprint("x", 63-i))
	}
	row := make([]float64, 0, 64)
	text := make([]byte, 0, 2000)
	header := strings.Split("note,"+strings.Join(named.inputs, ","), ",")
	slices.Reverse(header)
	must(named.parse(nil, []byte(strings.Join(header, ","))))
	for name, use := range map[string]func(){
		"csv":   func() { row = must(p.parse(row[:0], line)) },
		"named": func() { row = must(named.parse(row[:0], longer)) },
		"json": func() {
			row = must((&rowParser{width: 64, limit: 1, began: true, format: jsonRows}).parse(row[:0], array))
		},
		"format": func() { text = appendRow(text[:0], row, model.Float32) },
	} {
		if n := testing.AllocsPerRun(100, use); n > 2 {
			t.Errorf("%s: %v allocations for 64 numbers", name, n)
		}
	}
}

func BenchmarkParseRow(b *testing.B) {
	for name, field := range map[string]string{"whole": "12,", "fractions": "-0.12345678,"} {
		b.Run(name, func(b *testing.B) {
			p := rowParser{width: 64, limit: math.MaxFloat32}
			line := []byte(strings.TrimSuffix(strings.Repeat(field, 64), ","))
			var row []float64
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				row = must(p.parse(row[:0], line))
			}
		})
	}
}

// FuzzRows reads anything without a panic, and to the same rows however it is
// cut into reads.
func FuzzRows(f *testing.F) {
	for _, text := range []string{"a,b,c\n1,2,3\n", "[1,2,3]\n", `{"x":[1,2],"y":0}`, "\ufeff\"1\", 2,1e400", "1,2,0\r\n\r\n\"", `{"input":[1],"label":{}}`, "0,y,a\n1,2,3\n", `{"0":1,"a":2,"y":1}`} {
		f.Add(text, 0, 0)
		f.Add(text, 1, 3)
		f.Add(text, -1, 0)
	}
	f.Fuzz(func(t *testing.T, text string, targets, classes int) {
		p := rowParser{width: 2, targets: int(uint(targets) % 3)}
		if p.targets == 1 {
			p.classes = int(uint(classes) % 4)
		}
		if targets < 0 {
			p.inputs, p.learned = []string{"a", "0"}, []string{"y"}
		}
		if p.classes == 3 {
			p.names = []string{"0", "b", "c, d"}
		}
		got, err := readAll(t, strings.NewReader(text), p)
		again, errAgain := readAll(t, iotest.HalfReader(strings.NewReader(text)), p)
		if diff := cmp.Diff(got, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Errorf("%s, errors %v and %v", diff, err, errAgain)
		}
		for _, row := range got {
			if len(row) != 2+p.targets {
				t.Errorf("row %v", row)
			}
			for _, x := range row {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Errorf("row %v", row)
				}
			}
		}
	})
}

// trainedSine returns the path of a small model of one input.
func trainedSine(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sine")
	if code := run(t.Context(), []string{"train", "sine", "--epochs", "1", "-q", "--out", dir}, nil, io.Discard, os.Stderr); code != exitOK {
		t.Fatalf("train: exit code %d", code)
	}
	return filepath.Join(dir, modelFile)
}

// TestPredictInteractively: each row of a slow pipe is answered before the next
// is written, and an interrupt ends the wait for one with 130.
func TestPredictInteractively(t *testing.T) {
	cmd := exec.Command("pcnrun", "predict", trainedSine(t))
	stdin := must(cmd.StdinPipe())
	stdout := bufio.NewScanner(must(cmd.StdoutPipe()))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	for range 3 {
		io.WriteString(stdin, "1.5\n0.")
		if !stdout.Scan() {
			t.Fatalf("no answer: %v, %s", stdout.Err(), &stderr)
		}
		io.WriteString(stdin, "5\n")
		if !stdout.Scan() {
			t.Fatalf("no answer: %v, %s", stdout.Err(), &stderr)
		}
	}
	if runtime.GOOS == "windows" {
		return // a process cannot be interrupted there
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for stdout.Scan() {
		t.Errorf("unasked: %s", stdout.Text())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Errorf("want exit code %d, got %v", exitInterrupted, err)
	}
	if got := stderr.String(); got != "pcnrun: interrupted\n" {
		t.Errorf("standard error %q", got)
	}
}

// TestPredictBrokenPipe: when nobody reads on, as after head -1, predict ends
// without a word although there are rows without end.
func TestPredictBrokenPipe(t *testing.T) {
	cmd := exec.Command("pcnrun", "predict", trainedSine(t))
	cmd.Stdin = endless{}
	cmd.WaitDelay = time.Minute
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Errorf("standard error %q", &stderr)
	}
	if !watchdog.Stop() {
		t.Error("predict did not end")
	}
}

// endless is rows of the number 1.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("1\n"), len(p)/2)), nil
}
