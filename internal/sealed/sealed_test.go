package sealed

import (
	"bytes"
	"encoding/json"
	"testing"
)

type thing struct {
	Name string  `json:"name"`
	X    float64 `json:"x"`
}

// TestEveryBit flips each bit of an object, and cuts it everywhere: it is refused,
// or reads as what was written.
func TestEveryBit(t *testing.T) {
	want := thing{`a "name", <b>`, 0.1}
	text, err := Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	for _, text := range [][]byte{text, pretty.Bytes()} {
		var got thing
		if err := Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("got %v, %v", got, err)
		}
		for i := range 8 * len(text) {
			damaged := bytes.Clone(text)
			damaged[i/8] ^= 1 << (i % 8)
			var got thing
			if err := Unmarshal(damaged, &got); err == nil && got != want {
				t.Errorf("bit %d: read as %v: %s", i, got, damaged)
			}
		}
		for n := range text {
			if err := Unmarshal(text[:n], new(thing)); err == nil && n < len(text)-1 {
				t.Errorf("cut to %d bytes it was read", n)
			}
		}
	}
	if err := Unmarshal([]byte(`{"name":"a"}`), new(thing)); err == nil {
		t.Error("an object without a hash was read")
	}
}
