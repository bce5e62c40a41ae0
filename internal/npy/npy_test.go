package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	npyio "codeberg.org/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"

	"example.com/pcn/internal/fuzzing"
)

// start returns the start of an NPY file.
func start(descr string, fortran bool, shape string) string {
	order := "False"
	if fortran {
		order = "True"
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, order, shape)
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}

// written returns an NPY file as the npyio library writes it.
func written(t testing.TB, x any) string {
	t.Helper()
	var b bytes.Buffer
	if err := npyio.Write(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// numbers reads an array.
func numbers(text string) (x []float64, shape []int, err error) {
	a, err := Read(strings.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, nil, err
	}
	number := a.Number()
	for element := range slices.Chunk(a.Data, a.Size) {
		x = append(x, number(element))
	}
	return x, a.Shape, nil
}

// TestTypes reads what the npyio library writes, and both byte orders.
func TestTypes(t *testing.T) {
	for _, x := range []any{
		[]bool{true, false, true}, []uint8{1, 0, 1}, []int8{1, 0, 1}, []int16{1, 0, 1}, []uint16{1, 0, 1}, []int32{1, 0, 1},
		[]uint32{1, 0, 1}, []int64{1, 0, 1}, []uint64{1, 0, 1}, []float32{1, 0, 1}, []float64{1, 0, 1},
	} {
		got, shape, err := numbers(written(t, x))
		if err != nil || !slices.Equal(shape, []int{3}) || !slices.Equal(got, []float64{1, 0, 1}) {
			t.Errorf("%T: got %v of shape %v, %v", x, got, shape, err)
		}
	}
	for text, want := range map[string]float64{
		start("<i1", false, "1") + "\xff":                              -1,
		start(">i2", false, "1") + "\xff\xfe":                          -2,
		start("<i2", false, "1") + "\xfe\xff":                          -2,
		start(">i4", false, "1") + "\xff\xff\xff\xfe":                  -2,
		start("<i8", false, "1,") + "\xfe" + strings.Repeat("\xff", 7): -2,
		start(">u2", false, "1") + "\x01\x02":                          258,
		start("<u4", false, "1") + "\x01\x02\x00\x00":                  513,
		start("<u8", false, "") + "\x01\x02\x00\x00\x00\x00\x00\x00":   513,
		start(">f4", false, "1") + "\x3f\xc0\x00\x00":                  1.5,
		start(">f8", false, "1") + "\x3f\xf8\x00\x00\x00\x00\x00\x00":  1.5,
	} {
		got, _, err := numbers(text)
		if err != nil || !slices.Equal(got, []float64{want}) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

// TestOrder reads a matrix as npyio writes it, and column-major ones.
func TestOrder(t *testing.T) {
	want := []float64{1, 2, 3, 4.5, 5, 6}
	got, shape, err := numbers(written(t, mat.NewDense(2, 3, want)))
	if err != nil || !slices.Equal(got, want) || !slices.Equal(shape, []int{2, 3}) {
		t.Errorf("got %v of shape %v, %v", got, shape, err)
	}
	got, _, err = numbers(start(">i2", true, "2, 3") + "\x00\x01\x00\x04\x00\x02\x00\x05\x00\x03\x00\x06")
	if err != nil || !slices.Equal(got, []float64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("got %v, %v", got, err)
	}
	// One of three dimensions, column-major: x[i,j,k] = 100i + 10j + k.
	got, _, err = numbers(start("|u1", true, "2, 2, 2") + string([]byte{0, 100, 10, 110, 1, 101, 11, 111}))
	if err != nil || !slices.Equal(got, []float64{0, 1, 10, 11, 100, 101, 110, 111}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                            "magic number: must have 8 bytes: unexpected EOF",
		"\x93NUMPX\x01\x00":                           "in an NPY file",
		"\x93NUMPY\x04\x00":                           "version: must be 1, 2 or 3, got 4",
		"\x93NUMPY\x01\x00\x05":                       "length of the header",
		"\x93NUMPY\x01\x00\x05\x00{}":                 "header: must have 5 bytes: unexpected EOF",
		"\x93NUMPY\x01\x00\x02\x00{}":                 `'fortran_order' and 'shape', got "{}"`,
		"\x93NUMPY\x02\x00\xff\xff\xff\xff":           "header: must have at most 65536 bytes, got 4294967295",
		start("<c8", false, "1"):                      `f4, f8, got "<c8"`,
		start("|O", false, "1"):                       `f4, f8, got "|O"`,
		start("", false, "1"):                         `f4, f8, got ""`,
		start("<f2", false, "1"):                      `f4, f8, got "<f2"`,
		start("<f4", false, "1,1 1"):                  `"1 1" is no size`,
		start("<f4", false, "9999999999999999999999"): "is no size",
		start("<f4", false, strings.Repeat("1,", 40)): "more than 32 dimensions",
		start("<f8", false, "4000000000, 4000000000"): "overflows",
		start("<f8", false, "1000000"):                "shape: must be of at most",
		start("<f4", false, "2") + "\x00\x00\x80?":    "must have 8 bytes: unexpected EOF after 4",
		start("<f4", false, "1") + "\x00\x00\x80??":   "bytes, got more",
		start("|u1", false, "1") + "ab":               "bytes, got more",
	} {
		if _, _, err := numbers(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one that says %q", text, err, want)
		}
	}
}

// FuzzRead reads any bytes: it allocates no more than a bound by how many there are.
func FuzzRead(f *testing.F) {
	fuzzing.Sparingly(f)
	for _, x := range []any{[]float64{1, 2.5}, []int64{-1, 2}, []uint8{1, 200}, []bool{true, false}} {
		f.Add([]byte(written(f, x)))
	}
	f.Add([]byte(start("<f4", true, "2, 3") + strings.Repeat("\x00\x00\x80?", 6)))
	f.Add([]byte(start("|u1", false, "1, 2, 2") + "abcd"))
	f.Add([]byte(start("<f4", true, "0, 2147483647")))
	f.Add([]byte(start("<i2", false, "1000000, 1000000, 1000000, 1000000") + "ab"))
	f.Fuzz(func(t *testing.T, file []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, err := Read(bytes.NewReader(file), int64(len(file)))
		runtime.ReadMemStats(&after)
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(2<<20+64*len(file)); used > most {
			t.Errorf("%d bytes allocated for %d, want at most %d", used, len(file), most)
		}
		if err != nil {
			return
		}
		n := a.Size
		for _, size := range a.Shape {
			n *= size
		}
		if n > len(file) || len(a.Data) != n {
			t.Fatalf("shape %v of %d bytes each with %d bytes, of a file of %d", a.Shape, a.Size, len(a.Data), len(file))
		}
	})
}
