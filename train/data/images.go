package data

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/internal/pool"
	"example.com/pcn/internal/quoted"
)

// Images reads a folder that holds a folder of PNG or JPEG files for each class,
// named after the class. The classes are in the order of their names, by value
// when all are numbers, or those of classes when it is not empty; the examples
// are in the order of the files' names. Pixels are bytes, which the transform maps to
// [0, 1], and are what form says; images stand upright as their EXIF says, and what is transparent is black. Files whose names begin
// with a dot are passed over; anything else that is not an image, or is an animation,
// is an error that names it.
func Images(dir string, classes []string, form ImageForm) (*Set, error) {
	folders, err := visible(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range folders {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("data: %s: must be a folder of images, one for each class, got a file", filepath.Join(dir, f))
		}
		if len(classes) > 0 && !slices.Contains(classes, f) {
			return nil, fmt.Errorf("data: %s: class: must be one of %s, got %q", dir, quoted.List(classes), f)
		}
		names = append(names, f)
	}
	sortTexts(names)
	if len(classes) == 0 {
		if len(names) < 2 || len(names) > maxClasses {
			return nil, fmt.Errorf("data: %s: must have a folder of images for each of 2 to %d classes, got %d", dir, maxClasses, len(names))
		}
		classes = names
	}
	r := &imageReader{set: &Set{Name: folderName(dir), White: 255}, form: form}
	for _, name := range names {
		if err := r.readClass(filepath.Join(dir, name), slices.Index(classes, name)); err != nil {
			return nil, err
		}
	}
	s := r.set
	if s.n == 0 {
		return nil, fmt.Errorf("data: %s: no images", dir)
	}
	s.nameClasses(classes)
	s.inputs.width = s.Shape[0] * s.Shape[1] * s.Shape[2]
	r.remark()
	return s.WithTransforms(PixelRange(0, 1, s.White), Transform{}), nil
}

// visible returns the names of what a folder holds, in order, without those that
// begin with a dot.
func visible(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// imageReader reads the images of a folder into a set.
type imageReader struct {
	set  *Set
	form ImageForm

	coloured    string // the first image with colours, where neither these nor grey were asked for
	transparent string // the first that is not opaque
	turned      int    // upright, as their EXIF says
	resized     int
	squeezed    int // resized to another ratio of the sides
}

// readClass adds the images of a class, which are read on all cores.
func (r *imageReader) readClass(dir string, class int) error {
	files, err := filesIn(dir)
	if err != nil {
		return err
	}
	cores := runtime.GOMAXPROCS(0)
	for paths := range slices.Chunk(files, 2*cores) {
		pictures, errs := make([]*picture, len(paths)), make([]error, len(paths))
		pool.Each(cores, len(paths), func(i int) { pictures[i], errs[i] = readPicture(paths[i], r.form.Size) })
		for i, path := range paths {
			err := errs[i]
			if err == nil {
				err = r.add(path, pictures[i])
			}
			if err != nil {
				return fmt.Errorf("data: %s: %w", path, err)
			}
			r.set.labels = append(r.set.labels, class)
		}
	}
	return nil
}

// add adds an image, and makes the set one of colours at the first that has them.
func (r *imageReader) add(path string, p *picture) error {
	s := r.set
	size := p.pixels.Rect.Size()
	if s.n == 0 {
		s.Shape = []int{size.Y, size.X, r.form.Colour.channels()}
	}
	if size != image.Pt(s.Shape[1], s.Shape[0]) {
		return fmt.Errorf("must have %d×%d pixels as the images before it, got %d×%d: give a size to resize all to", s.Shape[1], s.Shape[0], size.X, size.Y)
	}
	if p.turned {
		r.turned++
	}
	if p.was != size {
		r.resized++
		if p.was.X*size.Y != p.was.Y*size.X {
			r.squeezed++
		}
	}
	if r.transparent == "" && !p.pixels.Opaque() {
		r.transparent = path
	}
	if r.form.Colour == "" && r.coloured == "" && p.hasColours() {
		r.coloured, s.Shape[2] = path, 3
		grey := s.inputs.bytes
		s.inputs.bytes = make([]byte, 0, 3*len(grey))
		for _, x := range grey {
			s.inputs.bytes = append(s.inputs.bytes, x, x, x)
		}
	}
	s.inputs.bytes = p.append(s.inputs.bytes, s.Shape[2])
	s.n++
	return nil
}

// remark notes what was done to images that nobody asked for.
func (r *imageReader) remark() {
	note := func(format string, args ...any) {
		r.set.remarks = append(r.set.remarks, fmt.Sprintf(format, args...))
	}
	if r.coloured != "" {
		note("%s has colours: images are taken in red, green and blue (rgb), and not in shades of grey", r.coloured)
	}
	if r.transparent != "" {
		note("%s is transparent in parts: these are black", r.transparent)
	}
	if r.turned > 0 {
		note("%s of %d turned upright, as EXIF says in the files", plural.Of(r.turned, "image"), r.set.n)
	}
	if r.resized > 0 {
		note("%s of %d resized to %d×%d pixels, %d of them to another ratio of the sides", plural.Of(r.resized, "image"), r.set.n, r.set.Shape[1], r.set.Shape[0], r.squeezed)
	}
}
