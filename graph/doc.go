// Package graph builds the energy of a predictive coding network as a
// Gorgonia expression graph, differentiates it by the free latents alone, and
// runs it.
//
// # The energy
//
// A network is a graph of nodes and predictions. A [Node] holds a latent v of shape
// (B, d), one example a row. A [Prediction] of a node is a sum over edges, and an [Edge]
// is a frozen linear map of a feature of other nodes:
//
//	μ = g( Σ_e a_e M_e(θ_e) ψ_e(v_from) + b )    prediction, (B, d)
//	ε = v − μ                                    error,      (B, d)
//	E = Σ ½ w Π ‖ε‖²                             energy, over predictions and the batch
//
// ψ has no parameters (package feature), M is linear (package linear), and g, Prediction.After,
// is the identity unless the latent is meant to be behind the nonlinearity. Π is the precision
// and w the weight of the term, 1 where none is given. A node may be predicted several
// times, by nodes that it predicts too, or not at all. [Chain] is the usual network of
// dense layers; its energy is that of Rao and Ballard (1999) in the notation of
// Whittington and Bogacz (2017), eq. 2.3. A node may have another form of energy, for
// classes or outliers: see [NodeEnergy]. An activity prior adds ½ α ‖v‖², and [OwnTerm]
// whatever a user wants.
//
// [Spec] says all that; [Spec.Wire] checks it and puts it into order: predictions by the
// node that they are of, edges by their source, so that no sum depends on how it was written.
// Slices by node and by prediction have that order throughout. Errors name the node or the
// prediction, and the field.
//
// [Build] writes it down from a handful of operations, each a gorgonia.Op that
// knows its symbolic derivative. A clamped node is data; the others are free,
// and [gorgonia.Grad] is taken by the free latents only. That parameters are
// frozen is a property of the operations: they declare themselves not
// differentiable by one, so no weight gradient is ever built. What a weight's Hebbian
// update needs stands in the graph all the same: δ = −∂E/∂(Σ…) of each prediction, and ψ
// of each edge (see [Term]).
//
// Where nodes predict each other in a circle the energy and its gradient are as of any other
// network. Only where an order is needed, to begin from predictions or to move errors, is it
// that of Wiring.Order, in which edges that are declared feedback do not count.
//
// # Steps
//
// Frozen weights have a curvature that a batch need not compute again. A Spec may ask for
// steps beside the gradients ([StepForm]): the gradient times the inverse of a node's own
// curvature, or of a chain's, or the gradient by errors in place of latents. Where all errors
// but the targets' are 0, as at the start, the last are backpropagation's errors (see
// [Machine.Pulled]). By a node's own curvature, gradients may have noise of that covariance, with
// which latents are sampled (see [Shard.Noise]).
//
// # The machine
//
// The graph runs on Gorgonia's own TapeMachine through each operation's plain
// Do, which is the readable reference. [Compile] lowers the same graph to a
// [Machine], which implements gorgonia.VM and gives the same values, faster.
// It sorts the work by how often its inputs change:
//
//   - weights: what depends on parameters alone, done by [Machine.Freeze];
//   - batch: what also depends on a clamped node, done by the first [Machine.Each] after a Load;
//   - step: what depends on a free latent, done by a [Shard]'s methods.
//
// Each list of the work is made when the machine is compiled, of kernels: functions that
// compute one value for some rows. A batch is cut into shards of [Machine.ShardRows] rows. A
// shard settles on its own, from the first step to the last, without waiting for another, and
// what is summed over the batch is summed in the order of the shards: the result is the
// same, to the bit, on any number of cores.
//
// # In which order to call
//
// A machine belongs to one goroutine at a time: Freeze, where parameters have changed, then
// Load, then Each, as often as wished. A shard's methods are called by the goroutine that
// Each gives it to. There,
//
//  1. latents are set: by [Shard.Predict], node by node in the order of Wiring.Order, or by
//     writing to [Shard.Latent];
//  2. [Shard.Look] computes the energies. Where all free latents are at their predictions
//     [Shard.Begin] does, with less work, and right behind Errors [Shard.LookOn];
//  3. each pass takes all turns of Options.Turns in their order: [Shard.Turn] computes the
//     gradients and steps of the turn's nodes, which then move, and no others. The turns of
//     the first pass behind a look are told that it is the first. Looks may come between
//     passes, and have to where latents have been set from elsewhere;
//  4. [Shard.Errors] computes what the Hebbian update reads.
//
// A turn computes nothing that the calls before it have left fresh, which is found out when
// the machine is compiled: so no turn may be left out, also where its nodes stay, and a call
// out of this order is no error, but gives values that are out of date.
//
// [Shard.Gradients], [Shard.Evaluate], [Shard.Errors] and [Shard.Features] compute all that
// they name from the latents as they are, at any time. [Shard.Steps] goes on from the
// gradients, and [Shard.MoveErrors] from the steps. [Shard.Backprop] and [Shard.Fix] stand in
// place of Begin, where all free latents are at their predictions, and [Shard.PullFixedStep]
// and [Shard.PullFixed] go on from Fix.
package graph
