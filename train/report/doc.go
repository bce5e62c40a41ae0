// Package report draws what became of training: curves by epoch, settling
// step by step, fits of a function, grids of images, and the graph of an energy. It
// returns pictures, which a notebook shows; [WritePNG] writes them.
package report
