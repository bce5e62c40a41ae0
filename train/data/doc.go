// Package data holds what a network learns from: sets of examples in memory,
// readers for the files they come in, and the transforms that bring them to the
// scale a network likes.
//
// A [Set] comes from one of
//   - [Digits], handwritten digits that are built in,
//   - [Sine], the noisy sine, a regression small enough to plot,
//   - [IDX], a folder in the format of MNIST,
//   - [CIFAR10] and [CIFAR100], folders in the binary format of these,
//   - [CSV], a file of rows, as CSV or JSON lines,
//   - [Images], a folder of PNG or JPEG files for each class,
//   - [Read], any of these, and NumPy's NPZ and NPY files, by path,
//   - [NewClasses] and [NewRegression], slices of your own.
//
// [Rows] reads the same rows from a file or pipe without end, in constant memory. What
// the columns of a file become is a [Table]: it is found out by the rows that are learned
// from, and all others become inputs in the same way.
//
// Package fetch, below this one, downloads the sets that are known by name.
//
// [Split] cuts a set into parts for training, validation and testing.
// [Set.Gather] copies any examples of a set into the tensors of a batch:
//
//	digits, err := data.Digits()
//	if err != nil {
//		return err
//	}
//	inputs := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(64, digits.InputSize()))
//	targets := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(64, digits.TargetSize()))
//	err = digits.Gather(rows, inputs, targets) // rows names 64 examples
//
// An image is a row of height, width and channels, channels last, and its set knows
// this shape. [Set.WithAugmentation] varies training images as they are gathered by
// [Set.GatherAugmented].
//
// Images stay bytes in memory, so that the 60,000 of MNIST take 47 MB; they are
// scaled as a batch is gathered. [Set.Subset], [Set.Limit],
// [Set.WithTransforms] and [Split] share the storage of the set they start from.
// No function changes a set, and a set may be read from several goroutines.
//
// # Foreign files
//
// The readers expect files that are cut short, of another type or plainly lying.
// Such a file gives an error that names the file, the field, and what was
// expected there, and for a CSV file the line. Memory grows with the bytes that arrive and not with what a
// header promises, and a compressed file is unpacked no further than its header
// or a fixed bound allows. What a header promises is held against the size of the
// file before anything is made for it.
package data
