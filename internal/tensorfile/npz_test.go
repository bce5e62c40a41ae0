package tensorfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"
	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/fuzzing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// archive returns a ZIP archive of entries, packed or not.
func archive(t testing.TB, method uint16, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e[0], Method: method})
		must(t, err)
		_, err = w.Write([]byte(e[1]))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// npyFile returns an array in NPY format.
func npyFile(header string, numbers any) string {
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	b, err := binary.Append(append(b, header...), binary.LittleEndian, numbers)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func header(descr, fortran, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, fortran, shape)
}

// TestNPZRoundTrip writes every kind of number there is, and reads it to the bit
// with ReadNPZ and with a reader that is not ours.
func TestNPZRoundTrip(t *testing.T) {
	short := []float32{0, float32(math.Copysign(0, -1)), 1e-45, math.MaxFloat32, -1.0 / 3, float32(math.Inf(1))}
	long := []float64{math.Pi, math.SmallestNonzeroFloat64}
	tensors := map[string]*tensor.Dense{
		"a.weight": tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(short)),
		"b":        tensor.New(tensor.WithShape(2), tensor.WithBacking(long)),
	}
	var first, second bytes.Buffer
	must(t, WriteNPZ(&first, tensors, map[string]string{"note": "é"}))
	must(t, WriteNPZ(&second, tensors, map[string]string{"note": "é"}))
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same content gave other bytes")
	}
	got, texts, err := ReadNPZ(first.Bytes())
	must(t, err)
	if len(got) != 2 || texts["note"] != "é" {
		t.Errorf("got %d tensors and texts %q", len(got), texts)
	}
	for name, d := range tensors {
		want, err := View(d)
		must(t, err)
		if v := got[name]; !bytes.Equal(v.Data(), want.Data()) || v.DType() != want.DType() || !cmp.Equal(v.Shape(), want.Shape()) {
			t.Errorf("%s: got %v", name, v)
		}
	}
	z, err := npz.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	must(t, err)
	var read []float32
	must(t, z.Read("a.weight.npy", &read))
	if !cmp.Equal(read, short) || !cmp.Equal(z.Header("a.weight.npy").Descr.Shape, []int{2, 3}) {
		t.Errorf("got %v", read)
	}
}

// TestNumPyFile reads what NumPy wrote (testdata/arrays.py): versions, packing,
// byte orders and column-major order.
func TestNumPyFile(t *testing.T) {
	for _, name := range []string{"testdata/plain.npz", "testdata/packed.npz"} {
		data, err := os.ReadFile(name)
		must(t, err)
		got, texts, err := ReadNPZ(data)
		must(t, err)
		if texts["text"] != "hello" {
			t.Errorf("%s: texts %q", name, texts)
		}
		for key, dtype := range map[string]safetensors.DType{"f4": safetensors.F32, "f8": safetensors.F64, "big": safetensors.F64, "fortran": safetensors.F32} {
			want, err := binary.Append(nil, binary.LittleEndian, []float32{0, 1, 2, 3, 4, 5})
			must(t, err)
			if dtype == safetensors.F64 {
				want, err = binary.Append(nil, binary.LittleEndian, []float64{0, 1, 2, 3, 4, 5})
				must(t, err)
			}
			if v := got[key]; !bytes.Equal(v.Data(), want) || v.DType() != dtype || !cmp.Equal(v.Shape(), []uint64{2, 3}) {
				t.Errorf("%s: %s: got %v", name, key, v)
			}
		}
	}
}

func TestBadNPZ(t *testing.T) {
	good := npyFile(header("<f4", "False", "(2,)"), []float32{1, 2})
	one := func(content string) []byte { return archive(t, zip.Store, [2]string{"a.npy", content}) }
	flipped := one(good)
	flipped[bytes.Index(flipped, []byte(good))+len(good)-1] ^= 1
	for want, data := range map[string][]byte{
		"not an NPZ file":                                 []byte("PK, but no more"),
		"not an NPZ file: zip: not":                       one(good)[:100],
		"zip: checksum error":                             flipped,
		`in an NPY file, got "a,b\n1,"`:                   one("a,b\n1,2\n3,4\n"),
		`must hold arrays`:                                archive(t, zip.Store, [2]string{"a.txt", good}),
		`holds two arrays "a"`:                            archive(t, zip.Store, [2]string{"a.npy", good}, [2]string{"a.npy", good}),
		"version: must be 1, 2 or 3, got 9":               one(strings.Replace(good, "\x01\x00", "\x09\x00", 1)),
		"header: must have 65535 bytes: unexpected EOF":   one("\x93NUMPY\x01\x00\xff\xff{'descr'"),
		"one dimension, got i8 of shape [2]":              one(npyFile(header("<i8", "False", "(2,)"), []int64{1, 2})),
		"and 'shape', got \"hello\"":                      one(npyFile("hello", []float32{})),
		"must have 12 bytes: unexpected EOF after 8":      one(npyFile(header("<f4", "False", "(3,)"), []float32{1, 2})),
		"must have 4 bytes, got more":                     one(npyFile(header("<f4", "False", "(1,)"), []float32{1, 2})),
		"the product of its first 2 sizes overflows":      one(npyFile(header("<f4", "False", "(2147483647, 2147483647, 2147483647)"), []float32{})),
		"must be of one to four dimensions, got shape []": one(npyFile(header("<f4", "False", "()"), []float32{1})),
		"or a text (uint8) of one dimension, got u1 of":   one(npyFile(header("|u1", "False", "(1, 1)"), []byte{1})),
		"shape of more than 32 dimensions":                one(npyFile(header("<f4", "False", "("+strings.Repeat("1,", 33)+")"), []float32{1})),
		"must unpack to at most 64 MiB, or 100 times":     archive(t, zip.Deflate, [2]string{"a.npy", strings.Repeat("\x00", 70<<20)}),
	} {
		if _, _, err := ReadNPZ(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// FuzzReadNPZ reads content as an archive and as an array in one, of which the
// checksum is right. It allocates no more than a bound by the size.
func FuzzReadNPZ(f *testing.F) {
	fuzzing.Sparingly(f)
	f.Add([]byte(npyFile(header("<f4", "False", "(2, 1)"), []float32{1, 2})))
	f.Add([]byte(npyFile(header(">f8", "True", "(1, 2)"), []float64{1, 2})))
	f.Add([]byte(npyFile(header("|u1", "False", "(2,)"), []byte("ab"))))
	f.Add([]byte(npyFile(header("<f4", "True", "(0, 2147483647)"), []byte{})))
	var b bytes.Buffer
	must(f, WriteNPZ(&b, map[string]*tensor.Dense{"w": tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4}))}, map[string]string{"t": "x"}))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, data := range [][]byte{content, archive(t, zip.Store, [2]string{"a.npy", string(content)})} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			tensors, _, err := ReadNPZ(data)
			runtime.ReadMemStats(&after)
			if used, bound := after.TotalAlloc-before.TotalAlloc, uint64(4*bounded.Unpacked(int64(len(data)))); used > bound {
				t.Errorf("%d bytes allocated for %d", used, len(data))
			}
			if err != nil {
				continue
			}
			for name, v := range tensors {
				size := v.DType().Size()
				for _, n := range v.Shape() {
					size *= n
				}
				if uint64(len(v.Data())) != size {
					t.Errorf("%s: %d bytes for shape %v", name, len(v.Data()), v.Shape())
				}
				if _, err := Transpose(v); err != nil && len(v.Shape()) == 2 {
					t.Error(err)
				}
			}
		}
	})
}
