// Package train teaches a predictive coding network: batches, local updates,
// optimisers, evaluation.
//
// [Fit] takes any [Learner] through epochs of shuffled batches. [PCN] teaches a network by
// a rule of package rule: predictive coding, which settles a batch and applies the Hebbian
// update, or another of its family, or backpropagation, for comparison. All share data
// order, optimisers, schedules and evaluation, and so does a learner of the user's own.
//
// A batch passes, in a PCN:
//
//	Fit → PCN.Learn → rule.PC → model.Settle → graph.Machine → model.Hebbian → Optimizer
//
// A [Checkpoint] holds a run between two batches, from which Fit goes on to the
// same bits: an optimiser and a learner say what they remember by [Stateful].
//
// Package run keeps a training run in a folder, package trained uses the models that it
// leaves, package puzzle has them fill in what is missing, and package play shows them at work.
//
// Several processes teach one network by an [Exchange] in [Options]: each settles its part of
// a batch, and all come to the bits of one process alone.
//
// [Recipe] is all of a run as one value that reads and writes YAML; each
// dataset has a tuned one, and [OwnRecipe] makes one for a file or folder of one's
// own. Whatever goes by name in it, such as an optimiser ([RegisterOptimizer]), a schedule
// ([RegisterSchedule]), a rule (rule.Register) or an activation, may be the user's own:
// package model has all of these under "Adding your own".
package train
