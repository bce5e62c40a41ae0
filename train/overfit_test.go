package train

import (
	"strings"
	"testing"

	"example.com/pcn/model"
)

// TestOverfits teaches a few noisy points of a sine: after many epochs also their noise, after
// few not yet.
func TestOverfits(t *testing.T) {
	r := recipe(t, "sine", model.Discriminative, "", 1)
	r.Data.Limit, r.Data.Validation, r.Learning.Batch, r.Learning.Rate = 60, 40, 10, 0.01
	for epochs, want := range map[int]bool{3: false, 1500: true} {
		r.Learning.Epochs = epochs
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		h, err := Fit(t.Context(), l, r.Learning, sets.Train, sets.Validation, Options{})
		must(t, err)
		if got := h.Overfits(); strings.HasPrefix(got, "the network overfits: ") != want {
			t.Errorf("%d epochs, best %d of loss %v, last %v: %q", epochs, h.Best, h.Epochs[h.Best-1].Validation, h.Epochs[epochs-1].Validation, got)
		}
	}
	if got := (&History{}).Overfits(); got != "" {
		t.Errorf("got %q of nothing", got)
	}
}
