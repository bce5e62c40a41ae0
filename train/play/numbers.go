package play

import (
	"encoding/json"
	"math"
	"strconv"

	"example.com/pcn/internal/jsonfloat"
)

// numbers are written with as many digits as a picture needs, and as null where they are
// not finite; null is read as NaN.
type numbers []float64

// MarshalJSON implements [json.Marshaler].
func (x numbers) MarshalJSON() ([]byte, error) {
	if x == nil {
		return []byte("null"), nil
	}
	b := append(make([]byte, 0, 9*len(x)+2), '[')
	for i, v := range x {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, v, 'g', 6, 64)
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (x *numbers) UnmarshalJSON(text []byte) error {
	var read []jsonfloat.Float
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*x = nil
	for _, v := range read {
		*x = append(*x, float64(v))
	}
	return nil
}
