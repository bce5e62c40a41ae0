// Package jsonfloat has floating point numbers that JSON can always hold.
package jsonfloat

import (
	"encoding/json"
	"math"
	"strconv"
)

// Float is a float64 that is written as null where it is not finite, and that
// null is read as NaN.
type Float float64

// MarshalJSON implements [json.Marshaler].
func (x Float) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(x), 'g', -1, 64), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (x *Float) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*x = Float(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(x))
}
