package data

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadCSV(t *testing.T) {
	for _, tt := range []struct {
		name, text      string
		cols            Columns
		inputs, targets []float64
		labels          []int
	}{
		{"regression", "1,2,3\n4,5,6\n", Columns{}, []float64{1, 2, 4, 5}, []float64{3, 6}, nil},
		{"two targets", "1,2,3\n4,5,6\n", Columns{Targets: []string{"2", "3"}}, []float64{1, 4}, []float64{2, 3, 5, 6}, nil},
		{"classes", "1,2,1\n4,5,0\n", Columns{Label: "3"}, []float64{1, 2, 4, 5}, []float64{0, 1, 1, 0}, []int{1, 0}},
		{"header", "a,b,class\n1,2,1\n3,4,0\n", Columns{Label: "class"}, []float64{1, 2, 3, 4}, []float64{0, 1, 1, 0}, []int{1, 0}},
		{"header with an empty name", ",b\n1,2\n", Columns{}, []float64{1}, []float64{2}, nil},
		{"byte order mark", "\ufeff1,2\n", Columns{}, []float64{1}, []float64{2}, nil},
		{"CRLF, blanks, empty lines, no last newline", "\r\n 1 ,\t-2.5\r\n\r\n3,4e-3", Columns{}, []float64{1, 3}, []float64{-2.5, 0.004}, nil},
		{"quotes", "\"x\",\"y\"\n\"1\",\"2\"\n", Columns{}, []float64{1}, []float64{2}, nil},
		{"semicolon", "1;2\n", Columns{}, []float64{1}, []float64{2}, nil},
		{"label as a float", "7,0.0\n8,1e0\n", Columns{Label: "2"}, []float64{7, 8}, []float64{1, 0, 0, 1}, []int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ReadCSV(iotest.OneByteReader(strings.NewReader(tt.text)), tt.name, tt.cols)
			if err != nil {
				t.Fatal(err)
			}
			x, y := all(t, s)
			if !slices.Equal(x, tt.inputs) || !slices.Equal(y, tt.targets) || !slices.Equal(s.Labels(), tt.labels) {
				t.Errorf("got inputs %v, targets %v, labels %v, want %v, %v, %v", x, y, s.Labels(), tt.inputs, tt.targets, tt.labels)
			}
			if s.Name != tt.name {
				t.Errorf("name is %q, want %q", s.Name, tt.name)
			}
		})
	}
}

func TestReadCSVErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		opts       RowOptions
		want       string
	}{
		{"empty", "", RowOptions{}, "must have at least one example, got no line of numbers"},
		{"header only", "a,b\n", RowOptions{}, "must have at least one example, got no line of numbers"},
		{"one column", "1\n2\n", RowOptions{}, "line 1: must have at least 2 columns, inputs and 1 to learn, got 1"},
		{"no inputs left", "1,2\n", RowOptions{Columns: Columns{Targets: []string{"1", "2"}}}, "line 1: must have at least 3 columns"},
		{"short line", "1,2,3\n\n4,5\n", RowOptions{}, "line 3: must have 3 fields, 2 inputs and 1 to learn, got 2"},
		{"long line", "a,b\n1,2,3\n", RowOptions{}, "line 2: must have 2 fields as on the first line, got 3"},
		{"word", "1,2\n3,four\n", RowOptions{}, `line 2: column 2: must be a finite number, got "four"`},
		{"word on the first line", "1,two\n", RowOptions{}, `line 1: column 2: must be a finite number, got "two"`},
		{"second header", "a,b\nc,d\n", RowOptions{}, `line 2: column 2 ("b"): must be a finite number, got "d"`},
		{"only commas", ",,\n", RowOptions{}, `must have inputs beside what is to be learned, got none that say anything`},
		{"nothing known", "NaN,1\nnull,2\n", RowOptions{}, `must have inputs beside what is to be learned, got none that say anything`},
		{"infinity", "1,2\n1,-inf\n", RowOptions{}, `line 2: column 2: must be a finite number, got "-inf"`},
		{"out of range", "1,1e999\n", RowOptions{}, `line 1: column 2: must be a finite number, got "1e999"`},
		{"long word", "1," + strings.Repeat("x", 1000) + "\n", RowOptions{}, `column 2: must be a finite number, got "` + strings.Repeat("x", 40) + `"`},
		{"no class", "1,\n", RowOptions{Columns: Columns{Label: "2"}}, "must have at least one example"},
		{"one class", "1,0\n2,0.0\n", RowOptions{Columns: Columns{Label: "2"}}, `must have at least 2 classes, got "0" for every label`},
		{"no such class", "a,k\n1,x\n2,y\n", RowOptions{Columns: Columns{Label: "k", Classes: []string{"x", "z"}}}, `line 3: column 2 ("k"): must be one of the classes "x", "z", got "y"`},
		{"no place", "1,0\n", RowOptions{Columns: Columns{Label: "k"}}, `no column "k", since there is no header: must be a place, 1 to 2`},
		{"no name", "a,b\n1,0\n", RowOptions{Columns: Columns{Label: "k"}}, `line 1: no column "k": must have "k", got "a", "b"`},
		{"both", "a,b\n1,0\n", RowOptions{Columns: Columns{Label: "a", Targets: []string{"b"}}}, "label and target: must be one of them"},
		{"twice", "a,b,c\n1,0,1\n", RowOptions{Columns: Columns{Targets: []string{"b", "b"}}}, `column 2 ("b") is asked for twice`},
		{"names that do not differ", "a,a,k\n1,0,1\n", RowOptions{Columns: Columns{Label: "k"}}, `columns 1 and 2 are both named "a"`},
		{"a name that is two", "a,k,k\n1,0,1\n", RowOptions{Columns: Columns{Label: "k"}}, `columns 2 and 3 are both named "k"`},
		{"open quote", "\"1,2\n", RowOptions{}, "line 1"},
		{"binary", "\x01\x01\xff\xfe,\x02\n1,2\n\x00,\x00\n", RowOptions{}, "line 3: column 2"},
		{"too long", "1,2\n3,4\n", RowOptions{maxBytes: 7}, "must be at most 7 bytes of text, got more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := readSet("file.csv", rereadable(strings.NewReader(tt.text)), tt.opts)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "file.csv") {
				t.Fatalf("got %v, error %v, want %q and the file's name", s, err, tt.want)
			}
		})
	}
}

// endless repeats its text forever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestReadCSVEndless(t *testing.T) {
	for _, tt := range []struct{ name, head, text, want string }{
		{"one number", "", "1", "a line longer than 4194304 bytes"},
		{"one line", "1,2\n", "1,", "a line longer than 4194304 bytes"},
		{"one quoted field", "1,2\n\"", "1,2\n", "a line longer than 4194304 bytes"},
		{"empty lines", "1,2\n", "\n", "a line longer than 4194304 bytes"},
		{"lines", "", "1,2\n", "must be at most 10000000 bytes of text, got more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := io.MultiReader(strings.NewReader(tt.head), endless(tt.text))
			_, err := readSet("file.csv", rereadable(r), RowOptions{maxBytes: 1e7})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCSV(t *testing.T) {
	text := []byte("x,y\n1,2\n3,4\n")
	packed := gzipped(t, text)
	corrupt := bytes.Clone(packed)
	corrupt[len(corrupt)-5] ^= 1 // the checksum
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"plain.csv": text, "packed.csv.gz": packed, "unnamed": packed,
		"cut.csv.gz": packed[:len(packed)-10], "head.csv.gz": packed[:5], "corrupt.csv.gz": corrupt, "empty.csv": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for file, name := range map[string]string{"plain.csv": "plain", "packed.csv.gz": "packed", "unnamed": "unnamed"} {
		s, err := CSV(filepath.Join(dir, file), Columns{})
		if err != nil {
			t.Fatal(err)
		}
		x, y := all(t, s)
		if s.Name != name || !slices.Equal(x, []float64{1, 3}) || !slices.Equal(y, []float64{2, 4}) {
			t.Errorf("%s: got %q, inputs %v, targets %v", file, s.Name, x, y)
		}
	}
	for file, want := range map[string]string{
		"cut.csv.gz": "unexpected EOF", "head.csv.gz": "gzip header: unexpected EOF", "corrupt.csv.gz": "checksum",
		"empty.csv": "no line of numbers", "missing.csv": "no such file", ".": "must be a file, got a folder",
	} {
		_, err := CSV(filepath.Join(dir, file), Columns{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Join(dir, file)) {
			t.Errorf("%s: got error %v, want %q and the file's path", file, err, want)
		}
	}
}

// FuzzCSV checks that what is accepted is a usable set, and reads the same again
// when it is written out.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"1,2,3\n4,5,6\n", "a,b\n1.5,0\n2,1\n", "\ufeff\"1\";2\r\n", "1,2\n3\n", "\"1", "NaN,1\n", "1,65535\n", "0x1p-2,1e308\n", "", "0,1,2\n5,6,7\n", "[1,2]\n[3,4]", "a\tb\n1\t\xfc\n2\tx\n", "1,0\n2,0.0\n3,1\n"} {
		f.Add(text, "2", false)
		f.Add(text, "b", false)
		f.Add(text, "", true)
	}
	f.Fuzz(func(t *testing.T, text, learned string, regress bool) {
		cols := Columns{Label: learned}
		if regress {
			cols = Columns{Targets: []string{learned}}
		}
		var s *Set
		var err error
		// A field of one digit and its comma become a float64 in a slice that doubles,
		// a label a string in a map.
		allocates(t, slack+1024*len(text), func() { s, err = ReadCSV(strings.NewReader(text), "fuzz", cols) })
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "data: fuzz: ") {
				t.Fatalf("got %v, error %v", s, err)
			}
			return
		}
		x, y := all(t, s)
		if n := s.Len(); n == 0 || n > len(text) || len(x) != n*s.InputSize() || len(y) != n*s.TargetSize() || s.TargetSize() < 1 {
			t.Fatalf("%d examples of %d inputs and %d targets: %d and %d numbers", n, s.InputSize(), s.TargetSize(), len(x), len(y))
		}
		s.Remarks()
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		for i, label := range append(s.Labels(), make([]int, s.Len())...)[:s.Len()] {
			var row []string
			for _, v := range x[i*s.InputSize() : (i+1)*s.InputSize()] {
				row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
			}
			if s.Classes > 0 {
				row = append(row, s.ClassName(label))
			} else {
				for _, v := range y[i*s.TargetSize() : (i+1)*s.TargetSize()] {
					row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
				}
			}
			w.Write(append([]string{"1"}, row...)) // a column that keeps numbers from being a header
		}
		w.Flush()
		again := Columns{}
		if s.Classes > 0 {
			again.Label = strconv.Itoa(s.InputSize() + 2)
		}
		s2, err := ReadCSV(&out, "again", again)
		if err != nil {
			t.Fatalf("%v, of %q", err, text)
		}
		if labels := s2.Labels(); !slices.Equal(s.Labels(), labels) || !slices.Equal(s.ClassNames, s2.ClassNames) {
			t.Fatalf("%q reads otherwise than it was written: %v and %v, %q and %q", text, s.Labels(), labels, s.ClassNames, s2.ClassNames)
		}
		x2, _ := all(t, s2)
		for i := range s.Len() {
			if !slices.Equal(x[i*s.InputSize():(i+1)*s.InputSize()], x2[i*(s.InputSize()+1)+1:(i+1)*(s.InputSize()+1)]) {
				t.Fatalf("%q reads otherwise than it was written", text)
			}
		}
	})
}

func BenchmarkReadCSV(b *testing.B) {
	text := strings.Repeat("0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,1\n0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,0\n", 500)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadCSV(strings.NewReader(text), "b", Columns{Label: "17"}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFileRow: rows are those of a spreadsheet, which counts the header and blank lines, and
// has one row for a field that goes on over lines; of JSON they are the values. A part of a set
// has those of the whole, and an error names the line of a text editor.
func TestFileRow(t *testing.T) {
	const table = "name,x,kind\n\"one\ntwo\",1,a\nb,2,b\n\nc,3,\n\"d\n\ne\",4,b\nf,5,a\n"
	for name, c := range map[string]struct {
		text string
		want []int
	}{
		"t.csv":         {table, []int{2, 3, 6, 7}},
		"t.jsonl":       {`{"x": 1, "kind": "a"}` + "\n\n" + `{"x": 2, "kind": "b"}`, []int{1, 2}},
		"two texts.csv": {"x,kind\na,b\nb,c\n", []int{2, 3}},
	} {
		s, err := ReadCSV(strings.NewReader(c.text), name, Columns{Label: "kind"})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for i := range s.Len() {
			got = append(got, s.FileRow(i))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rows %v, want %v", name, got, c.want)
		}
		if part := s.Subset([]int{s.Len() - 1}); part.FileRow(0) != c.want[len(c.want)-1] {
			t.Errorf("%s: the last of a part is in row %d", name, part.FileRow(0))
		}
	}
	if _, err := ReadCSV(strings.NewReader(table+"g,6\n"), "t.csv", Columns{Label: "kind"}); err == nil || !strings.Contains(err.Error(), "line 11: must have 3 fields") {
		t.Errorf("got %v", err)
	}
	if s, err := NewClasses("x", []float64{1, 2}, []int{0, 1}); err != nil || s.FileRow(1) != 0 {
		t.Errorf("row %d, %v", s.FileRow(1), err)
	}
}
