package jsonfloat

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type names []string

type inner struct {
	X float64 `json:"x"`
}

type record struct {
	N     int       `json:"n"`
	X     float64   `json:"x"`
	List  []float64 `json:"list,omitempty"`
	Given *float64  `json:"given,omitempty"`
	In    *inner    `json:"in,omitempty"`
	Names names     `json:"names,omitempty"`
}

// TestMarshal writes and reads records with what JSON has no numbers for.
func TestMarshal(t *testing.T) {
	nan, x := math.NaN(), 0.5
	for want, of := range map[string]record{
		`{"n":0,"x":0}`: {},
		`{"n":1,"x":null,"list":[1.5,null],"given":0.5,"in":{"x":null},"names":["a"]}`: {1, nan, []float64{1.5, nan}, &x, &inner{nan}, names{"a"}},
	} {
		text, err := Marshal(of)
		if err != nil || string(text) != want {
			t.Fatalf("got %s, %v, want %s", text, err, want)
		}
		var back record
		if err := Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(of, back, cmpopts.EquateNaNs()); diff != "" {
			t.Error(diff)
		}
	}
	if text, err := Marshal(record{X: math.Inf(-1)}); err != nil || string(text) != `{"n":0,"x":null}` {
		t.Errorf("got %s, %v", text, err)
	}
	if err := Unmarshal([]byte(`{"x":"no"}`), &record{}); err == nil {
		t.Error("a text was read as a number")
	}
}
