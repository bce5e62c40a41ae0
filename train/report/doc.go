// Package report shows what became of training: curves by epoch and by step, fits
// of a function, grids of images, and a [Page] with all of them in one HTML file.
// [Examine] looks at a trained network through examples.
package report
