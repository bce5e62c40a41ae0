package data

import (
	"bytes"
	_ "embed"
)

//go:embed digits.csv.gz
var digitsFile []byte

// Digits returns the 1,797 handwritten digits of 8×8 pixels that make up the
// test part of UCI's Optical Recognition of Handwritten Digits (E. Alpaydin and
// C. Kaynak, 1998, CC BY 4.0, https://doi.org/10.24432/C50P49): 10 classes,
// pixels 0..16, which the set's transform maps to [0, 1]. They are built in, in
// the order of the original file; [Split] them to train and test.
func Digits() (*Set, error) {
	s, err := ReadCSV(bytes.NewReader(digitsFile), "digits", Columns{Label: "65", Table: numbers(64)})
	if err != nil {
		return nil, err
	}
	s.Shape, s.White, s.table, s.places = []int{8, 8, 1}, 16, nil, nil // images, and no columns or rows
	return s.WithTransforms(PixelRange(0, 1, s.White), Transform{}), nil
}
