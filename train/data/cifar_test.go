package data

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/internal/fuzzing"
)

// cifarPixel is channel c of pixel (y, x) of image i of a file.
func cifarPixel(file string, i, y, x, c int) byte {
	return byte(int(file[len(file)-5])*7 + i*31 + y*5 + x*3 + c*11)
}

// cifarFile returns a file of images: the labels given, and the planes of red, green
// and blue, each row by row.
func cifarFile(file string, labels ...[]byte) []byte {
	var b bytes.Buffer
	for i, of := range labels {
		b.Write(of)
		for c := range 3 {
			for y := range 32 {
				for x := range 32 {
					b.WriteByte(cifarPixel(file, i, y, x, c))
				}
			}
		}
	}
	return b.Bytes()
}

// TestCIFAR reads files made in the format of both sets, by their readers and as data
// of one's own, and one of them packed.
func TestCIFAR(t *testing.T) {
	ten, hundred := t.TempDir(), t.TempDir()
	for i := range 5 {
		name := fmt.Sprintf("data_batch_%d.bin", i+1)
		file := cifarFile(name, []byte{byte(i)}, []byte{byte(9 - i)})
		if i == 2 {
			name, file = name+".gz", gzipped(t, file)
		}
		write(t, filepath.Join(ten, name), file)
	}
	write(t, filepath.Join(ten, "test_batch.bin"), cifarFile("test_batch.bin", []byte{3}))
	names := strings.Fields("airplane automobile bird cat deer dog frog horse ship truck")
	write(t, filepath.Join(ten, "batches.meta.txt"), []byte(strings.Join(names, "\n")+"\n\n"))
	write(t, filepath.Join(hundred, "train.bin"), cifarFile("train.bin", []byte{19, 99}, []byte{0, 7}))
	write(t, filepath.Join(hundred, "test.bin"), cifarFile("test.bin", []byte{1, 50}))

	check := func(s *Set, name string, files []string, perFile int, classes int, labels []int) {
		t.Helper()
		if s.Name != name || s.Classes != classes || !slices.Equal(s.Shape, []int{32, 32, 3}) || s.White != 255 || !slices.Equal(s.Labels(), labels) {
			t.Errorf("%s: got %+v with labels %v", name, s.String(), s.Labels())
		}
		x, _ := raw(t, s)
		for i := range s.Len() {
			for _, at := range [][3]int{{0, 0, 0}, {0, 0, 1}, {0, 1, 2}, {31, 30, 1}, {17, 4, 2}, {31, 31, 2}} {
				want := cifarPixel(files[i/perFile], i%perFile, at[0], at[1], at[2])
				if got := x[i*3072+(at[0]*32+at[1])*3+at[2]]; got != float64(want) {
					t.Errorf("%s: image %d: (y, x, channel) %v is %v, want %v", name, i, at, got, want)
				}
			}
		}
	}
	batches := cifar10.train
	for _, read := range []func() (*Set, *Set, error){
		func() (*Set, *Set, error) { return CIFAR10(ten) },
		func() (*Set, *Set, error) { return Read(ten, Columns{}) },
	} {
		train, test, err := read()
		if err != nil {
			t.Fatal(err)
		}
		check(train, BaseName(ten)+"/train", batches, 2, 10, []int{0, 9, 1, 8, 2, 7, 3, 6, 4, 5})
		check(test, BaseName(ten)+"/test", []string{"test_batch.bin"}, 1, 10, []int{3})
		if !slices.Equal(train.ClassNames, names) || test.ClassName(3) != "cat" {
			t.Errorf("classes are %v and %v", train.ClassNames, test.ClassNames)
		}
		if x, _ := all(t, test); x[0] != float64(cifarPixel("test_batch.bin", 0, 0, 0, 0))/255 {
			t.Errorf("a pixel is %v", x[0])
		}
	}
	train, test, err := CIFAR100(hundred)
	if err != nil {
		t.Fatal(err)
	}
	check(train, BaseName(hundred)+"/train", []string{"train.bin"}, 2, 100, []int{99, 7})
	check(test, BaseName(hundred)+"/test", []string{"test.bin"}, 1, 100, []int{50})
	if train.ClassNames != nil {
		t.Errorf("classes are %v", train.ClassNames)
	}

	whole := cifarFile("test_batch.bin", []byte{3}, []byte{4})
	for _, bad := range []struct {
		file string
		b    []byte
		want string
	}{
		{"test_batch.bin", whole[:4000], "test_batch.bin: image 2: must have 3073 bytes, got the first 927: the file is cut short"},
		{"test_batch.bin", nil, "test_batch.bin: must hold an image at least, got no bytes"},
		{"test_batch.bin", cifarFile("test_batch.bin", []byte{2}, []byte{10}), "test_batch.bin: image 2: label: must be 0..9, got 10"},
		{"batches.meta.txt", []byte("a\nb\n"), "batches.meta.txt: must have 10 lines, the name of a class each, got 2"},
	} {
		dir := t.TempDir()
		for _, name := range cifar10.files() {
			write(t, filepath.Join(dir, name), cifarFile(name, []byte{1}))
		}
		write(t, filepath.Join(dir, bad.file), bad.b)
		if _, _, err := CIFAR10(dir); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("got error %v, want one that says %q", err, bad.want)
		}
	}
	packed := t.TempDir()
	write(t, filepath.Join(packed, "test.bin"), whole)
	write(t, filepath.Join(packed, "train.bin.gz"), gzipped(t, cifarFile("train.bin", []byte{0, 1}))[:100])
	if _, _, err := CIFAR100(packed); err == nil || !strings.Contains(err.Error(), "train.bin.gz: image 1: ") {
		t.Errorf("a packed file that is cut: got error %v", err)
	}
	if _, _, err := CIFAR10(packed); err == nil || !strings.Contains(err.Error(), "must hold one of data_batch_1.bin") {
		t.Errorf("no files: got error %v", err)
	}
}

// FuzzCIFAR reads any bytes as a file of either set: what is accepted is what was there,
// plane by plane, and memory is in proportion to it.
func FuzzCIFAR(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add(cifarFile("data_batch_1.bin", []byte{3}, []byte{9}), false)
	f.Add(cifarFile("train.bin", []byte{3, 99}), true)
	f.Add(cifarFile("test_batch.bin", []byte{3})[:3000], false)
	f.Fuzz(func(t *testing.T, file []byte, hundred bool) {
		of := cifar10
		if hundred {
			of = cifar100
		}
		s := new(Set)
		var err error
		allocates(t, slack+16*len(file), func() { err = of.readRecords(bytes.NewReader(file), s) })
		if err != nil {
			return
		}
		record := len(of.labels) + 3072
		if s.n*record != len(file) || len(s.labels) != s.n || len(s.inputs.bytes) != s.n*3072 {
			t.Fatalf("%d images and %d labels of %d bytes", s.n, len(s.labels), len(file))
		}
		for at, x := range s.inputs.bytes {
			i, pixel, c := at/3072, at%3072/3, at%3
			if x != file[i*record+len(of.labels)+c*1024+pixel] {
				t.Fatalf("channel %d of pixel %d of image %d is %d", c, pixel, i, x)
			}
		}
	})
}
