// Package sweep plans searches for good settings: which points to try, which runs
// these take, and which of them won. A [Driver] has the runs of a plan carried out, in
// shards and resumably, whatever they are for; it trains nothing itself, and leaves that
// to a [Runner].
//
// A point is selected by its mean validation score over the seeds. The test part
// is for the winner alone, once: all runs have the same, whatever their seeds.
package sweep
