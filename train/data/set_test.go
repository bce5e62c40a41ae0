package data

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/tensor"
)

func zeros(dt tensor.Dtype, shape ...int) *tensor.Dense {
	return tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
}

// all returns the inputs and targets of every example of s, as Gather gives them.
func all(t *testing.T, s *Set) (inputs, targets []float64) {
	t.Helper()
	x, y := zeros(tensor.Float64, s.Len(), s.Steps()*s.InputSize()), zeros(tensor.Float64, s.Len(), s.Steps()*s.TargetSize())
	if err := s.Gather(count(s.Len()), x, y); err != nil {
		t.Fatal(err)
	}
	return x.Float64s(), y.Float64s()
}

// raw returns all of the untransformed set.
func raw(t *testing.T, s *Set) (inputs, targets []float64) {
	t.Helper()
	return all(t, s.WithTransforms(Transform{}, Transform{}))
}

func count(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// small is a set of three classes and two features, small2 one of regression on
// two outputs.
func small(t testing.TB) *Set {
	t.Helper()
	s, err := NewClasses("small", []float64{0, 10, 1, 11, 2, 12, 3, 13}, []int{0, 2, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func small2(t testing.TB) *Set {
	t.Helper()
	s, err := NewRegression("small2", 3, []float64{0.5, 1, 1.5}, []float64{1, -10, 2, -20, 3, -30})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGather(t *testing.T) {
	classes, regression := small(t), small2(t)
	perFeature := Transform{Shift: []float64{1, 10}, Scale: []float64{2, 0.5}}
	for _, tt := range []struct {
		name            string
		set             *Set
		rows            []int
		inputs, targets []float64
	}{
		{"identity", classes, []int{3, 0, 3}, []float64{3, 13, 0, 10, 3, 13}, []float64{0, 0, 1, 1, 0, 0, 0, 0, 1}},
		{"subset", classes.Subset([]int{2, 1}), []int{1, 0}, []float64{1, 11, 2, 12}, []float64{0, 0, 1, 0, 1, 0}},
		{"subset of subset", classes.Subset([]int{3, 2, 1}).Subset([]int{2, 0}), []int{0, 1}, []float64{1, 11, 3, 13}, []float64{0, 0, 1, 0, 0, 1}},
		{"uniform", classes.WithTransforms(PixelRange(-1, 1, 20), Transform{}), []int{0, 1}, []float64{-1, 0, -0.9, 0.1}, []float64{1, 0, 0, 0, 0, 1}},
		{"per feature", classes.WithTransforms(perFeature, Transform{}), []int{1, 3}, []float64{0, 0.5, 4, 1.5}, []float64{0, 0, 1, 0, 0, 1}},
		{"soft targets", classes.WithTransforms(Transform{}, PixelRange(-1, 1, 1)), []int{2}, []float64{2, 12}, []float64{-1, 1, -1}},
		{"soft targets per class", classes.WithTransforms(Transform{}, Transform{Scale: []float64{1, 2, 3}}), []int{1, 2}, []float64{1, 11, 2, 12}, []float64{0, 0, 3, 0, 2, 0}},
		{"regression", regression, []int{2, 1}, []float64{1.5, 1}, []float64{3, -30, 2, -20}},
		{"regression per output", regression.WithTransforms(Transform{Shift: []float64{1}}, perFeature), []int{0, 2}, []float64{-0.5, 0.5}, []float64{0, -10, 4, -20}},
		{"transform of a subset", classes.WithTransforms(perFeature, Transform{}).Subset([]int{1}), []int{0}, []float64{0, 0.5}, []float64{0, 0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := len(tt.rows)
			x64, y64 := zeros(tensor.Float64, n, tt.set.InputSize()), zeros(tensor.Float64, n, tt.set.TargetSize())
			x32, y32 := zeros(tensor.Float32, n, tt.set.InputSize()), zeros(tensor.Float32, n, tt.set.TargetSize())
			if err := tt.set.Gather(tt.rows, x64, y64); err != nil {
				t.Fatal(err)
			}
			if err := tt.set.Gather(tt.rows, x32, y32); err != nil {
				t.Fatal(err)
			}
			checkNear(t, "inputs", x64.Float64s(), tt.inputs, 1e-15)
			checkNear(t, "targets", y64.Float64s(), tt.targets, 1e-15)
			checkNear(t, "float32 inputs", widen(x32.Float32s()), tt.inputs, 1e-6)
			checkNear(t, "float32 targets", widen(y32.Float32s()), tt.targets, 1e-6)

			x64.Zero()
			if err := tt.set.Gather(tt.rows, x64, nil); err != nil {
				t.Fatal(err)
			}
			checkNear(t, "inputs without targets", x64.Float64s(), tt.inputs, 1e-15)
		})
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func checkNear(t *testing.T, name string, got, want []float64, tol float64) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= tol }) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func TestGatherIntoRowsOfATensor(t *testing.T) {
	s := small(t)
	x := zeros(tensor.Float32, 4, 2)
	head, err := x.Slice(tensor.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Gather([]int{3, 1}, head.(*tensor.Dense), nil); err != nil {
		t.Fatal(err)
	}
	checkNear(t, "tensor", widen(x.Float32s()), []float64{3, 13, 1, 11, 0, 0, 0, 0}, 0)
}

func TestGatherErrors(t *testing.T) {
	s := small(t)
	f64 := tensor.Float64
	transposed := zeros(f64, 2, 3)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	column, err := zeros(f64, 3, 4).Slice(nil, tensor.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	fewer := s.Subset(count(4))
	fewer.Classes = 2
	three := []float64{1, 2, 3}
	for _, tt := range []struct {
		name            string
		set             *Set
		rows            []int
		inputs, targets *tensor.Dense
		want            string
	}{
		{"nil inputs", s, count(3), nil, nil, "inputs: must be float64 of shape (3, 2), got none"},
		{"rows", s, count(3), zeros(f64, 2, 2), nil, "inputs: must be float64 of shape (3, 2), got float64 of shape (2, 2)"},
		{"features", s, count(3), zeros(f64, 3, 4), nil, "inputs: must be float64 of shape (3, 2), got float64 of shape (3, 4)"},
		{"vector", s, count(3), zeros(f64, 6), nil, "inputs: must be float64 of shape (3, 2), got float64 of shape (6)"},
		{"targets", s, count(3), zeros(f64, 3, 2), zeros(f64, 3, 2), "targets: must be float64 of shape (3, 3), got float64 of shape (3, 2)"},
		{"type", s, count(3), zeros(tensor.Int, 3, 2), nil, "inputs: must be float64 of shape (3, 2), got int"},
		{"transposed", s, count(3), transposed, nil, "inputs: must have its rows one after the other in memory"},
		{"view", s, count(3), column.(*tensor.Dense), nil, "inputs: must have its rows one after the other in memory"},
		{"column-major", s, count(3), tensor.New(tensor.Of(f64), tensor.WithShape(3, 2), tensor.AsFortran(nil)), nil, "inputs: must have its rows one after the other in memory"},
		{"row too large", s, []int{0, 4, 1}, zeros(f64, 3, 2), nil, "rows[1]: must be 0..3, got 4"},
		{"row negative", s, []int{0, 1, -1}, zeros(f64, 3, 2), nil, "rows[2]: must be 0..3, got -1"},
		{"row of a subset", s.Limit(2), []int{2}, zeros(f64, 1, 2), nil, "rows[0]: must be 0..1, got 2"},
		{"empty set", new(Set), []int{0}, zeros(f64, 1, 1), nil, "inputs: must be float64 of shape (1, 0), got float64 of shape (1, 1)"},
		{"class", fewer, count(4), zeros(f64, 4, 2), zeros(f64, 4, 2), "class of example 1: must be 0..1, got 2"},
		{"input shift", s.WithTransforms(Transform{Shift: three}, Transform{}), count(4), zeros(f64, 4, 2), nil, "input transform: len(Shift): must be 0, 1 or 2, got 3"},
		{"target scale", s.WithTransforms(Transform{}, Transform{Scale: three[:2]}), count(4), zeros(f64, 4, 2), zeros(f64, 4, 3), "target transform: len(Scale): must be 0, 1 or 3, got 2"},
		{"empty range", s.WithTransforms(PixelRange(1, 1, 255), Transform{}), count(4), zeros(f64, 4, 2), nil, "input transform: shift[0]: must be a finite number, got -Inf"},
		{"scale 0", s.WithTransforms(Transform{Scale: []float64{1, 0}}, Transform{}), count(4), zeros(f64, 4, 2), nil, "input transform: scale[1]: must be a finite number other than 0, got 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.set.Gather(tt.rows, tt.inputs, tt.targets)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
			if tt.inputs != nil && tt.inputs.Dtype() == f64 && slices.Max(tt.inputs.Float64s()) != 0 {
				t.Error("inputs were written in spite of the error")
			}
		})
	}
}

func TestGatherAllocatesNothing(t *testing.T) {
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	input, target := digits.Standardization(PerColumn)
	for name, s := range map[string]*Set{
		"uniform": digits, "per feature": digits.WithTransforms(input, target), "subset": digits.Limit(100), "sine": Sine(100, 0, 1),
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			rows := count(64)
			x, y := zeros(dt, 64, s.InputSize()), zeros(dt, 64, s.TargetSize())
			allocs := testing.AllocsPerRun(10, func() {
				if err := s.Gather(rows, x, y); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%s, %v: %v allocations, want 0", name, dt, allocs)
			}
		}
	}
}

func TestGatherConcurrently(t *testing.T) {
	s := small(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			x, y := zeros(tensor.Float32, 4, 2), zeros(tensor.Float32, 4, 3)
			for range 100 {
				if err := s.Gather(count(4), x, y); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestString(t *testing.T) {
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	regress, err := NewRegression("line", 3, []float64{1, 2, 3}, []float64{2, 4, 6})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		set  *Set
		want string
	}{
		{small(t), "small: 4 examples, 2 features, 3 classes"},
		{digits.Limit(7), "digits: 7 examples, 8×8 pixels, 10 classes"},
		{regress, "line: 3 examples, 1 feature, 1 to regress on"},
		{nil, "no set"},
	} {
		if got := tt.set.String(); got != tt.want {
			t.Errorf("want %q, got %q", tt.want, got)
		}
	}
}

func TestSubsetAndLimit(t *testing.T) {
	s := small(t)
	if got, want := s.Labels(), []int{0, 2, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("Labels: got %v, want %v", got, want)
	}
	sub := s.Subset([]int{3, 2, 3})
	if got, want := sub.Labels(), []int{2, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("Labels of a subset: got %v, want %v", got, want)
	}
	if sub.Name != "small" || sub.Classes != 3 || sub.InputSize() != 2 || sub.TargetSize() != 3 {
		t.Errorf("a subset lost its description: %q, %d classes, %d → %d", sub.Name, sub.Classes, sub.InputSize(), sub.TargetSize())
	}
	for _, tt := range []struct{ n, want int }{{-1, 3}, {0, 3}, {1, 1}, {3, 3}, {4, 3}} {
		if got := sub.Limit(tt.n).Labels(); !slices.Equal(got, sub.Labels()[:tt.want]) {
			t.Errorf("Limit(%d): got labels %v, want the first %d of %v", tt.n, got, tt.want, sub.Labels())
		}
	}
	if n := s.Subset(nil).Len(); n != 0 {
		t.Errorf("Subset(nil) has %d examples, want 0", n)
	}
	if small2(t).Labels() != nil {
		t.Error("a regression has labels")
	}
	var zero Set
	if zero.Len() != 0 || zero.InputSize() != 0 || zero.TargetSize() != 0 || zero.Labels() != nil || zero.Limit(3).Len() != 0 {
		t.Error("the zero Set is not empty")
	}
	defer func() {
		if recover() == nil {
			t.Error("Subset accepted a row that is not there")
		}
	}()
	sub.Subset([]int{3})
}

func TestSubsetSharesStorage(t *testing.T) {
	s := small(t)
	for name, other := range map[string]*Set{
		"Subset": s.Subset([]int{1}), "Limit": s.Limit(2), "WithTransforms": s.WithTransforms(PixelRange(0, 1, 16), Transform{}),
	} {
		if &other.inputs.bytes[0] != &s.inputs.bytes[0] {
			t.Errorf("%s copied the storage", name)
		}
	}
}

func TestWithTransformsKeepsItsOwn(t *testing.T) {
	shift := []float64{1, 2}
	s := small(t).WithTransforms(Transform{Shift: shift}, Transform{})
	shift[0] = 99
	if got := s.InputTransform().Shift[0]; got != 1 {
		t.Errorf("the set's transform changed with the caller's slice: Shift[0] is %v, want 1", got)
	}
}

func TestNewErrors(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		name string
		new  func() (*Set, error)
		want string
	}{
		{"no examples", func() (*Set, error) { return NewClasses("x", nil, nil) }, "x: must have at least 1 example, got 0"},
		{"no inputs", func() (*Set, error) { return NewClasses("x", nil, []int{0, 1}) }, "inputs: must have a positive multiple of 2 numbers, one for each example, got 0"},
		{"odd inputs", func() (*Set, error) { return NewClasses("x", []float64{1, 2, 3}, []int{0, 1}) }, "inputs: must have a positive multiple of 2 numbers, one for each example, got 3"},
		{"NaN", func() (*Set, error) { return NewClasses("x", []float64{1, nan}, []int{0, 1}) }, "inputs[1]: must be a finite number, got NaN"},
		{"negative label", func() (*Set, error) { return NewClasses("x", []float64{1, 2}, []int{0, -1}) }, "labels[1]: must be 0..65535, got -1"},
		{"giant label", func() (*Set, error) { return NewClasses("x", []float64{1, 2}, []int{0, 1e9}) }, "labels[1]: must be 0..65535, got 1000000000"},
		{"one class", func() (*Set, error) { return NewClasses("x", []float64{1, 2}, []int{0, 0}) }, "labels: must be of at least 2 classes, got 0 alone"},
		{"negative count", func() (*Set, error) { return NewRegression("x", -1, []float64{1}, []float64{1}) }, "must have at least 1 example, got -1"},
		{"targets", func() (*Set, error) { return NewRegression("x", 2, []float64{1, 2}, []float64{1}) }, "targets: must have a positive multiple of 2 numbers, one for each example, got 1"},
		{"infinite target", func() (*Set, error) { return NewRegression("x", 1, []float64{1}, []float64{math.Inf(-1)}) }, "targets[0]: must be a finite number, got -Inf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := tt.new()
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, error %v, want %q", s, err, tt.want)
			}
		})
	}
}

// TestValuesKind checks that values survive the step from bytes to floats.
func TestValuesKind(t *testing.T) {
	for _, last := range []float64{255, 256, -1, 0.5, 1e300, math.Copysign(1e-300, -1)} {
		v := values{width: 1}
		want := []float64{0, 1, 255, last, 7}
		for _, x := range want {
			v.append(x)
		}
		if bytes := last == 255; bytes != (v.floats == nil) {
			t.Errorf("last value %v: kept as bytes: %v, want %v", last, v.floats == nil, bytes)
		}
		for i, x := range want {
			if got := v.at(i, 0); got != x {
				t.Errorf("last value %v: value %d is %v, want %v", last, i, got, x)
			}
		}
	}
}

func TestStandardization(t *testing.T) {
	digits, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Set{"digits": digits, "subset": digits.Limit(200), "sine": Sine(500, 0.1, 3), "regression": small2(t)} {
		t.Run(name, func(t *testing.T) {
			input, target := s.Standardization(PerColumn)
			if s.Classes > 0 && (len(target.Shift) != 0 || len(target.Scale) != 0) {
				t.Errorf("the transform of classes is %v, want the identity", target)
			}
			rawX, _ := raw(t, s)
			x, y := all(t, s.WithTransforms(input, target))
			checkStandard(t, "input", x, rawX, s.InputSize())
			if s.Classes == 0 {
				_, rawY := raw(t, s)
				checkStandard(t, "target", y, rawY, s.TargetSize())
			}
		})
	}
}

func checkStandard(t *testing.T, name string, x, raw []float64, width int) {
	t.Helper()
	n := len(x) / width
	for j := range width {
		var mean, square, reach float64
		constant := true
		for i := range n {
			v := x[i*width+j]
			mean += v / float64(n)
			square += v * v / float64(n)
			reach = max(reach, math.Abs(v))
			constant = constant && raw[i*width+j] == raw[j]
		}
		want := 1.0
		if constant {
			want = 0
		}
		narrow := name == "input" && math.Abs(reach-farthest) < 1e-12 && square < 1
		if math.Abs(mean) > 1e-12 || math.Abs(square-want) > 1e-12 && !narrow || name == "input" && reach > farthest+1e-12 {
			t.Errorf("%s %d: mean %v, mean square %v, at most %v from 0, want 0 and %v", name, j, mean, square, reach, want)
		}
	}
}

// TestStandardizationOfPixels: of 784 pixels, of which some are black in all images
// but one and some in all that are learned, nothing is far away, and an image is no
// longer than 64 inputs of unit variance.
func TestStandardizationOfPixels(t *testing.T) {
	const n, width = 500, 784
	rng := rand.New(rand.NewPCG(1, 2))
	pixels := make([]float64, n*width)
	for i := range n {
		for j := range width {
			switch {
			case j%4 == 0:
				pixels[i*width+j] = float64(rng.IntN(256))
			case j%4 == 1 && j == 4*i+1:
				pixels[i*width+j] = 255 // in this image alone
			case j%4 == 2 && i >= n-10:
				pixels[i*width+j] = 255 // in none that is learned
			}
		}
	}
	labels := make([]int, n)
	labels[1] = 1
	s, err := NewClasses("pixels", pixels, labels)
	if err != nil {
		t.Fatal(err)
	}
	input, _ := s.Limit(n - 10).Standardization(PerColumn)
	x, _ := all(t, s.WithTransforms(input, Transform{}))
	length, most := 0.0, 0.0
	for i, v := range x {
		most = max(most, math.Abs(v))
		if i < (n-10)*width {
			length += v * v / (n - 10)
		}
	}
	if most > farthest || length > fullLength {
		t.Errorf("the farthest lies %v deviations away, and the mean squared length is %v, want at most %d and %d", most, length, farthest, fullLength)
	}
}

func TestStandardizationOfConstants(t *testing.T) {
	// Three times 0.1 do not add up to 0.3; the mean must be taken as it is.
	s, err := NewRegression("x", 3, []float64{0.1, 0.1, 0.1}, []float64{5e-324, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	input, target := s.Standardization(PerColumn)
	if input.Shift[0] != 0.1 || input.Scale[0] != 1 {
		t.Errorf("constant input: got %v, want shift 0.1 and scale 1", input)
	}
	if target.Scale[0] != 1 {
		t.Errorf("variance beyond float64: scale %v, want 1", target.Scale[0])
	}
	if input, target := s.Subset(nil).Standardization(PerColumn); input.Shift != nil || target.Shift != nil {
		t.Errorf("empty set: got %v and %v, want the identity", input, target)
	}
}

func BenchmarkGather(b *testing.B) {
	const n, size, batch = 60000, 784, 128
	images := &Set{Name: "images", Classes: 10, n: n, inputs: values{width: size, bytes: make([]byte, n*size)}, labels: make([]int, n)}
	for i := range images.inputs.bytes {
		images.inputs.bytes[i] = byte(i * 40503 >> 8)
	}
	perFeature := Transform{Shift: make([]float64, size), Scale: make([]float64, size)}
	for j := range size {
		perFeature.Shift[j], perFeature.Scale[j] = float64(j), 1/float64(j+1)
	}
	order := rand.New(rand.NewPCG(1, 0)).Perm(n)
	for _, transform := range []struct {
		name  string
		input Transform
	}{{"uniform", PixelRange(0, 1, 255)}, {"feature", perFeature}} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			b.Run("transform="+transform.name+"/type="+dt.String(), func(b *testing.B) {
				s := images.WithTransforms(transform.input, Transform{})
				x, y := zeros(dt, batch, size), zeros(dt, batch, 10)
				b.SetBytes(batch * size)
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if i+batch > n {
						i = 0
					}
					if err := s.Gather(order[i:i+batch], x, y); err != nil {
						b.Fatal(err)
					}
					i += batch
				}
			})
		}
	}
}

func BenchmarkStandardization(b *testing.B) {
	s := &Set{n: 6000, inputs: values{width: 784, bytes: make([]byte, 6000*784)}, labels: make([]int, 6000)}
	b.SetBytes(6000 * 784)
	b.ReportAllocs()
	for b.Loop() {
		s.Standardization(PerColumn)
	}
}
