package main

import (
	"errors"
	"path/filepath"
	"strings"
)

// pngFile is the value of a flag that names a picture to write.
type pngFile string

func (p *pngFile) String() string { return string(*p) }

// Type names the flag's value in the help.
func (p *pngFile) Type() string { return "FILE" }

// Set refuses a name by which what is in the file would be taken for something else.
func (p *pngFile) Set(text string) error {
	if !strings.EqualFold(filepath.Ext(text), ".png") {
		return errors.New("must be a name that ends in .png: pictures are PNG")
	}
	*p = pngFile(text)
	return nil
}
