// Package sweep plans searches for good settings: which points to try, which runs
// these take, and which of them won. A [Driver] carries out the runs of a plan, in
// shards and resumably, whatever they are for.
//
// A point is selected by its mean validation score over the seeds. The test part
// is for the winner alone, once: all runs have the same, whatever their seeds.
package sweep
