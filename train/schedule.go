package train

import (
	"fmt"
	"math"

	"example.com/pcn/internal/registry"
)

// Schedule says how the learning rate changes as training goes on.
type Schedule interface {
	// String returns the name by which flags know it.
	String() string
	// Factor returns what the rate is multiplied by when done, 0 ≤ done < 1, of
	// all batches are behind.
	Factor(done float64) float64
}

var schedules = registry.New(map[string]func(done float64) float64{
	"constant": func(float64) float64 { return 1 },
	"cosine":   func(done float64) float64 { return (1 + math.Cos(math.Pi*done)) / 2 },
	"linear":   func(done float64) float64 { return 1 - done },
})

// RegisterSchedule makes a schedule known to [NewSchedule], and so to recipes, given its
// Factor.
func RegisterSchedule(name string, factor func(done float64) float64) error {
	if factor == nil {
		return fmt.Errorf("train: schedule %q: must have a factor, got none", name)
	}
	if err := schedules.Add(name, factor); err != nil {
		return fmt.Errorf("train: schedule: %w", err)
	}
	return nil
}

// Schedules returns the names that [NewSchedule] knows, sorted.
func Schedules() []string { return schedules.Names() }

// NewSchedule returns a schedule by name: constant; cosine, half a cosine from 1
// to 0 (Loshchilov and Hutter 2017, eq. 5); or linear, from 1 to 0.
func NewSchedule(name string) (Schedule, error) {
	factor, err := schedules.Parse(name)
	return schedule{name, factor}, err
}

type schedule struct {
	name   string
	factor func(float64) float64
}

func (s schedule) String() string              { return s.name }
func (s schedule) Factor(done float64) float64 { return s.factor(done) }
