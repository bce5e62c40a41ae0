package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/tensorfile"
)

// Adopted says what a parameter was made from.
type Adopted struct {
	Name string // of the parameter
	From string // the file's tensor; "" where it has none, and a bias is 0
	// Shape is that of the file's tensor.
	Shape []int
	// Reordered says that units of the file, channels first, were put channels last.
	Reordered bool
}

// String says so in a line.
func (a Adopted) String() string {
	if a.From == "" {
		return a.Name + ": 0, of which the file has none"
	}
	text := fmt.Sprintf("%s: %s %v", a.Name, a.From, a.Shape)
	if a.Reordered {
		text += ", its units put channels last"
	}
	return text
}

// Adopt sets parameters to the tensors of a safetensors or NPZ file from elsewhere, such as
// the state dict of a PyTorch module of the same layers, whatever their names.
//
// Weights and gains are matched by their shapes in files: see [Network.Save]. Of several of
// one shape the names must differ in numbers alone, as conv1.weight and conv2.weight or
// nn.Sequential's 0.weight and 2.weight do: they are then taken in the order of these
// numbers, as the first from the inputs on, or from the targets of a network that generates.
// A bias is the tensor that is named as the weight beside it but for its last part, such as
// 0.bias; without one it is 0.
//
// Names say which tensor a parameter is made from, by its name in [Network.Named], where
// shapes leave that open.
//
// Between positions and single units PyTorch has (C, H, W) in a row, and this package
// (H, W, C): dense weights and their biases are reordered.
//
// The error says which parameters and tensors are left over. It is one, too, where a
// parametrization has scales beside weights, which a module's have not.
func (n *Network) Adopt(path string, names map[string]string) ([]Adopted, error) {
	if p := n.cfg.Parametrization; p != Standard {
		return nil, fmt.Errorf("model: parametrization: must be %v for layers from elsewhere, got %v", Standard, p)
	}
	data, err := tensorfile.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	st, metadata, err := decode(data)
	if err == nil && metadata[metadataKey] != "" {
		err = fmt.Errorf("is of pcn, and says its network itself")
	}
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", path, err)
	}
	a := &adoption{n: n, st: st, names: names, free: map[string]bool{}, order: newUnitOrder(n.wiring)}
	for name := range st {
		a.free[name] = true
	}
	if err := a.match(); err != nil {
		return nil, fmt.Errorf("model: %s: %w", path, err)
	}
	values := make([]*tensor.Dense, len(a.of))
	for i := range a.of {
		if values[i], err = a.value(i); err != nil {
			return nil, fmt.Errorf("model: %s: %w", path, err)
		}
	}
	for i, x := range values {
		dense.Copy(a.slots[i].at(n), x)
	}
	n.Changed()
	return a.of, nil
}

// adoption is parameters and what they are made from.
type adoption struct {
	n     *Network
	st    views
	names map[string]string
	free  map[string]bool // tensors that no parameter is made from yet
	slots []slot
	of    []Adopted // by slot
	order *unitOrder
}

// match finds the tensor of each parameter.
func (a *adoption) match() error {
	rank := make([]int, len(a.n.sizes))
	for i, l := range a.n.wiring.Order {
		rank[l] = i
	}
	for _, s := range a.n.slots() {
		if s.fixed == nil {
			a.slots = append(a.slots, s)
		}
	}
	slices.SortStableFunc(a.slots, func(x, y slot) int { // as they are computed
		return rank[a.n.wiring.Of[x.prediction]] - rank[a.n.wiring.Of[y.prediction]]
	})
	a.of = make([]Adopted, len(a.slots))
	known := map[string]int{}
	for i, s := range a.slots {
		a.of[i].Name = s.name
		known[s.name] = i
	}
	for _, name := range slices.Sorted(maps.Keys(a.names)) {
		i, ok := known[name]
		if !ok {
			return fmt.Errorf("names: must be of the parameters %s, got %q", strings.Join(slices.Sorted(maps.Keys(known)), ", "), name)
		}
		if !a.free[a.names[name]] {
			return fmt.Errorf("names: %s: must be one of the file's tensors %s, and of one parameter, got %q", name, strings.Join(slices.SortedFunc(maps.Keys(a.st), naturally), ", "), a.names[name])
		}
		if err := a.take(i, a.names[name]); err != nil {
			return err
		}
	}
	if err := a.byShape(); err != nil {
		return err
	}
	for i, s := range a.slots {
		if s.index >= 0 || a.of[i].From != "" {
			continue
		}
		if err := a.bias(i); err != nil {
			return err
		}
	}
	return a.rest()
}

// take says that a parameter is made from a tensor, which must have its shape.
func (a *adoption) take(i int, name string) error {
	if shape := a.shape(name); !slices.Equal(shape, a.slots[i].file()) {
		return fmt.Errorf("%s: must have shape %v for %s, got %v", name, a.slots[i].file(), a.slots[i].name, shape)
	}
	delete(a.free, name)
	a.of[i].From, a.of[i].Shape = name, a.shape(name)
	return nil
}

func (a *adoption) shape(name string) (shape []int) {
	for _, d := range a.st[name].Shape() {
		shape = append(shape, int(d))
	}
	return shape
}

// byShape matches weights and gains by the shapes that they have in files.
func (a *adoption) byShape() error {
	parameters, tensors := map[string][]int{}, map[string][]string{}
	for i, s := range a.slots {
		if s.index >= 0 && a.of[i].From == "" {
			shape := fmt.Sprint(s.file())
			parameters[shape] = append(parameters[shape], i)
		}
	}
	for name := range a.free {
		if !isBias(name) {
			shape := fmt.Sprint(a.shape(name))
			tensors[shape] = append(tensors[shape], name)
		}
	}
	for _, shape := range slices.Sorted(maps.Keys(parameters)) {
		ours, theirs := parameters[shape], tensors[shape]
		if len(ours) != len(theirs) {
			continue // which rest tells
		}
		slices.SortFunc(theirs, naturally)
		for _, name := range theirs[1:] {
			if skeleton(name) != skeleton(theirs[0]) {
				return fmt.Errorf("names: must say which of %s is which of %s, all of shape %s", strings.Join(theirs, ", "), a.parameters(ours), shape)
			}
		}
		for k, i := range ours {
			if err := a.take(i, theirs[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// parameters lists parameters.
func (a *adoption) parameters(of []int) string {
	var names []string
	for _, i := range of {
		names = append(names, a.slots[i].name)
	}
	return strings.Join(names, ", ")
}

// bias matches a bias with the tensor beside one of its prediction's weights.
func (a *adoption) bias(i int) error {
	var found []string
	for j, s := range a.slots {
		name := a.of[j].From
		if s.index < 0 || s.prediction != a.slots[i].prediction || name == "" {
			continue
		}
		if beside := name[:strings.LastIndex(name, ".")+1] + "bias"; a.free[beside] {
			found = append(found, beside)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return a.take(i, found[0])
	}
	return fmt.Errorf("names: must say which of %s is %s", strings.Join(found, ", "), a.slots[i].name)
}

// rest returns what is left over, of both sides.
func (a *adoption) rest() error {
	var parameters, tensors []string
	for i, s := range a.slots {
		if a.of[i].From == "" && s.index >= 0 {
			parameters = append(parameters, fmt.Sprintf("%s %v", s.name, s.file()))
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(a.free), naturally) {
		tensors = append(tensors, fmt.Sprintf("%s %v", name, a.shape(name)))
	}
	if parameters == nil && tensors == nil {
		return nil
	}
	none := func(list []string) string {
		if list == nil {
			return "none"
		}
		return strings.Join(list, ", ")
	}
	return fmt.Errorf("must have a tensor for each parameter: left over are the parameters %s; and the tensors %s", none(parameters), none(tensors))
}

// value returns what a parameter is to be.
func (a *adoption) value(i int) (*tensor.Dense, error) {
	s := &a.slots[i]
	x := tensor.New(tensor.Of(a.n.cfg.Dtype.Tensor()), tensor.WithShape(s.shape...))
	name := a.of[i].From
	if name == "" {
		return x, nil
	}
	if err := expect(a.st, name, s.file()...); err != nil {
		return nil, err
	}
	stored := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(s.file()...))
	if err := fill(stored, a.st[name], name); err != nil {
		return nil, err
	}
	if s.axes != nil {
		s.fromFile(x, stored)
		return x, nil
	}
	rows, columns := a.units(s)
	a.of[i].Reordered = rows != nil || columns != nil
	width := x.DataSize() / s.shape[0]
	return dense.Fill(x, func(i int) float64 {
		row, column := i/width, i%width
		if rows != nil {
			row = rows[row]
		}
		if columns != nil {
			column = columns[column]
		}
		return dense.At(stored, row*width+column)
	}), nil
}

// units returns where PyTorch has the units that a parameter's rows and columns are of; nil
// where they are in their order.
func (a *adoption) units(s *slot) (rows, columns []int) {
	w := a.n.wiring
	if s.index < 0 {
		if s.shape[0] == w.Sums[s.prediction].TotalSize() {
			rows = a.order.sum(s.prediction)
		}
		return rows, nil
	}
	at := s.edges[0]
	switch w.Predictions[at[0]].Edges[at[1]].Map.(type) {
	case linear.Dense:
		return a.order.sum(at[0]), a.order.feature(at[0], at[1])
	case linear.Diagonal:
		return a.order.sum(at[0]), nil
	}
	return nil, nil
}

// isBias reports whether a tensor is named as a bias.
func isBias(name string) bool { return name[strings.LastIndex(name, ".")+1:] == "bias" }

var number = regexp.MustCompile(`\d+`)

// skeleton returns a name without its numbers.
func skeleton(name string) string { return number.ReplaceAllString(name, "#") }

// naturally compares names with numbers in them by these: 2.weight is before 10.weight.
func naturally(a, b string) int {
	padded := func(name string) string {
		return number.ReplaceAllStringFunc(name, func(digits string) string { return fmt.Sprintf("%020s", digits) })
	}
	if c := strings.Compare(padded(a), padded(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}
