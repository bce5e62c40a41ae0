// Package sweep plans searches for good settings: which points to try, which runs
// these take, and which of them won. It trains nothing itself: [Each] calls a
// function for each run.
//
// A point is selected by its mean validation score over the seeds. The test part
// is for the winner alone, once: all runs have the same, whatever their seeds.
package sweep
