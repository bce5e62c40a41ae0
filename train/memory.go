package train

import (
	"strings"

	"example.com/pcn/internal/ram"
)

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
