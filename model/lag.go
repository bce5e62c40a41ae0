package model

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Lag is how far weights may move, as a share of their norm, before what a method divides
// by is made of them anew: see [Inference.Lag]. The zero value is the default there. Its
// text is a number, or default.
type Lag struct {
	Share float64 // at least 0, which is after each change
	Given bool    // false is for the default, whatever Share is
}

// LagOf returns a lag of that share.
func LagOf(share float64) Lag { return Lag{Share: share, Given: true} }

const defaultLag = "default"

// String returns the number, or default.
func (l Lag) String() string {
	if !l.Given {
		return defaultLag
	}
	return strconv.FormatFloat(l.Share, 'g', -1, 64)
}

// IsZero reports whether it is the default, which files leave out.
func (l Lag) IsZero() bool { return !l.Given }

// MarshalYAML returns the number. The default is left out.
func (l Lag) MarshalYAML() (any, error) { return l.Share, nil }

// MarshalJSON returns the number. The default is left out.
func (l Lag) MarshalJSON() ([]byte, error) { return json.Marshal(l.Share) }

// UnmarshalJSON takes a number >= 0.
func (l *Lag) UnmarshalJSON(b []byte) error { return l.UnmarshalText(b) }

// UnmarshalText takes a number >= 0, or default.
func (l *Lag) UnmarshalText(b []byte) error {
	if string(b) == defaultLag {
		*l = Lag{}
		return nil
	}
	share, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("must be a number >= 0, or %s, got %q", defaultLag, b)
	}
	*l = LagOf(share)
	return l.check()
}

func (l Lag) check() error {
	if !(l.Share >= 0) || math.IsInf(l.Share, 0) {
		return fmt.Errorf("must be a number >= 0, or %s, got %v", defaultLag, l.Share)
	}
	return nil
}

// MostLag returns the share of Lag, or the default where none is given.
func (inf Inference) MostLag() float64 {
	switch {
	case inf.Lag.Given:
		return inf.Lag.Share
	case inf.Steps == 1:
		return 0.1
	}
	return 0
}
