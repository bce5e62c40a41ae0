package trained

import (
	"fmt"
	"image"
	"slices"

	"gorgonia.org/tensor"

	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/report"
)

// Wanted are targets to generate inputs for, and how a picture of these is laid out.
type Wanted struct {
	Targets *tensor.Dense // (B, k)
	Classes []int         // of each row of the targets; nil from one class to another
	Columns int           // rows of the targets that make a row of the picture
	Names   []string      // above its first images
	Rows    []string      // beside its rows
}

// OfClasses wants so many samples of each of some classes.
func (m *Model) OfClasses(classes []int, samples int) (w Wanted, err error) {
	var names []string
	for _, k := range classes {
		w.Classes = append(w.Classes, slices.Repeat([]int{k}, samples)...)
		names = append(names, fmt.Sprint(m.Class(k)))
	}
	if w.Columns = samples; samples == 1 {
		w.Columns, w.Names = (len(classes)+1)/2, names
	} else {
		w.Rows = names
		for i := range samples {
			w.Names = append(w.Names, fmt.Sprint(i+1))
		}
	}
	w.Targets, err = m.Network.OneHot(w.Classes)
	return w, err
}

// Between wants to go from one class to another in so many steps, two at least.
func (m *Model) Between(from, to, steps int) (w Wanted, err error) {
	if steps < 2 {
		return w, fmt.Errorf("trained: between: must be 2 steps or more, got %d", steps)
	}
	k := m.Network.Size(m.Network.TargetNode())
	numbers := make([]float64, steps*k)
	for i := range steps {
		share := float64(i) / float64(steps-1)
		numbers[i*k+from] += 1 - share
		numbers[i*k+to] += share
		w.Names = append(w.Names, fmt.Sprintf("%.0f %%", 100*share))
	}
	w.Rows, w.Columns = []string{fmt.Sprintf("%v to %v", m.Class(from), m.Class(to))}, steps
	w.Targets, err = data.Transform{}.Tensor(m.Network.Config().Dtype.Tensor(), numbers, k)
	return w, err
}

// Picture draws what was generated for w, raw images of the shape that m has.
func (m *Model) Picture(w Wanted, inputs *tensor.Dense) (image.Image, error) {
	images, shape := model.Rows(inputs), m.Shape()
	if shape == nil {
		return nil, fmt.Errorf("%s: must have inputs that are images", m.Path)
	}
	low, high := m.PixelRange(images)
	return report.Grid{Images: images, Width: shape[1], Height: shape[0], Columns: w.Columns, Low: low, High: high, Names: w.Names, Rows: w.Rows}.Draw()
}
