// Package run keeps a training run in a folder: its settings, the model after each epoch,
// checkpoints, a line of metrics for each epoch, and a record of what was run on what and
// how it ended. A run that was cancelled, or whose process was killed, goes on from its last
// checkpoint and ends with the same bits as if it had never stopped.
//
//	r, err := run.Start("runs/sine", recipe)
//	history, err := r.Train(ctx, run.Options{})
//	r.Release()
//
//	r, err = run.Resume("runs/sine") // where ctx was cancelled
//
// One process at a time writes to a folder, of all machines that share it. [Open] and [List]
// read folders, also of runs under way.
package run
