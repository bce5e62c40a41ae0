package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// header returns the start of an NPY file.
func header(descr string, fortran bool, shape string) string {
	order := "False"
	if fortran {
		order = "True"
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, order, shape)
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}

// TestNPYNumbers reads arrays that npyio writes: as bytes where they may be pixels,
// and only such as can be learned from.
func TestNPYNumbers(t *testing.T) {
	read := func(text string) (*array, error) { return readNPY(strings.NewReader(text), int64(len(text))) }
	for _, x := range []any{[]bool{true, false, true}, []uint8{1, 0, 1}, []int8{1, 0, 1}, []int64{1, 0, 1}, []float32{1, 0, 1}} {
		a, err := read(string(npyOf(t, x)))
		if err != nil || !slices.Equal(a.Shape, []int{3}) || a.values.floats != nil || !bytes.Equal(a.values.bytes, []byte{1, 0, 1}) {
			t.Errorf("%T: got %v, %v", x, a, err)
		}
	}
	if a, err := read(string(npyOf(t, []float64{1, 2.5}))); err != nil || !slices.Equal(a.values.floats, []float64{1, 2.5}) {
		t.Errorf("got %v, %v", a, err)
	}
	for text, want := range map[string]string{
		header("<f4", false, "0, 3"):                                "shape: must have sizes of at least 1, got [0 3]",
		header("<f4", false, "2") + "\x00\x00\x80?\x00\x00\xc0\x7f": "element 1: must be a finite number, got NaN",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one that says %q", text, err, want)
		}
	}
}

// write puts a file into a folder that is made, and returns its path.
func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadNPZ(t *testing.T) {
	dir := t.TempDir()
	// As Keras' mnist.npz.
	keras := packed(t,
		"x_train.npy", header("|u1", false, "3, 1, 2")+"\x00\xff\x01\x02\x03\x04", "y_train.npy", header("|u1", false, "3")+"\x00\x02\x01",
		"x_test.npy", header("|u1", false, "1, 1, 2")+"\x05\x06", "y_test.npy", header("|u1", false, "1")+"\x01")
	rest, test, err := Read(write(t, filepath.Join(dir, "mnist.npz"), keras), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if rest.Name != "mnist/train" || test.Name != "mnist/test" || rest.Classes != 3 || test.Classes != 3 || !slices.Equal(rest.Shape, []int{1, 2, 1}) || rest.White != 255 {
		t.Errorf("got %+v and %+v", rest, test)
	}
	if x, _ := all(t, rest); !slices.Equal(rest.Labels(), []int{0, 2, 1}) || x[1] != 1 {
		t.Errorf("got labels %v, inputs %v", rest.Labels(), x)
	}

	plain := npzOf(t, map[string]any{"x": mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}), "y": []float64{.5, 1, 2}, "k": []float64{0, 1, 1}})
	path := write(t, filepath.Join(dir, "plain.npz"), plain)
	rest, test, err = Read(path, Columns{})
	if err != nil || test != nil {
		t.Fatal(test, err)
	}
	if x, y := all(t, rest); rest.Classes != 0 || !slices.Equal(x, []float64{1, 2, 3, 4, 5, 6}) || !slices.Equal(y, []float64{.5, 1, 2}) {
		t.Errorf("got %v, %v", x, y)
	}
	if rest, _, err = Read(path, Columns{Label: "k"}); err != nil || rest.Classes != 2 {
		t.Errorf("label k: got %+v, %v", rest, err)
	}

	// The same arrays as files.
	write(t, filepath.Join(dir, "npy/x.npy"), npyOf(t, []float64{1, 2, 3}))
	write(t, filepath.Join(dir, "npy/y.npy"), npyOf(t, []int32{1, 0, 1}))
	for _, path := range []string{"npy", "npy/x.npy"} {
		rest, _, err = Read(filepath.Join(dir, path), Columns{})
		if err != nil || !slices.Equal(rest.Labels(), []int{1, 0, 1}) || rest.InputSize() != 1 {
			t.Errorf("%s: got %+v, %v", path, rest, err)
		}
	}

	u1 := func(shape, data string) string { return header("|u1", false, shape) + data }
	for name, tt := range map[string]struct {
		file []byte
		cols Columns
		want string
	}{
		"no zip":         {[]byte("PK"), Columns{}, "zip: not a valid zip file"},
		"empty":          {packed(t), Columns{}, "must have arrays x and y or x_train"},
		"no y":           {packed(t, "x.npy", u1("2", "ab")), Columns{}, "y: must be an array"},
		"no label":       {packed(t, "x.npy", u1("2", "ab"), "y.npy", u1("2", "ab")), Columns{Label: "z"}, "z: must be an array"},
		"two targets":    {packed(t), Columns{Targets: []string{"a", "b"}}, "name of one array"},
		"both":           {packed(t), Columns{Label: "a", Targets: []string{"b"}}, "label and target: must be one of them"},
		"fewer y":        {packed(t, "x.npy", u1("2", "ab"), "y.npy", u1("1", "a")), Columns{}, "shape: must be (2) for as many examples, got [1]"},
		"too many dims":  {packed(t, "x.npy", u1("2,1,1,2", "abcd"), "y.npy", u1("2", "ab")), Columns{}, "shape: must be (n), (n, features)"},
		"one class":      {packed(t, "x.npy", u1("2", "ab"), "y.npy", u1("2", "\x00\x00")), Columns{}, "must have at least 2 classes"},
		"half a class":   {packed(t, "x.npy", u1("1", "a"), "y.npy", header("<f4", false, "1")+"\x00\x00\x00?"), Columns{Label: "y"}, "element 0: must be a class 0..65535, got 0.5"},
		"black":          {packed(t, "x.npy", header("<f4", false, "1,1,1")+"\x00\x00\x00\x00", "y.npy", u1("1", "\x01")), Columns{}, "must be images, got no pixel above 0"},
		"other test":     {packed(t, "x_train.npy", u1("2", "ab"), "y_train.npy", u1("2", "\x00\x01"), "x_test.npy", u1("1,2", "ab"), "y_test.npy", u1("1", "\x00")), Columns{}, "must have 1 inputs as in training, got 2"},
		"classes beyond": {packed(t, "x_train.npy", u1("2", "ab"), "y_train.npy", u1("2", "\x00\x01"), "x_test.npy", u1("1", "a"), "y_test.npy", u1("1", "\x02")), Columns{}, "test labels: must be 0..1 as in training, got 2"},
		"lying shape":    {packed(t, "x.npy", u1("1000000", "ab"), "y.npy", u1("2", "ab")), Columns{}, "shape: must be of at most"},
	} {
		_, _, err := Read(write(t, filepath.Join(dir, "bad.npz"), tt.file), tt.cols)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "bad.npz") {
			t.Errorf("%s: got error %v, want one that names the file and says %q", name, err, tt.want)
		}
	}
}

// TestBombs gives the readers small files that unpack to a gigabyte: they are
// refused by their header, and little is allocated.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 64<<20)
	bomb := packed(t, "x.npy", header("<f8", false, "1000000000")+zeros, "y.npy", header("|u1", false, "1")+"\x01")
	allocates(t, slack, func() {
		if _, _, err := readNPZ(bytes.NewReader(bomb), int64(len(bomb)), "bomb.npz", Columns{}); err == nil || !strings.Contains(err.Error(), "got [1000000000] of 8000000000") {
			t.Errorf("got error %v", err)
		}
	})
	// A PNG of few bytes that says it is large.
	file := pngOf(t, image.NewGray(image.Rect(0, 0, 4000, 4000)))
	allocates(t, slack, func() {
		if _, err := decodePicture(file, Size{}); err == nil || !strings.Contains(err.Error(), "must have 1 to 1048576 pixels, got 4000×4000") {
			t.Errorf("got error %v", err)
		}
	})
	small := bytes.Clone(pngOf(t, colours(2, 2)))
	binary.BigEndian.PutUint32(small[16:], 1000) // the width, and the header's checksum
	binary.BigEndian.PutUint32(small[20:], 1000)
	binary.BigEndian.PutUint32(small[29:], crc32.ChecksumIEEE(small[12:29]))
	allocates(t, slack, func() {
		if _, err := decodePicture(small, Size{32, 32}); err == nil || !strings.Contains(err.Error(), "bytes, got 1000×1000") {
			t.Errorf("got error %v", err)
		}
	})
}

func TestImages(t *testing.T) {
	dir := t.TempDir()
	grey := image.NewGray(image.Rect(0, 0, 3, 2))
	grey.SetGray(2, 1, color.Gray{77})
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, grey, nil); err != nil {
		t.Fatal(err)
	}
	set := func(name string) string { return filepath.Join(dir, name) }
	write(t, set("all/cat/1.png"), pngOf(t, grey))
	write(t, set("all/ant/1.JPG"), jpg.Bytes())
	write(t, set("all/ant/2.png"), pngOf(t, colours(3, 2)))
	write(t, set("all/.DS_Store"), nil)
	write(t, set("all/ant/.thumbs"), nil)
	s, test, err := Read(set("all"), Columns{})
	if err != nil || test != nil {
		t.Fatal(test, err)
	}
	if !slices.Equal(s.ClassNames, []string{"ant", "cat"}) || !slices.Equal(s.Labels(), []int{0, 0, 1}) || !slices.Equal(s.Shape, []int{2, 3, 3}) || s.Classes != 2 || s.Name != "all" {
		t.Errorf("got %+v", s)
	}
	if x, _ := all(t, s); x[53] != 77./255 || x[51] != 77./255 || x[50] != 0 {
		t.Errorf("got pixels %v", x[36:])
	}

	// Two parts; the test part has the classes of the training part.
	for _, name := range []string{"parts/train/10/a.png", "parts/train/9/a.png", "parts/test/10/a.png"} {
		write(t, set(name), pngOf(t, grey))
	}
	s, test, err = Read(set("parts"), Columns{})
	if err != nil || !slices.Equal(s.ClassNames, []string{"9", "10"}) || test.Classes != 2 || !slices.Equal(test.Labels(), []int{1}) || test.ClassName(1) != "10" {
		t.Errorf("got %+v, %+v, %v", s, test, err)
	}

	write(t, set("size/a/1.png"), pngOf(t, grey))
	write(t, set("size/b/2.png"), pngOf(t, colours(2, 3)))
	write(t, set("text/a/1.png"), []byte("hello"))
	write(t, set("text/b/1.png"), pngOf(t, grey))
	write(t, set("notes/a/notes.txt"), nil)
	write(t, set("notes/b/1.png"), pngOf(t, grey))
	write(t, set("flat/1.png"), pngOf(t, grey))
	write(t, set("one/a/1.png"), pngOf(t, grey))
	write(t, set("cut/a/1.png"), pngOf(t, grey)[:50])
	write(t, set("cut/b/1.png"), pngOf(t, grey))
	write(t, set("more/train/a/1.png"), pngOf(t, grey))
	write(t, set("more/train/b/1.png"), pngOf(t, grey))
	write(t, set("more/test/c/1.png"), pngOf(t, grey))
	for _, d := range []string{"none", "bare/a", "bare/b"} {
		if err := os.MkdirAll(set(d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"size":  "2.png: must have 3×2 pixels as the images before it, got 2×3",
		"text":  "1.png: must be a PNG or JPEG file: image: unknown format",
		"notes": "notes.txt: must be an image, .png, .jpg, .jpeg, got",
		"flat":  "1.png: must be a folder of images, one for each class, got a file",
		"one":   "must have a folder of images for each of 2 to 65536 classes, got 1",
		"none":  "classes, got 0",
		"bare":  "no images",
		"cut":   "1.png: must be a whole image: png: invalid format",
		"more":  `class: must be one of "a", "b", got "c"`,
		"gone":  "no such file",
	} {
		if _, _, err := Read(set(name), Columns{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got error %v, want one that says %q", name, err, want)
		}
	}
	var column *ColumnError
	if _, _, err := Read(set("all"), Columns{Label: "x"}); !errors.As(err, &column) {
		t.Errorf("a label for images: got error %v", err)
	}
}

func TestCSVNamed(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "flowers.v2.csv"), []byte("kind,a,b\nrose, 1,2\niris,3,4\nrose,5,6.5\n"))
	s, test, err := Read(path, Columns{Label: "kind"})
	if err != nil || test != nil {
		t.Fatal(test, err)
	}
	if x, _ := all(t, s); s.Name != "flowers" || !slices.Equal(s.ClassNames, []string{"iris", "rose"}) || !slices.Equal(s.Labels(), []int{1, 0, 1}) || !slices.Equal(x, []float64{1, 2, 3, 4, 5, 6.5}) || !slices.Equal(s.Limit(1).InputNames(), []string{"a", "b"}) {
		t.Errorf("got %+v, inputs %v", s, x)
	}
	// The classes of a test part are those of the training part.
	one := write(t, filepath.Join(dir, "test.csv"), []byte("kind,a,b\nrose,1,2\n"))
	if test, err = ReadTest(one, Columns{Label: "kind"}, s); err != nil || test.Classes != 2 || !slices.Equal(test.Labels(), []int{1}) {
		t.Errorf("got %+v, %v", test, err)
	}
	other := write(t, filepath.Join(dir, "other.csv"), []byte("kind,a,b\nrose,1,2\nlily,1,2\n"))
	if _, err = ReadTest(other, Columns{Label: "kind"}, s); err == nil || !strings.Contains(err.Error(), `other.csv: line 3: column 1 ("kind"): must be one of the classes "iris", "rose", got "lily"`) {
		t.Errorf("got error %v", err)
	}
	// Its columns are found by their names, and it may have others.
	swapped := write(t, filepath.Join(dir, "swapped.csv"), []byte("B,note,a,kind\n1,x,2,rose\n"))
	if test, err = ReadTest(swapped, Columns{Label: "kind"}, s); err != nil {
		t.Fatal(err)
	}
	if x, _ := all(t, test); !slices.Equal(x, []float64{2, 1}) {
		t.Errorf("got inputs %v", x)
	}
	// Targets come in the order of the names; numbers as labels are in the order of
	// their values, and have no names when they are 0, 1, 2.
	path = write(t, filepath.Join(dir, "n.tsv"), []byte("p\tq\tr\n10\t2\t1\n9\t3\t0\n8\t4\t2\n"))
	if s, _, err = Read(path, Columns{Targets: []string{"r", "p"}}); err != nil {
		t.Fatal(err)
	}
	if x, y := all(t, s); !slices.Equal(x, []float64{2, 3, 4}) || !slices.Equal(y, []float64{1, 10, 0, 9, 2, 8}) {
		t.Errorf("got %v, %v", x, y)
	}
	if s, _, err = Read(path, Columns{Label: "p"}); err != nil || !slices.Equal(s.ClassNames, []string{"8", "9", "10"}) || !slices.Equal(s.Labels(), []int{2, 1, 0}) {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, _, err = Read(path, Columns{Label: "r"}); err != nil || s.ClassNames != nil || s.ClassName(2) != "2" || !slices.Equal(s.Labels(), []int{1, 0, 2}) {
		t.Errorf("got %+v, %v", s, err)
	}

	label := Columns{Label: "y"}
	for text, tt := range map[string]struct {
		cols   Columns
		want   string
		column bool
	}{
		"a,b\n1,2\n":           {label, `line 1: no column "y": must have "y", got "a", "b"`, true},
		"a,y,y\n1,2,3\n":       {label, `columns 2 and 3 are both named "y"`, true},
		"a,y\n1,\n":            {label, "must have at least one example", false},
		"a,y\n1,0\n1\n":        {label, "line 3: must have 2 fields as on the first line, got 1", false},
		"a,y\n1,k\n2,k\n":      {label, `must have at least 2 classes, got "k" for every label`, false},
		"a,y\n":                {label, "no line of numbers", false},
		"y\n1\n":               {label, "line 1: must have at least 2 columns, inputs and 1 to learn, got 1", false},
		"a,b,y\n1,2,q\n":       {Columns{Targets: []string{"y"}}, `line 2: column 3 ("y"): must be a finite number, got "q"`, false},
		"a,b,c,y\n1,2,q,2\n":   {Columns{Targets: []string{"y", "y"}}, `column 4 ("y") is asked for twice`, true},
		"1,2\n3,4\n":           {Columns{}, "which column is to be learned? name the label, or the targets of a regression, by place from 1", true},
		"a,b,c,d,y\n1,2,3,4\n": {Columns{}, `which column is to be learned? name the label, or the targets of a regression, among "a", "b", "c", "d", "y"`, true},
	} {
		_, _, err := Read(write(t, filepath.Join(dir, "bad.csv"), []byte(text)), tt.cols)
		var column *ColumnError
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "bad.csv") || errors.As(err, &column) != tt.column {
			t.Errorf("%q: got error %v, want one that says %q", text, err, tt.want)
		}
	}
	if _, _, err := Read(filepath.Join(dir, "gone.csv"), label); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
	if _, _, err := Read(write(t, filepath.Join(dir, "a.xlsx"), nil), label); err == nil || !strings.Contains(err.Error(), `must end in .csv`) {
		t.Errorf("got error %v", err)
	}
}
