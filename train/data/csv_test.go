package data

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"gorgonia.org/tensor"
)

func TestReadCSV(t *testing.T) {
	for _, tt := range []struct {
		name, text      string
		opts            CSVOptions
		inputs, targets []float64
		labels          []int
	}{
		{"regression", "1,2,3\n4,5,6\n", CSVOptions{}, []float64{1, 2, 4, 5}, []float64{3, 6}, nil},
		{"two targets", "1,2,3\n4,5,6\n", CSVOptions{Targets: 2}, []float64{1, 4}, []float64{2, 3, 5, 6}, nil},
		{"classes", "1,2,1\n4,5,0\n", CSVOptions{Classes: true}, []float64{1, 2, 4, 5}, []float64{0, 1, 1, 0}, []int{1, 0}},
		{"header", "a,b,class\n1,2,1\n", CSVOptions{Classes: true}, []float64{1, 2}, []float64{0, 1}, []int{1}},
		{"header with an empty name", ",b\n1,2\n", CSVOptions{}, []float64{1}, []float64{2}, nil},
		{"byte order mark", "\ufeff1,2\n", CSVOptions{}, []float64{1}, []float64{2}, nil},
		{"CRLF, blanks, empty lines, no last newline", "\r\n 1 ,\t-2.5\r\n\r\n3,4e-3", CSVOptions{}, []float64{1, 3}, []float64{-2.5, 0.004}, nil},
		{"quotes", "\"x\",\"y\"\n\"1\",\"2\"\n", CSVOptions{}, []float64{1}, []float64{2}, nil},
		{"semicolon", "1;2\n", CSVOptions{Comma: ';'}, []float64{1}, []float64{2}, nil},
		{"label as a float", "7,0.0\n8,1e0\n", CSVOptions{Classes: true}, []float64{7, 8}, []float64{1, 0, 0, 1}, []int{0, 1}},
		{"just short enough", "1,2\n", CSVOptions{MaxBytes: 4}, []float64{1}, []float64{2}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ReadCSV(iotest.OneByteReader(strings.NewReader(tt.text)), tt.name, tt.opts)
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
	classes := CSVOptions{Classes: true}
	for _, tt := range []struct {
		name, text string
		opts       CSVOptions
		want       string
	}{
		{"empty", "", CSVOptions{}, "no line of numbers, expected at least one example"},
		{"header only", "a,b\n", CSVOptions{}, "no line of numbers, expected at least one example"},
		{"one column", "1\n2\n", CSVOptions{}, "line 1 has 1 fields, expected at least 2"},
		{"no inputs left", "1,2\n", CSVOptions{Targets: 2}, "line 1 has 2 fields, expected at least 3: inputs and 2 of target"},
		{"short line", "1,2,3\n\n4,5\n", CSVOptions{}, "line 3 has 2 fields, expected 3 as on the first line"},
		{"long line", "a,b\n1,2,3\n", CSVOptions{}, "line 2 has 3 fields, expected 2"},
		{"word", "1,2\n3,four\n", CSVOptions{}, `line 2, column 2: "four", expected a finite number`},
		{"word on the first line", "1,two\n", CSVOptions{}, `line 1, column 2: "two", expected a finite number`},
		{"second header", "a,b\nc,d\n", CSVOptions{}, `line 2, column 1: "c", expected a finite number`},
		{"empty field", "1,2\n,4\n", CSVOptions{}, `line 2, column 1: "", expected a finite number`},
		{"only commas", ",,\n", CSVOptions{}, `line 1, column 1: "", expected a finite number`},
		{"NaN", "NaN,1\n", CSVOptions{}, `line 1, column 1: "NaN", expected a finite number`},
		{"infinity", "1,2\n1,-inf\n", CSVOptions{}, `line 2, column 2: "-inf", expected a finite number`},
		{"out of range", "1e999,1\n", CSVOptions{}, `line 1, column 1: "1e999", expected a finite number`},
		{"long word", "1," + strings.Repeat("x", 1000) + "\n", CSVOptions{}, `column 2: "` + strings.Repeat("x", 40) + `", expected`},
		{"label not whole", "1,0.5\n", classes, `line 1, column 2: label "0.5", expected a whole number 0..65535`},
		{"label negative", "1,-1\n", classes, `line 1, column 2: label "-1", expected a whole number 0..65535`},
		{"label giant", "1,1e300\n", classes, `line 1, column 2: label "1e300", expected a whole number 0..65535`},
		{"one class", "1,0\n2,0\n", classes, "every label is 0, expected at least 2 classes"},
		{"open quote", "\"1,2\n", CSVOptions{}, "line 1"},
		{"binary", "\x00\x01\xff\xfe,\x02\n1,2\n\x00,\x00\n", CSVOptions{}, "line 3, column 1"},
		{"too long", "1,2\n3,4\n", CSVOptions{MaxBytes: 7}, "more than 7 bytes of text, expected at most MaxBytes"},
		{"targets of classes", "1,2\n", CSVOptions{Classes: true, Targets: 1}, "Targets is 1, expected 0"},
		{"negative targets", "1,2\n", CSVOptions{Targets: -1}, "Targets is -1, expected >= 0"},
		{"negative MaxBytes", "1,2\n", CSVOptions{MaxBytes: -1}, "MaxBytes is -1, expected >= 0"},
		{"delimiter", "1,2\n", CSVOptions{Comma: '\n'}, "delimiter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ReadCSV(strings.NewReader(tt.text), "file.csv", tt.opts)
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
		{"lines", "", "1,2\n", "more than 10000000 bytes of text, expected at most MaxBytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := io.MultiReader(strings.NewReader(tt.head), endless(tt.text))
			_, err := ReadCSV(r, "file.csv", CSVOptions{MaxBytes: 1e7})
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
		s, err := CSV(filepath.Join(dir, file), CSVOptions{})
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
		_, err := CSV(filepath.Join(dir, file), CSVOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Join(dir, file)) {
			t.Errorf("%s: got error %v, want %q and the file's path", file, err, want)
		}
	}
}

// FuzzCSV checks that what is accepted is a usable set, and reads the same again
// when it is written out.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"1,2,3\n4,5,6\n", "a,b\n1.5,0\n2,1\n", "\ufeff\"1\";2\r\n", "1,2\n3\n", "\"1", "NaN,1\n", "1,65535\n", "0x1p-2,1e308\n", ""} {
		f.Add(text, true, 0, ',')
		f.Add(text, false, 2, ';')
	}
	f.Fuzz(func(t *testing.T, text string, classes bool, targets int, comma rune) {
		var s *Set
		var err error
		allocates(t, slack+512*len(text), func() {
			s, err = ReadCSV(strings.NewReader(text), "fuzz", CSVOptions{Classes: classes, Targets: targets, Comma: comma})
		})
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "data: fuzz: ") {
				t.Fatalf("got %v, error %v", s, err)
			}
			return
		}
		x, labels := dense(tensor.Float64, s.Len(), s.InputSize()), s.Labels()
		if err := s.Gather(count(s.Len()), x, nil); err != nil {
			t.Fatal(err)
		}
		y := dense(tensor.Float64, 1, s.TargetSize())
		var out strings.Builder
		for i := range s.Len() {
			if err := s.Gather([]int{i}, dense(tensor.Float64, 1, s.InputSize()), y); err != nil {
				t.Fatal(err)
			}
			row := x.Float64s()[i*s.InputSize() : (i+1)*s.InputSize()]
			for _, v := range row {
				out.WriteString(strconv.FormatFloat(v, 'g', -1, 64) + ",")
			}
			if classes {
				out.WriteString(strconv.Itoa(labels[i]) + "\n")
				continue
			}
			for j, v := range y.Float64s() {
				if j > 0 {
					out.WriteByte(',')
				}
				out.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
			}
			out.WriteByte('\n')
		}
		again, err := ReadCSV(strings.NewReader(out.String()), "again", CSVOptions{Classes: classes, Targets: targets})
		if err != nil {
			t.Fatalf("%v, of %q", err, out.String())
		}
		x2 := dense(tensor.Float64, s.Len(), s.InputSize())
		if err := again.Gather(count(s.Len()), x2, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Float64s(), x2.Float64s()) || !slices.Equal(labels, again.Labels()) {
			t.Fatalf("%q reads otherwise than it was written", out.String())
		}
	})
}

func BenchmarkReadCSV(b *testing.B) {
	text := strings.Repeat("0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,1\n", 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadCSV(strings.NewReader(text), "b", CSVOptions{Classes: true}); err != nil {
			b.Fatal(err)
		}
	}
}
