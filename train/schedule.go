package train

import (
	"fmt"
	"math"
	"strings"
)

// Schedule says how the learning rate changes as training goes on.
type Schedule interface {
	// String returns the name by which flags know it.
	String() string
	// Factor returns what the rate is multiplied by when done, 0 ≤ done < 1, of
	// all batches are behind.
	Factor(done float64) float64
}

// Schedules are the names that [NewSchedule] knows.
var Schedules = []string{"constant", "cosine", "linear"}

// NewSchedule returns a schedule by name: constant; cosine, half a cosine from 1
// to 0 (Loshchilov and Hutter 2017, eq. 5); or linear, from 1 to 0.
func NewSchedule(name string) (Schedule, error) {
	switch name {
	case "constant":
		return schedule{name, func(float64) float64 { return 1 }}, nil
	case "cosine":
		return schedule{name, func(done float64) float64 { return (1 + math.Cos(math.Pi*done)) / 2 }}, nil
	case "linear":
		return schedule{name, func(done float64) float64 { return 1 - done }}, nil
	}
	return nil, fmt.Errorf("must be one of %s, got %q", strings.Join(Schedules, ", "), name)
}

type schedule struct {
	name   string
	factor func(float64) float64
}

func (s schedule) String() string              { return s.name }
func (s schedule) Factor(done float64) float64 { return s.factor(done) }
