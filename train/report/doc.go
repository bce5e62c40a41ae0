// Package report draws what became of training: curves by epoch, settling
// step by step, fits of a function, and grids of images. It returns pictures, which
// a notebook shows; [WritePNG] writes them.
package report
