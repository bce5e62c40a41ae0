package cli

import (
	"errors"
	"path/filepath"
	"strings"
)

// PNGFile is the value of a flag that names a picture to write.
type PNGFile string

func (p *PNGFile) String() string { return string(*p) }

// Type names the flag's value in the help.
func (p *PNGFile) Type() string { return "FILE" }

// Set refuses a name by which what is in the file would be taken for something else.
func (p *PNGFile) Set(text string) error {
	if !strings.EqualFold(filepath.Ext(text), ".png") {
		return errors.New("must be a name that ends in .png: pictures are PNG")
	}
	*p = PNGFile(text)
	return nil
}
