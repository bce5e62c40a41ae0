// Package report draws what became of training: curves by epoch, fits of a
// function, and grids of images. It returns pictures; [WritePNG] writes them.
package report
