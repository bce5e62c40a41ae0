package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// Fingerprint tells the examples of a set from others.
type Fingerprint struct {
	Examples int `json:"examples"`
	// SHA256 is the hash, in hexadecimal, of the shape of images, and of the raw inputs
	// and targets in their order, with classes by their names; empty where there are no
	// examples.
	SHA256 string `json:"sha256,omitempty"`
}

// Fingerprint returns the fingerprint of the examples of s, which may be nil.
// Transforms, and what else the storage that s shares with other sets holds, do
// not change it.
func (s *Set) Fingerprint() Fingerprint {
	if s == nil || s.Len() == 0 {
		return Fingerprint{}
	}
	hash := sha256.New()
	var row []byte
	for _, size := range s.Shape {
		row = binary.AppendUvarint(row, uint64(size))
	}
	hash.Write(row)
	for i := range s.Len() {
		r := s.row(i)
		row = s.inputs.appendRow(row[:0], r)
		if s.labels == nil {
			row = s.targets.appendRow(row, r)
		} else {
			name := s.ClassName(s.labels[r])
			row = append(binary.AppendUvarint(row, uint64(len(name))), name...)
		}
		hash.Write(row)
	}
	return Fingerprint{Examples: s.Len(), SHA256: hex.EncodeToString(hash.Sum(nil))}
}

// appendRow appends row i to b: as bytes where all its values are whole numbers
// 0..255, else as float64, however v holds it.
func (v *values) appendRow(b []byte, i int) []byte {
	if v.floats == nil {
		return append(append(b, 1), v.bytes[i*v.width:(i+1)*v.width]...)
	}
	row := v.floats[i*v.width : (i+1)*v.width]
	start := len(b)
	b = append(b, 1)
	for _, x := range row {
		k := byte(x)
		if !(x >= 0 && x <= 255) || float64(k) != x {
			b = append(b[:start], 8)
			for _, x := range row {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
			}
			return b
		}
		b = append(b, k)
	}
	return b
}
