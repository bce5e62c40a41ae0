// Package jsonfloat has floating point numbers that JSON can always hold.
package jsonfloat

import (
	"encoding/json"
	"math"
	"reflect"
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

// Marshal returns the JSON of v, a struct, with every float in it as a Float.
func Marshal(v any) ([]byte, error) {
	from := reflect.ValueOf(v)
	to := reflect.New(twin(from.Type())).Elem()
	convert(to, from)
	return json.Marshal(to.Interface())
}

// Unmarshal reads into v, a pointer to a struct, what Marshal wrote.
func Unmarshal(text []byte, v any) error {
	into := reflect.ValueOf(v).Elem()
	from := reflect.New(twin(into.Type())).Elem()
	if err := json.Unmarshal(text, from.Addr().Interface()); err != nil {
		return err
	}
	convert(into, from)
	return nil
}

// twin returns the type that is like t, with Floats for its floats.
func twin(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Float64:
		return reflect.TypeFor[Float]()
	case reflect.Pointer:
		return reflect.PointerTo(twin(t.Elem()))
	case reflect.Slice:
		return reflect.SliceOf(twin(t.Elem()))
	case reflect.Struct:
		var fields []reflect.StructField
		for i := range t.NumField() {
			f := t.Field(i)
			f.Type = twin(f.Type)
			fields = append(fields, f)
		}
		return reflect.StructOf(fields)
	}
	return t
}

// convert sets to to from, of a type and its twin.
func convert(to, from reflect.Value) {
	switch {
	case from.Kind() == reflect.Float64:
		to.SetFloat(from.Float())
	case from.Kind() == reflect.Pointer && !from.IsNil():
		to.Set(reflect.New(to.Type().Elem()))
		convert(to.Elem(), from.Elem())
	case from.Kind() == reflect.Slice && !from.IsNil():
		to.Set(reflect.MakeSlice(to.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			convert(to.Index(i), from.Index(i))
		}
	case from.Kind() == reflect.Struct:
		for i := range from.NumField() {
			convert(to.Field(i), from.Field(i))
		}
	case from.Type() == to.Type():
		to.Set(from)
	}
}
