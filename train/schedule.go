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

var schedules = registry.New(map[string]func() Schedule{
	"constant": falling("constant", func(float64) float64 { return 1 }),
	"cosine":   falling("cosine", func(done float64) float64 { return (1 + math.Cos(math.Pi*done)) / 2 }),
	"linear":   falling("linear", func(done float64) float64 { return 1 - done }),
})

// RegisterSchedule makes a schedule known to [NewSchedule], and so to recipes, given its
// Factor.
func RegisterSchedule(name string, factor func(done float64) float64) error {
	if factor == nil {
		return fmt.Errorf("train: schedule %q: must have a factor, got none", name)
	}
	if err := schedules.Add(name, falling(name, factor)); err != nil {
		return fmt.Errorf("train: schedule: %w", err)
	}
	return nil
}

// Schedules returns the names that [NewSchedule] knows, sorted.
func Schedules() []string { return schedules.Names() }

// NewSchedule returns a schedule by name: constant; cosine, half a cosine from 1
// to 0 (Loshchilov and Hutter 2017, eq. 5); or linear, from 1 to 0. Behind the name may
// stand warmup=SHARE: over that share of training the rate rises from 0 in proportion, and
// the schedule takes the rest. A high rate is then borne from the first batch on, and few
// epochs come further (Smith and Topin 2019).
func NewSchedule(text string) (Schedule, error) { return registry.Make(schedules, text) }

type schedule struct {
	name   string
	factor func(float64) float64
	warmup float64
}

func falling(name string, factor func(done float64) float64) func() Schedule {
	return func() Schedule { return &schedule{name: name, factor: factor} }
}

func (s *schedule) String() string {
	if s.warmup == 0 {
		return s.name
	}
	return fmt.Sprintf("%s warmup=%v", s.name, s.warmup)
}

func (s *schedule) Factor(done float64) float64 {
	if done < s.warmup {
		return done / s.warmup
	}
	return s.factor((done - s.warmup) / (1 - s.warmup))
}

// Set gives a setting its value, as [NewSchedule] does.
func (s *schedule) Set(key, value string) error {
	return setNumber(key, value, map[string]*float64{"warmup": &s.warmup})
}
