package data

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// AreImages reports whether a path is a folder, or names a PNG or JPEG file: what
// [NewImageRows] reads.
func AreImages(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || slices.Contains(imageExtensions, strings.ToLower(filepath.Ext(path)))
}

// NewImageRows returns the images of a folder, in the order of the files' names, or one
// file of an image, as rows: of o.Shape, to which they are resized, which is noted where
// o.Form does not say so. Where rows have a class it is a folder with a folder of images for
// each of o.Classes that there are. Files whose names begin with a dot are passed over.
func NewImageRows(path string, o RowOptions) (*Rows, error) {
	switch {
	case o.Shape == nil:
		return nil, fmt.Errorf("data: %s: must be rows of numbers, since inputs are no images", path)
	case o.Outputs > 0 && !o.classes():
		return nil, fmt.Errorf("data: %s: must be rows of numbers, since images have no targets", path)
	}
	if o.Format == "" {
		o.Format = FormatCSV
	}
	r := &Rows{name: path, images: []string{path}, opts: o}
	var err error
	info, err := os.Stat(path)
	switch {
	case err != nil:
		err = fmt.Errorf("data: %w", err)
	case o.Outputs > 0:
		err = r.findClasses()
	case info.IsDir():
		r.images, err = filesIn(path)
	}
	if err == nil && len(r.images) == 0 {
		err = fmt.Errorf("data: %s: must hold images, got none", path)
	}
	return r, err
}

// findClasses finds the images of each class.
func (r *Rows) findClasses() error {
	folders, err := filesIn(r.name)
	if err != nil {
		return err
	}
	r.images = nil
	known := newClasses(r.opts.Classes)
	for _, folder := range folders {
		class, err := known.find(filepath.Base(folder))
		if err != nil {
			return fmt.Errorf("data: %s: %w", folder, err)
		}
		images, err := filesIn(folder)
		if err != nil {
			return err
		}
		r.images = append(r.images, images...)
		r.labels = append(r.labels, slices.Repeat([]int{class}, len(images))...)
	}
	return nil
}

// filesIn returns the paths of what a folder holds, as visible does the names.
func filesIn(dir string) ([]string, error) {
	paths, err := visible(dir)
	for i, name := range paths {
		paths[i] = filepath.Join(dir, name)
	}
	return paths, err
}

// Images returns the files of the rows, nil where they are rows of numbers. The slice is
// the rows' own and must not be changed.
func (r *Rows) Images() []string { return r.images }

// readImages adds all images to b, and sends it when it is full.
func (r *Rows) readImages(ctx context.Context, b *Batch, send func()) error {
	shape, noted := r.opts.Shape, false
	for i, path := range r.images {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p, err := readPicture(path, Size{Width: shape[1], Height: shape[0]})
		if err != nil {
			send()
			if rel, of := strings.CutPrefix(path, filepath.Clean(r.name)+string(filepath.Separator)); of {
				err = fmt.Errorf("%s: %w", rel, err)
			}
			return err
		}
		if was := p.was; was != p.pixels.Rect.Size() && r.opts.Form.Size == (Size{}) && r.opts.Note != nil && !noted {
			noted = true
			r.opts.Note(fmt.Sprintf("images are resized to the %d×%d pixels of the inputs: %s has %d×%d", shape[1], shape[0], filepath.Base(path), was.X, was.Y))
		}
		for _, x := range p.append(nil, shape[2]) {
			b.Inputs = append(b.Inputs, float64(x)*r.opts.White/255)
		}
		if r.labels != nil {
			b.Labels = append(b.Labels, r.labels[i])
		}
		if b.N++; b.N == rowsAtOnce {
			send()
		}
	}
	send()
	return io.EOF
}
