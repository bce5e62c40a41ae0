package train

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/pcn/internal/ram"
)

// CheckSets checks that the network has the sizes that the data has at its ends, and fits
// in memory.
func (r Recipe) CheckSets(sets Sets) error {
	inputs, targets := sets.Train.InputSize(), sets.Train.TargetSize()
	input, target := r.Model.Ends()
	if _, err := r.Learning.ClassWeights.byClass(sets.Train); err != nil {
		return fmt.Errorf("learning.class_weights: %w", err)
	}
	if input == inputs && target == targets {
		if err := fitsImages(r.Model, sets.Train); err != nil {
			return err
		}
		return r.CheckMemory(sets.Train.Len())
	}
	what := "targets"
	if sets.Train.Classes > 0 {
		what = "classes"
	}
	if !r.Model.Chain() {
		return fmt.Errorf("input and target: must have %d and %d units for the %d inputs and %d %s of %s, got %d and %d", inputs, targets, inputs, targets, what, sets.Train.Name, input, target)
	}
	sizes := make([]string, len(r.Model.Layers))
	for i, size := range r.Model.Layers {
		sizes[i] = strconv.Itoa(size)
	}
	return fmt.Errorf("layers: must be %d,...,%d for the %d inputs and %d %s of %s, got %s",
		inputs, targets, inputs, targets, what, sets.Train.Name, strings.Join(sizes, ","))
}

// CheckMemory returns an error when learning from that many examples takes more memory
// than there is. It counts about the least: what it takes to settle a batch, the
// parameters, packed in two ways for products, and their update; what the optimiser
// remembers; a checkpoint's copies; and with patience the best parameters.
func (r Recipe) CheckMemory(examples int) error {
	parameters, settling := r.Model.Bytes(r.Inference, min(r.Learning.Batch, examples))
	copies := 5.0
	switch name, _, _ := strings.Cut(r.optimizer(), " "); name {
	case "momentum":
		copies += 2
	case "adam", "adamw":
		copies += 4
	}
	if r.Learning.Patience > 0 {
		copies++
	}
	return ram.Check("model.layers", copies*parameters+settling)
}
