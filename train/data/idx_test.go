package data

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/fuzzing"
)

// idx returns an IDX file of bytes with any header and content.
func idx(dtype byte, shape []uint32, data []byte) []byte {
	file := []byte{0, 0, dtype, byte(len(shape))}
	for _, n := range shape {
		file = binary.BigEndian.AppendUint32(file, n)
	}
	return append(file, data...)
}

// idxFolder holds the files of a small data set, five images of 3×2 pixels to
// train and two to test.
func idxFolder() map[string][]byte {
	pixels := make([]byte, 42)
	for i := range pixels {
		pixels[i] = byte(6 * i)
	}
	return map[string][]byte{
		"train-images-idx3-ubyte": idx(8, []uint32{5, 2, 3}, pixels[:30]),
		"train-labels-idx1-ubyte": idx(8, []uint32{5}, []byte{2, 0, 1, 2, 0}),
		"t10k-images-idx3-ubyte":  idx(8, []uint32{2, 2, 3}, pixels[30:]),
		"t10k-labels-idx1-ubyte":  idx(8, []uint32{2}, []byte{1, 0}),
	}
}

func writeFolder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestIDX(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rename func(string) string
		pack   bool
	}{
		{"plain", func(s string) string { return s }, false},
		{"gzip", func(s string) string { return s + ".gz" }, true},
		{"dot", func(s string) string { return strings.Replace(s, "-idx", ".idx", 1) }, false},
		{"dot gzip", func(s string) string { return strings.Replace(s, "-idx", ".idx", 1) + ".gz" }, true},
		{"gzip without its extension", func(s string) string { return s }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := make(map[string][]byte)
			for name, content := range idxFolder() {
				if tt.pack {
					content = gzipped(t, content)
				}
				files[tt.rename(name)] = content
			}
			train, test, err := IDX(writeFolder(t, files))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []struct {
				set    *Set
				name   string
				first  float64
				labels []int
			}{{train, "tiny/train", 0, []int{2, 0, 1, 2, 0}}, {test, "tiny/test", 180, []int{1, 0}}} {
				s := part.set
				if s.Name != part.name || !slices.Equal(s.Shape, []int{2, 3, 1}) || s.InputSize() != 6 || s.Classes != 3 || !slices.Equal(s.Labels(), part.labels) {
					t.Errorf("got %q, %v, %d inputs, %d classes, labels %v", s.Name, s.Shape, s.InputSize(), s.Classes, s.Labels())
				}
				x, _ := raw(t, s)
				for i, v := range x {
					if want := part.first + 6*float64(i); v != want {
						t.Fatalf("%s: pixel %d is %v, want %v", part.name, i, v, want)
					}
				}
				x, _ = all(t, s)
				checkNear(t, "second pixel in [0, 1]", x[1:2], []float64{(part.first + 6) / 255}, 1e-15)
			}
		})
	}
}

func TestIDXName(t *testing.T) {
	t.Chdir(writeFolder(t, idxFolder()))
	train, _, err := IDX(".")
	if err != nil {
		t.Fatal(err)
	}
	if train.Name != "tiny/train" {
		t.Errorf("name is %q, want tiny/train", train.Name)
	}
}

// TestIDXErrors puts a bad file in place of a good one, plain and packed.
func TestIDXErrors(t *testing.T) {
	const (
		trainImages, trainLabels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
		testImages, testLabels   = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
	)
	good := idxFolder()
	shape := []uint32{5, 2, 3}
	for _, tt := range []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"empty", trainImages, nil, "magic number: must have 4 bytes: unexpected EOF"},
		{"magic cut short", trainImages, good[trainImages][:3], "magic number: must have 4 bytes: unexpected EOF"},
		{"not IDX", trainImages, []byte("\x89PNG\r\n\x1a\n"), "magic number: must be 0x000008 and the number of dimensions, got 0x89504E47: not an IDX file"},
		{"float32", trainImages, idx(0x0D, shape, make([]byte, 120)), "magic number: dtype: must be 0x08 unsigned byte, got 0x0D float32"},
		{"signed", trainLabels, idx(0x09, shape[:1], make([]byte, 5)), "magic number: dtype: must be 0x08 unsigned byte, got 0x09 signed byte"},
		{"unknown type", trainLabels, idx(0x42, shape[:1], make([]byte, 5)), "magic number: dtype: must be 0x08 unsigned byte, got 0x42 unknown"},
		{"labels as images", trainImages, good[trainLabels], "magic number: dimensions: must be 3 for images, got 1"},
		{"images as labels", testLabels, good[testImages], "magic number: dimensions: must be 1 for labels, got 3"},
		{"no sizes", trainImages, good[trainImages][:4], "size of dimension 0 of 3: must have 4 bytes: unexpected EOF"},
		{"sizes cut short", trainImages, good[trainImages][:15], "size of dimension 2 of 3: must have 4 bytes: unexpected EOF"},
		{"data cut short", trainImages, good[trainImages][:45], "data: must have 30 bytes: unexpected EOF after 29"},
		{"one byte more", trainImages, append(slices.Clip(good[trainImages]), 0), "data: must have 30 bytes, got more"},
		{"much more", testLabels, append(slices.Clip(good[testLabels]), make([]byte, 1e7)...), "data: must have 2 bytes, got more"},
		{"no images", trainImages, idx(8, []uint32{0, 2, 3}, nil), "size of dimension 0 of 3: must be at least 1, got 0"},
		{"no labels", trainLabels, idx(8, []uint32{0}, nil), "size of dimension 0 of 1: must be at least 1, got 0"},
		{"no width", trainImages, idx(8, []uint32{5, 2, 0}, nil), "size of dimension 2 of 3: must be at least 1, got 0"},
		{"overflow", trainImages, idx(8, []uint32{1 << 31, 1 << 31, 1 << 31}, nil), "size of dimension 2 of 3 is 2147483648, and the product of [2147483648 2147483648] with it overflows"},
		{"overflow to 0", trainImages, idx(8, []uint32{1 << 31, 1 << 31, 4}, nil), "overflows"},
		{"10 GB", trainImages, idx(8, []uint32{1e7, 10, 100}, make([]byte, 1000)), "shape [10000000 10 100]: must promise at most"},
		{"4 GB of labels", trainLabels, idx(8, []uint32{1<<32 - 1}, make([]byte, 1000)), "shape [4294967295]: must promise at most"},
		{"fewer images", trainImages, idx(8, []uint32{4, 2, 3}, make([]byte, 24)), "must hold 5 images, as"},
		{"fewer labels", testLabels, idx(8, []uint32{1}, make([]byte, 1)), "must hold 1 images, as"},
		{"one class", trainLabels, idx(8, shape[:1], make([]byte, 5)), "must have at least 2 classes, got training labels that are all 0"},
		{"test label", testLabels, idx(8, []uint32{2}, []byte{0, 3}), "the test labels: must be 0..2 as in training, got 3"},
		{"test size", testImages, idx(8, []uint32{2, 3, 2}, make([]byte, 12)), "test images: must have 3×2 pixels as in training, got 2×3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := idxFolder()
			files[tt.file] = tt.content
			checkIDXError(t, writeFolder(t, files), tt.want)
			if tt.content == nil {
				return
			}
			files[tt.file] = gzipped(t, tt.content)
			checkIDXError(t, writeFolder(t, files), tt.want)
		})
	}
}

// checkIDXError also bounds the memory that the refusal takes.
func checkIDXError(t *testing.T, dir, want string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := IDX(dir)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got error %v, want %q and the path", err, want)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("allocated %d bytes, want at most 1 MiB", n)
	}
}

func TestIDXGzipErrors(t *testing.T) {
	good := gzipped(t, idxFolder()["train-images-idx3-ubyte"])
	checksum, length := bytes.Clone(good), bytes.Clone(good)
	checksum[len(good)-8] ^= 1
	length[len(good)-1] ^= 1
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"header", good[:6], "gzip header: unexpected EOF"},
		{"body", good[:20], "unexpected EOF"},
		{"trailer", good[:len(good)-4], "data: must end after 30 bytes: unexpected EOF"},
		{"checksum", checksum, "data: must end after 30 bytes: gzip: invalid checksum"},
		{"length", length, "data: must end after 30 bytes: gzip: invalid checksum"},
		{"garbage after it", append(slices.Clip(good), "garbage, more of it"...), "data: must end after 30 bytes: gzip: invalid header"},
		{"a second file", append(slices.Clip(good), good...), "data: must have 30 bytes, got more"},
		{"method", append([]byte{0x1f, 0x8b, 7}, good[3:]...), "gzip header: gzip: invalid header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := idxFolder()
			delete(files, "train-images-idx3-ubyte")
			files["train-images-idx3-ubyte.gz"] = tt.content
			checkIDXError(t, writeFolder(t, files), tt.want)
		})
	}
}

func TestIDXMissing(t *testing.T) {
	for name := range idxFolder() {
		files := idxFolder()
		delete(files, name)
		_, _, err := IDX(writeFolder(t, files))
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name+".gz") {
			t.Errorf("without %s: got error %v, want fs.ErrNotExist and the names looked for", name, err)
		}
	}
	dir := writeFolder(t, idxFolder())
	if _, _, err := IDX(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: got error %v, want fs.ErrNotExist", err)
	}
	file := filepath.Join(dir, "t10k-labels-idx1-ubyte")
	if _, _, err := IDX(file); err == nil || !strings.Contains(err.Error(), "must be a folder of IDX files, got a file") {
		t.Errorf("a file: got error %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := IDX(dir); err == nil || !strings.Contains(err.Error(), file+": must be a file, got a folder") {
		t.Errorf("a folder in place of a file: got error %v", err)
	}
}

func TestReadIDX(t *testing.T) {
	data := make([]byte, 3*bounded.FirstChunk+7) // more than one chunk
	for i := range data {
		data[i] = byte(i * i)
	}
	for _, shape := range [][]uint32{{uint32(len(data))}, {1, 1, uint32(len(data)), 1}} {
		file := idx(8, shape, data)
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(file), "halves": iotest.HalfReader(bytes.NewReader(file)), "data with EOF": iotest.DataErrReader(bytes.NewReader(file)),
		} {
			got, content, err := ReadIDX(r, "file", 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(shape) || !bytes.Equal(content, data) {
				t.Errorf("%s: shape %v, %d bytes, want shape %v and the %d bytes written", name, got, len(content), shape, len(data))
			}
		}
	}
	for _, tt := range []struct {
		name  string
		r     io.Reader
		dims  int
		limit int64
		want  string
	}{
		{"scalar", bytes.NewReader(idx(8, nil, []byte{1})), 0, 0, "file: magic number: dimensions: must be at least 1, got 0"},
		{"other rank", bytes.NewReader(idx(8, []uint32{1}, []byte{1})), 4, 0, "file: magic number: dimensions: must be 4, got 1"},
		{"limit", bytes.NewReader(idx(8, []uint32{3}, []byte{1, 2, 3})), 1, 2, "file: shape [3]: must promise at most 2 bytes, got 3"},
		{"no data", bytes.NewReader(idx(8, []uint32{3}, nil)), 1, 3, "file: data: must have 3 bytes: unexpected EOF after 0"},
		{"failing reader", io.MultiReader(bytes.NewReader(idx(8, []uint32{3}, nil)), iotest.ErrReader(errors.New("disk on fire"))), 1, 0, "file: data: must have 3 bytes: disk on fire after 0"},
		{"endless", io.MultiReader(bytes.NewReader(idx(8, []uint32{3}, nil)), endless("x")), 1, 0, "file: data: must have 3 bytes, got more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := ReadIDX(tt.r, "file", tt.dims, tt.limit); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestReadIDXGrows reads what is larger than ReadIDX believes, and a lie of that
// size.
func TestReadIDXGrows(t *testing.T) {
	const n = bounded.Believable + 1000
	header := idx(8, []uint32{n}, nil)
	_, data, err := ReadIDX(io.MultiReader(bytes.NewReader(header), io.LimitReader(endless("x"), n)), "file", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != n || bytes.Count(data, []byte("x")) != n {
		t.Errorf("read %d bytes, want %d of x", len(data), n)
	}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = ReadIDX(io.MultiReader(bytes.NewReader(header), io.LimitReader(endless("x"), 1e6)), "file", 1, 0)
	runtime.ReadMemStats(&after)
	if want := "data: must have 67109864 bytes: unexpected EOF after 1000000"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q", err, want)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 5e6 {
		t.Errorf("allocated %d bytes for the million there were", got)
	}
}

// FuzzReadIDX checks that what is accepted is what was in the file.
func FuzzReadIDX(f *testing.F) {
	fuzzing.Sparingly(f)
	for _, file := range idxFolder() {
		f.Add(file, 0, int64(0))
		f.Add(file[:len(file)-1], 3, int64(100))
	}
	f.Add(idx(0x0D, []uint32{1}, make([]byte, 4)), 1, int64(0))
	f.Add(idx(8, []uint32{1 << 31, 1 << 31, 4}, nil), 3, int64(0))
	f.Add(idx(8, []uint32{1e7, 10, 100}, make([]byte, 100)), 3, int64(0))
	f.Fuzz(func(t *testing.T, file []byte, dims int, limit int64) {
		var shape []int
		var data []byte
		var err error
		most := slack + 4*len(file)
		if len(file) > bounded.FirstChunk {
			most += bounded.Believable
		}
		allocates(t, most, func() { shape, data, err = ReadIDX(bytes.NewReader(file), "fuzz", dims, limit) })
		if err != nil {
			if shape != nil || data != nil || !strings.HasPrefix(err.Error(), "data: fuzz: ") {
				t.Fatalf("got shape %v, %d bytes, error %v", shape, len(data), err)
			}
			return
		}
		sizes := make([]uint32, len(shape))
		for i, n := range shape {
			sizes[i] = uint32(n)
		}
		if !bytes.Equal(idx(8, sizes, data), file) {
			t.Fatalf("shape %v and data %v are not the file's", shape, data)
		}
	})
}

// realData returns the folder of a real data set or skips the test.
func realData(t testing.TB, name string) string {
	t.Helper()
	dir, ok := Find(name)
	if !ok {
		t.Skipf("%s is not here: set PCN_DATA to the folder that holds %[1]s/", name)
	}
	return dir
}

func TestMNIST(t *testing.T) {
	train, test, err := IDX(realData(t, "mnist"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		set    *Set
		n      int
		counts []int
		md5    string // of the image file, unpacked
	}{
		{train, 60000, []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}, "6bbc9ace898e44ae57da46a324031adb"},
		{test, 10000, []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}, "2646ac647ad5339dbf082846283269ea"},
	} {
		s := tt.set
		if s.Len() != tt.n || !slices.Equal(s.Shape, []int{28, 28, 1}) || s.Classes != 10 || !slices.Equal(classCounts(s), tt.counts) {
			t.Errorf("%s: %d images of %v, classes %v", s.Name, s.Len(), s.Shape, classCounts(s))
		}
		sum := md5.Sum(idx(8, []uint32{uint32(tt.n), 28, 28}, s.inputs.bytes))
		if got := hex.EncodeToString(sum[:]); got != tt.md5 {
			t.Errorf("%s: images have MD5 %s, want %s", s.Name, got, tt.md5)
		}
		if c := cap(s.inputs.bytes); c > tt.n*784+1<<16 {
			t.Errorf("%s: images take %d bytes, want %d", s.Name, c, tt.n*784)
		}
	}
}

func TestFashionMNIST(t *testing.T) {
	train, test, err := IDX(realData(t, "fashion-mnist"))
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range append(classCounts(train), classCounts(test)...) {
		if want := []int{6000, 1000}[k/10]; n != want {
			t.Errorf("class %d has %d images, want %d", k%10, n, want)
		}
	}
}

func BenchmarkIDX(b *testing.B) {
	dir := realData(b, "mnist")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := IDX(dir); err != nil {
			b.Fatal(err)
		}
	}
}
