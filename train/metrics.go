package train

import "example.com/pcn/internal/jsonfloat"

// MarshalJSON writes what is no finite number as null.
func (e Epoch) MarshalJSON() ([]byte, error) { return jsonfloat.Marshal(e) }

// UnmarshalJSON reads null as NaN.
func (e *Epoch) UnmarshalJSON(text []byte) error { return jsonfloat.Unmarshal(text, e) }

// MarshalJSON writes what is no finite number as null.
func (s Score) MarshalJSON() ([]byte, error) { return jsonfloat.Marshal(s) }

// UnmarshalJSON reads null as NaN.
func (s *Score) UnmarshalJSON(text []byte) error { return jsonfloat.Unmarshal(text, s) }
