// Package report shows what became of training: curves by epoch, settling step by
// step, fits of a function, grids of images, and a [Page] with all of them in one
// HTML file. It returns pictures, which a notebook shows; [WritePNG] writes them.
// [Examine] looks at a trained network through examples.
package report
