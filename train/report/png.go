package report

import (
	"fmt"
	"image"
	"image/png"
	"io"

	"example.com/pcn/internal/atomicfile"
)

// WritePNG writes a picture to path. The file is written beside path and
// renamed, so that path is never half a file.
func WritePNG(path string, img image.Image) error {
	if img == nil {
		return fmt.Errorf("report: %s: must have a picture, got none", path)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, img) })
}
